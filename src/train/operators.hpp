#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "base/random.hpp"
#include "model/space.hpp"
#include "train/ops/batch_norm.hpp"
#include "train/quantizer.hpp"

namespace autonba {

/// Convolution with quantised weights and zeros outside the map, then batch normalisation. Padding is kernel / 2.
struct ConvLayer {
  std::string name;      // "block3.k3_e6.expand"
  torch::Tensor weight;  // [C_out, C_in / groups, K, K]
  int stride = 1;
  int groups = 1;
  WeightQuantizer quantizer;
  BatchNorm norm;
};

/// One operator of a block: `convs` holds none for the identity, one for a skip that changes shape, or expand,
/// depthwise and project.
struct OperatorLayers {
  Operator op;
  std::vector<ConvLayer> convs;
  std::vector<ActivationQuantizer> inner;  // unsigned, of the maps between the convs
  bool residual = false;                   // whether the quantised input is added to the output
};

struct ConvShape {
  int channels_in = 0;
  int channels_out = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
};

/// What all layers of a net have in common.
struct LayerOptions {
  QuantizerKind quantizer = QuantizerKind::lsq;
  torch::TensorOptions tensor;  // dtype and device
};

/// Normal values of the given deviation, drawn from `rng` on the CPU in double precision, so that every device and
/// dtype starts from the same numbers.
torch::Tensor random_normal(at::IntArrayRef shape, double deviation, Rng& rng, const torch::TensorOptions& options);

/// Weights from He's normal distribution (deviation √(2 / (K²·C_in/groups)); He et al., ICCV 2015), γ = 1, β = 0.
ConvLayer make_conv(std::string name, const ConvShape& shape, const std::vector<int>& bits, const LayerOptions& options,
                    Rng& rng);

/// A residual operator starts as the identity: γ = 0 in its last normalisation (Goyal et al., 2017, arXiv 1706.02677,
/// section 5.1).
OperatorLayers make_operator(const std::string& block_name, const Operator& op, const Block& block,
                             const std::vector<int>& bits, const LayerOptions& options, Rng& rng);

/// For the operators of a block that changes shape, in a supernet: adds to each the map that all start from, `common`
/// [C_out, C_in] on the input's ReLU, and scales its own random weights down. Six such blocks in a row with unrelated
/// operators show the layers after them other features at every step (docs/search.md, The start of the supernet).
/// Of grouped operators each group gets the part of `common` that it can read.
void start_alike(OperatorLayers& op, const torch::Tensor& common);

/// quantise(relu(batch_norm(conv(x)))) of a quantised map x, ReLU and quantisation where asked for (`output` may be
/// null). Weights and output are mixed with bit coefficients [J].
torch::Tensor run_conv(ConvLayer& layer, const torch::Tensor& x, const torch::Tensor& coefficients, bool relu,
                       ActivationQuantizer* output, Mode mode);

/// The operator on the block's quantised input: [N, C_out, H', W'], not quantised. Not for the identity, which has no
/// quantised input.
torch::Tensor run_operator(OperatorLayers& op, const torch::Tensor& x, const torch::Tensor& coefficients, Mode mode);

}  // namespace autonba
