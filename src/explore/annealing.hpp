#pragma once

#include <vector>

#include "explore/neighbours.hpp"
#include "explore/trial.hpp"

namespace autonba {

/// Settings of `annealing`.
struct AnnealingOptions {
  double hottest = 0.1;        // temperature at the beginning, in units of log cost
  double hottest_warm = 0.03;  // the same with a start
  double coldest = 0.001;      // at the end
  double random_share = 0.02;  // of the evaluations, for random designs of which the best is the beginning
  MoveOptions moves;
};

/// Simulated annealing (Kirkpatrick, Gelatt, Vecchi, Science 220, 1983): from design to neighbour (MoveOptions), always
/// if it costs less, and with probability exp(-Δ/T) if it costs Δ more. T falls geometrically with the evaluations,
/// from hottest to coldest whatever their number. The cost is DesignCost::log_cost: Δ is a relative difference, and
/// infeasible designs pay for how far they exceed the platform. `start`: picks to begin with
/// (DesignChoices::describe), or none.
void search_annealing(Trial& trial, Rng rng, const std::vector<int>& start, const AnnealingOptions& options = {});

}  // namespace autonba
