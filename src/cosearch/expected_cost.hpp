#pragma once

#include <vector>

#include "explore/objective.hpp"

namespace autonba {

/// Seconds an image that one block takes on each chunk [chunk], for the choices that are active in one step.
struct BlockSeconds {
  std::vector<std::vector<double>> executed;      // [bits][chunk], the executed operator
  std::vector<std::vector<double>> alternatives;  // [k][chunk], the others at the bits they were sampled at
};

/// Probabilities of the active choices of one block: p [executed, alternatives…], q [bits of the executed operator].
struct BlockProbabilities {
  std::vector<double> p;
  std::vector<double> q;
};

struct ExpectedCost {
  double log_seconds = 0;                    // log C
  std::vector<BlockProbabilities> gradient;  // ∂ log C / ∂p and ∂q of each block
};

/// Expected chunk times C_k = fixed_k + Σ_l Σ_o p_lo c_k(l, o, ·), the executed operator with its q over bits;
/// throughput takes their smooth maximum (the 8-norm), latency their sum (docs/search.md, Cost). `fixed` [chunk] is
/// stem, head, pool and classifier.
ExpectedCost expected_cost(Objective objective, const std::vector<double>& fixed,
                           const std::vector<BlockSeconds>& seconds,
                           const std::vector<BlockProbabilities>& probabilities);

}  // namespace autonba
