#pragma once

#include "train/ops/batch_norm.hpp"
#include "train/ops/channel_shuffle.hpp"
#include "train/ops/conv.hpp"
#include "train/ops/quantize.hpp"

/// The operators of train/ops in ATen and ordinary autograd, for any floating type and device: what CUDA runs, and what
/// the kernels are compared with.
namespace autonba::reference {

torch::Tensor mix_quantize(const torch::Tensor& x, const Mixture& mixture);
torch::Tensor mix_quantize_weights(const torch::Tensor& weights, const Mixture& mixture);
torch::Tensor batch_norm(const torch::Tensor& z, const BatchNorm& norm, Statistics statistics, bool relu,
                         const std::optional<Mixture>& mixture);
torch::Tensor conv(const torch::Tensor& x, const torch::Tensor& weights, std::int64_t stride, std::int64_t padding,
                   std::int64_t groups);
torch::Tensor channel_shuffle(const torch::Tensor& x, std::int64_t groups);

}  // namespace autonba::reference
