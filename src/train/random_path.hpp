#pragma once

#include <vector>

#include "base/random.hpp"
#include "train/supernet.hpp"

namespace autonba {

/// A uniformly drawn operator for each block with a soft mixture of its bitwidths, as a weight step runs it: for
/// benchmarks and tests, where no logits are at hand.
std::vector<BlockPath> random_weight_path(const Supernet& net, Rng& rng);

/// Uniformly drawn operators and bitwidths with `alternatives` further operators for each block, as an arch step runs
/// them: coefficients one-hot, they and the probabilities leaves that require grad.
std::vector<BlockPath> random_arch_path(const Supernet& net, int alternatives, Rng& rng);

}  // namespace autonba
