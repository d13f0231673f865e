#pragma once

#include <vector>

#include "base/random.hpp"
#include "explore/trial.hpp"

namespace autonba {

/// Settings of `das`.
struct DasOptions {
  int designs_per_step = 4;         // drawn between two steps of Adam
  double learning_rate = 0.03;      // of Adam, on logits
  double tau = 5;                   // of the Gumbel-softmax
  double chunk_entropy = 0.9;       // least entropy of a γ^m at the start, of what it starts with; falls to 0 linearly
  double layer_entropy = 0.2;       // the same for the assignment of layers
  double start_probability = 0.85;  // of the options of a warm start
  double sharpness = 8;             // s of the smooth maximum (Σ C_k^s)^(1/s) over chunk times
  double memory = 0.9;              // share of a step's running means that the next one keeps
  double price_rate = 0.05;  // change of a resource's price in a step, times (share of designs over it - that share)
  double share_over = 0.2;   // of designs that may exceed a resource
};

/// The differentiable accelerator search of Auto-NBA (Fu et al., ICML 2021, section 3.3): every design choice m draws
/// an option by a hard Gumbel-softmax over its logits γ^m, and the gradient of the log cost reaches γ^m through the
/// drawn option's soft probability (straight-through); Adam. What makes it learn within some thousand designs:
/// - the cost is split by the chain rule: log cost changes by w_k · d log C_k, C_k the time of chunk k and w_k its
/// weight
///   in the smooth maximum, so the choices of a chunk are credited with its own time and its own use of resources only;
/// - the gradient of a layer's choice of chunk is exact: w_k · (its time on chunk k) / C_k for each k;
/// - resources have prices, added to the log cost, which rise while too many designs exceed the platform (dual ascent);
/// - running means are subtracted, and the entropy of every γ^m is kept above a bound that falls to zero at the end.
/// `start`: picks to begin around (DesignChoices::describe), or none.
void search_das(Trial& trial, Rng rng, const std::vector<int>& start, const DasOptions& options = {});

}  // namespace autonba
