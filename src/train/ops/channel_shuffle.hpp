#pragma once

#include <torch/types.h>

#include <cstdint>

namespace autonba {

/// Channel i·(C/groups) + j of x [N, C, H, W] becomes channel j·groups + i (ShuffleNet, Zhang et al., CVPR 2018).
torch::Tensor channel_shuffle(const torch::Tensor& x, std::int64_t groups);

}  // namespace autonba
