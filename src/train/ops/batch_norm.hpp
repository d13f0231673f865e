#pragma once

#include <torch/types.h>

#include <optional>

#include "train/ops/quantize.hpp"

namespace autonba {

/// The state of a batch normalisation over C channels.
struct BatchNorm {
  torch::Tensor scale;         // [C], learned
  torch::Tensor shift;         // [C], learned
  torch::Tensor running_mean;  // [C]
  torch::Tensor running_var;   // [C], unbiased
  double momentum = 0.1;       // share of the batch in a running average
  double epsilon = 1e-5;
};

/// With which mean and variance a map is normalised.
enum class Statistics {
  batch,         // of the batch; running averages stay as they are
  batch_update,  // of the batch, and the running averages follow
  running,       // the running averages, as constants
};

/// quantise(relu(normalise(z))): z [N, C, H, W], ReLU and quantisation where asked for. Gradients to z, scale, shift
/// and those of mix_quantize. Backward can run once: it overwrites z where nobody else holds it.
torch::Tensor batch_norm(const torch::Tensor& z, const BatchNorm& norm, Statistics statistics, bool relu,
                         const std::optional<Mixture>& mixture = std::nullopt);

}  // namespace autonba
