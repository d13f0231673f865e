#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "train/ops/quantize.hpp"

namespace autonba {

/// What a forward pass is for.
enum class Mode {
  weights,  // batch statistics, running averages follow, quantisers start and (minmax) follow; parameters get gradient
  arch,     // batch statistics; no state changes and no parameter gets gradient
  evaluation,  // running statistics; no state changes and no parameter gets gradient
};

enum class QuantizerKind {
  lsq,     // learned steps, one for each bitwidth (Esser et al., Learned step size quantization, ICLR 2020)
  minmax,  // step = largest magnitude of the data at hand / largest integer; a moving average of it at evaluation
  none,    // floats stay as they are: to see what quantisation costs
};

/// No step is ever below this.
inline constexpr double step_floor = 1e-8;

/// Quantiser of a map at J bitwidths, a step for each. Zero point 0.
struct ActivationQuantizer {
  std::string name;  // "block3.input"
  QuantizerKind kind = QuantizerKind::lsq;
  std::vector<QuantRange> ranges;  // J of them; with `none`, no range at all
  torch::Tensor steps;             // lsq: [J], trainable; else undefined
  torch::Tensor magnitude;         // minmax: [1], moving average of the batch's mean of each image's largest |x|
  bool started = false;            // whether a weight step has set `steps` or `magnitude`
};

/// Quantiser of weights at J bitwidths: symmetric, with a step for each bitwidth and output channel, or one for each
/// bitwidth. minmax takes the weights at hand and keeps nothing.
struct WeightQuantizer {
  QuantizerKind kind = QuantizerKind::lsq;
  std::vector<QuantRange> ranges;  // J of them
  torch::Tensor steps;             // lsq: [J, C_out] or [J, 1], trainable; else undefined
  bool per_channel = true;
};

ActivationQuantizer make_activation_quantizer(std::string name, QuantizerKind kind, const std::vector<int>& bits,
                                              bool is_signed, const torch::TensorOptions& options);

/// Its steps start at 2·mean|w|/√q_max of `weight` [C_out, …].
WeightQuantizer make_weight_quantizer(QuantizerKind kind, const std::vector<int>& bits, bool per_channel,
                                      const torch::Tensor& weight);

/// The steps of a quantiser whose weights were set anew.
void start_steps(WeightQuantizer& quantizer, const torch::Tensor& weight);

/// How to quantise a map in a step of `mode` with bit coefficients [J]. `map` gives the map before quantisation; it is
/// called (without autograd) only where the steps depend on it: always for minmax outside evaluation, and once for lsq,
/// whose steps start at 2·mean|x|/√q_max of the map that the first weight step brings. A quantiser that has not started
/// uses the start values of the map at hand in the other modes, and keeps nothing.
Mixture mixture(ActivationQuantizer& quantizer, const torch::Tensor& coefficients, Mode mode,
                const std::function<torch::Tensor()>& map);

/// Quantised `weight`, mixed with bit coefficients [J]. In Mode::weights the weight and its steps get gradient.
torch::Tensor mixed_weight(const WeightQuantizer& quantizer, const torch::Tensor& weight,
                           const torch::Tensor& coefficients, Mode mode);

}  // namespace autonba
