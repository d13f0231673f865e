#pragma once

#include <vector>

#include "accel/accelerator.hpp"
#include "accel/platform.hpp"
#include "model/network.hpp"

namespace autonba {

/// A network with an accelerator that runs it.
struct CostCase {
  Network network;
  Accelerator accelerator;
};

/// `count` random networks of `space`, each on a conv chunk and a depthwise chunk for `platform`, with the largest
/// tiles that fit.
std::vector<CostCase> cost_cases(const std::string& space, int count, const Platform& platform, std::uint64_t seed);

/// How many whole networks a second `evaluate` takes, from Network and Accelerator to Cost, nothing kept between calls.
/// Goes through `cases` again and again for `seconds`, on one thread.
double cost_evaluations_per_second(const std::vector<CostCase>& cases, const Platform& platform, double seconds);

}  // namespace autonba
