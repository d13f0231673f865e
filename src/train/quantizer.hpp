#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace autonba {

enum class QuantizerKind {
  lsq,     // learned steps, one for each bitwidth (Esser et al., ICLR 2020)
  minmax,  // step = largest magnitude / q_max of the data at hand; a moving average of it at evaluation
};

/// "lsq", "minmax".
std::string name(QuantizerKind kind);

/// No step is ever below this.
inline constexpr double step_floor = 1e-8;

/// Quantiser of a map, one step for each of J bitwidths, zero point 0. Signed integers lie in
/// [-2^(bits-1), 2^(bits-1) - 1], unsigned ones in [0, 2^bits - 1].
struct ActivationQuantizer {
  std::string name;  // "block3.k3_e6.expand.output"
  QuantizerKind kind = QuantizerKind::lsq;
  std::vector<int> bits;
  bool is_signed = false;
  torch::Tensor steps;      // lsq: [J], trainable
  torch::Tensor magnitude;  // minmax: [1], moving average of the largest magnitude of an image
  bool started = false;     // whether a weight step has set steps or magnitude
};

/// Quantiser of weights: symmetric, integers in [-(2^(bits-1) - 1), 2^(bits-1) - 1], a step for each bitwidth and
/// output channel (classifier: for each bitwidth). Weights are always at hand, so minmax keeps nothing.
struct WeightQuantizer {
  QuantizerKind kind = QuantizerKind::lsq;
  std::vector<int> bits;
  torch::Tensor steps;  // lsq: [J, C_out] or [J, 1], trainable, set from the initial weights
};

}  // namespace autonba
