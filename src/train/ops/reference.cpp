#include "train/ops/reference.hpp"

#include <torch/torch.h>

#include <cmath>

namespace autonba::reference {
namespace {

/// x itself; the gradient is multiplied by `factor`.
torch::Tensor scale_gradient(const torch::Tensor& x, double factor) {
  torch::Tensor same = x.view_as(x);
  if (same.requires_grad()) {
    same.register_hook([factor](const torch::Tensor& gradient) { return gradient * factor; });
  }
  return same;
}

/// `step` broadcasts over x; `n` is LSQ's number of values that share one.
torch::Tensor quantize(const torch::Tensor& x, const torch::Tensor& step, QuantRange range, std::int64_t n) {
  const double gradient_scale = 1 / std::sqrt(static_cast<double>(n) * q_max(range));
  const torch::Tensor s = scale_gradient(step, gradient_scale);
  const torch::Tensor v = torch::clamp(x * s.reciprocal(), range.low, range.high);
  const torch::Tensor q = v + (torch::round(v) - v).detach();
  return q * s;
}

/// `shape`: to which a row of mixture.steps is viewed so that it broadcasts over x.
torch::Tensor mix(const torch::Tensor& x, const Mixture& mixture, at::IntArrayRef shape, std::int64_t n) {
  torch::Tensor sum;
  for (std::size_t j = 0; j < mixture.ranges.size(); ++j) {
    const auto index = static_cast<std::int64_t>(j);
    const torch::Tensor copy = quantize(x, mixture.steps.select(0, index).reshape(shape), mixture.ranges[j], n);
    const torch::Tensor term = mixture.coefficients.select(0, index) * copy;
    sum = sum.defined() ? sum + term : term;
  }
  return sum.defined() ? sum : x;
}

}  // namespace

torch::Tensor mix_quantize(const torch::Tensor& x, const Mixture& mixture) {
  return mix(x, mixture, {}, x.numel() / x.size(0));
}

torch::Tensor mix_quantize_weights(const torch::Tensor& weights, const Mixture& mixture) {
  const std::int64_t channels = mixture.steps.size(1);
  std::vector<std::int64_t> shape(static_cast<std::size_t>(weights.dim()), 1);
  shape[0] = channels;
  return mix(weights, mixture, shape, weights.numel() / channels);
}

torch::Tensor batch_norm(const torch::Tensor& z, const BatchNorm& norm, Statistics statistics, bool relu,
                         const std::optional<Mixture>& mixture) {
  const bool averages = statistics != Statistics::batch;
  torch::Tensor y = torch::batch_norm(z, norm.scale, norm.shift, averages ? norm.running_mean : torch::Tensor(),
                                      averages ? norm.running_var : torch::Tensor(), statistics != Statistics::running,
                                      norm.momentum, norm.epsilon, false);
  if (relu) {
    y = torch::relu(y);
  }
  return mixture ? reference::mix_quantize(y, *mixture) : y;
}

torch::Tensor conv(const torch::Tensor& x, const torch::Tensor& weights, std::int64_t stride, std::int64_t padding,
                   std::int64_t groups) {
  return torch::conv2d(x, weights, {}, stride, padding, 1, groups);
}

torch::Tensor channel_shuffle(const torch::Tensor& x, std::int64_t groups) {
  const std::int64_t each = x.size(1) / groups;
  return x.permute({0, 2, 3, 1})
      .unflatten(3, {groups, each})
      .transpose(3, 4)
      .flatten(3, 4)  // a copy, in NHWC order
      .permute({0, 3, 1, 2});
}

}  // namespace autonba::reference
