#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace autonba {

/// Items (layers) that each go to one of a few machines (chunks). times[machine][item], infinity where it cannot run.
using MachineTimes = std::span<const double* const>;

/// A lower bound of the least makespan, that is of the largest sum of times of a machine: Lagrange's, for prices μ of
/// the machines' time that add up to 1,
///     max over k of T_k ≥ Σ_k μ_k T_k ≥ Σ_items min_k μ_k t_k.
/// At the best prices it is the makespan of items that may be split. `prices`: where to begin, and the best that were
/// found. Stops as soon as the bound is at least `enough`.
double makespan_bound(MachineTimes times, std::size_t items, std::span<double> prices, double enough);

/// Whether the bound at the best prices is at least `limit`, as far as some steps tell: true is certain.
bool makespan_reaches(MachineTimes times, std::size_t items, std::span<const double> prices, double limit);

struct Assignment {
  double makespan = 0;
  std::vector<std::uint8_t> machine_of;  // by item
};

/// A good assignment of whole items: each where its priced time is least, then changed while that helps.
Assignment assign(MachineTimes times, std::size_t items, std::span<const double> prices);

/// Each item on its fastest machine; their sum takes the place of the makespan.
Assignment fastest_each(MachineTimes times, std::size_t items);

/// The best assignment, if it is below `limit` and found within `most_nodes` of the search; else the best that was met,
/// if any is better than `start`, and `bound` below which no assignment is.
struct ProvenAssignment {
  Assignment best;
  double bound = 0;
};
ProvenAssignment best_assignment(MachineTimes times, std::size_t items, std::span<const double> prices,
                                 Assignment start, std::int64_t most_nodes);

}  // namespace autonba
