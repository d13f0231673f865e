#pragma once

#include <vector>

#include "explore/neighbours.hpp"
#include "explore/trial.hpp"

namespace autonba {

/// Settings of `evolution`.
struct EvolutionOptions {
  int population = 100;     // designs alive; no more than a tenth of the evaluations
  double tournament = 0.1;  // share of the population that competes to be a parent
  double crossover = 0.1;   // of children that have two parents, and are then changed too
  MoveOptions moves = {.another = 0.5};
};

/// Regularised evolution (Real et al., Regularized Evolution for Image Classifier Architecture Search, AAAI 2019): a
/// population that starts with random designs; each child is a changed copy of the best of a random sample and takes
/// the place of the oldest design, however good that is. Some children have two parents; there and in the changes the
/// operators are those of the domain (chunks and runs of layers are exchanged whole), as in the genetic searches of
/// GAMMA (Kao and Krishna, ICCAD 2020) and DiGamma (Kao et al., DATE 2022) for mappings and accelerators. Designs are
/// compared by DesignCost::log_cost, so infeasible ones pay for how far they exceed the platform. `start`: picks to
/// begin around (DesignChoices::describe), or none; the first designs are then its neighbours.
void search_evolution(Trial& trial, Rng rng, const std::vector<int>& start, const EvolutionOptions& options = {});

}  // namespace autonba
