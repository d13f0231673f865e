#pragma once

#include <optional>

#include "explore/engine.hpp"

namespace autonba {

/// The engine `exact`: branch and bound over sets of accelerators (docs/exact.md). Stops when gap_of(value, bound) is
/// within the budget's gap, or when its time is over. Same results for any number of threads.
Solution solve_exactly(const Problem& problem, const Budget& budget, Mapper& mapper,
                       const std::optional<Accelerator>& start, const Watch& watch);

}  // namespace autonba
