#pragma once

#include <limits>

#include "accel/design_space.hpp"
#include "base/random.hpp"
#include "explore/engine.hpp"

namespace autonba {

/// A problem of which every design can be tried (brute_force.hpp): 2 to 5 layers, values for a few parameters of the
/// chunks, and a platform that many designs exceed, in some cases all.
struct RandomProblem {
  Network network;
  Platform platform;
  DesignSpace space;

  Problem problem(Objective objective, double most_seconds = std::numeric_limits<double>::infinity()) const {
    return {network, platform, space, objective, most_seconds};
  }
};

RandomProblem random_fpga_problem(Rng& rng);

/// On an FPGA, with a store that holds some maps, all or none.
RandomProblem random_store_problem(Rng& rng);

/// Memory and leakage take from little to most of the energy.
RandomProblem random_asic_problem(Rng& rng);

}  // namespace autonba
