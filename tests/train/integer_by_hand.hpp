#pragma once

#include <torch/torch.h>

#include <vector>

#include "train/supernet.hpp"

namespace autonba {

/// Logits [classes] of one image by integer arithmetic, in plain loops: every map and every weight as an integer and
/// its step, accumulators as 64-bit integers, batch normalisation with running statistics on the accumulator's value.
/// For derived nets (one operator and bitwidth a block) with the learned quantiser, without groups but depthwise ones.
std::vector<double> logits_by_hand(const Supernet& net, const torch::Tensor& image);

}  // namespace autonba
