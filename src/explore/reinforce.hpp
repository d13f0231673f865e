#pragma once

#include <vector>

#include "base/random.hpp"
#include "explore/trial.hpp"

namespace autonba {

/// Settings of `reinforce`.
struct ReinforceOptions {
  int designs_per_step = 4;         // drawn between two steps of Adam
  double learning_rate = 0.05;      // of Adam, on logits
  double baseline_rate = 0.02;      // weight of a design in the moving average of the cost
  double entropy_bonus = 0.2;       // standard deviations of the cost for a nat of a policy; falls linearly to 0
  double start_probability = 0.85;  // of the options of a warm start
};

/// REINFORCE (Williams, Machine Learning 8, 1992) with an independent softmax policy for every γ^m, as in architecture
/// search (Bender et al., Can Weight Sharing Outperform Random Architecture Search? CVPR 2020) and, with a recurrent
/// policy, in the search for networks and accelerators together (Yang et al., Co-Exploration of Neural Architectures
/// and Heterogeneous ASIC Accelerator Designs, DAC 2020). A design is drawn choice by choice from what earlier choices
/// leave. The log probability of each of its picks falls with its cost above a moving average, in standard deviations;
/// an entropy bonus (Mnih et al., ICML 2016) keeps policies open; Adam. The cost is DesignCost::log_cost, so infeasible
/// designs pay for how far they exceed the platform. `start`: picks to begin around (DesignChoices::describe), or none.
void search_reinforce(Trial& trial, Rng rng, const std::vector<int>& start, const ReinforceOptions& options = {});

}  // namespace autonba
