#pragma once

#include <torch/types.h>

#include <cstdint>

namespace autonba {

/// 2-d convolution without bias: x [N, C_in, H, W], weights [C_out, C_in/groups, K, K], zeros outside the map.
/// Depthwise where groups = C_in = C_out.
torch::Tensor conv(const torch::Tensor& x, const torch::Tensor& weights, std::int64_t stride, std::int64_t padding,
                   std::int64_t groups);

}  // namespace autonba
