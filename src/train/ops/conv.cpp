#include "train/ops/conv.hpp"

#include "train/ops/reference.hpp"

namespace autonba {

torch::Tensor conv(const torch::Tensor& x, const torch::Tensor& weights, std::int64_t stride, std::int64_t padding,
                   std::int64_t groups) {
  return reference::conv(x, weights, stride, padding, groups);
}

torch::Tensor channel_shuffle(const torch::Tensor& x, std::int64_t groups) {
  const std::int64_t each = x.size(1) / groups;
  return x.permute({0, 2, 3, 1})
      .unflatten(3, {groups, each})
      .transpose(3, 4)
      .flatten(3, 4)  // a copy, in NHWC order
      .permute({0, 3, 1, 2});
}

}  // namespace autonba
