#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "model/space.hpp"
#include "train/quantizer.hpp"

namespace autonba {

enum class ParameterKind {
  weight,  // of convolutions and of the classifier, its bias too
  norm,    // γ and β of batch normalisation
  step,    // of quantisers: no weight decay, never below step_floor
};

/// A trainable tensor: a leaf that requires grad, shared with the layer that it belongs to.
struct Parameter {
  std::string name;  // "block3.k3_e6.expand.weight"
  torch::Tensor tensor;
  ParameterKind kind = ParameterKind::weight;
};

/// Batch normalisation, per channel [C].
struct BatchNorm {
  torch::Tensor gamma;
  torch::Tensor beta;
  torch::Tensor running_mean;
  torch::Tensor running_var;  // unbiased, as torch keeps it
};

/// Convolution with quantised weights, then batch normalisation. Padding is kernel / 2.
struct ConvLayer {
  std::string name;      // "block3.k3_e6.expand"
  torch::Tensor weight;  // [C_out, C_in / groups, K, K]
  int stride = 1;
  int groups = 1;
  WeightQuantizer quantizer;
  BatchNorm norm;
};

/// The layers of one operator of a block: none for the identity, one for a skip that changes shape, or expand,
/// depthwise and project, with the quantisers of the two maps between them.
struct OperatorLayers {
  Operator op;
  std::vector<ConvLayer> convs;
  std::vector<ActivationQuantizer> inner;
};

struct BlockLayers {
  ActivationQuantizer input;  // signed; shared by the operators
  std::vector<OperatorLayers> operators;
};

struct LinearLayer {
  torch::Tensor weight;       // [classes, C_in]
  torch::Tensor bias;         // [classes]
  WeightQuantizer quantizer;  // one step for the whole tensor
};

/// Stem, blocks, head, pool, classifier; all but the blocks at 8 bits.
struct NetLayers {
  ConvLayer stem;
  std::vector<BlockLayers> blocks;
  ActivationQuantizer head_input;  // signed
  ConvLayer head;
  ActivationQuantizer head_output;  // unsigned
  ActivationQuantizer pooled;       // unsigned
  LinearLayer classifier;
};

}  // namespace autonba
