#pragma once

#include <functional>
#include <optional>

#include "base/random.hpp"
#include "explore/exact/incumbent.hpp"

namespace autonba {

struct Annealing {
  int steps = 0;
  double first_temperature = 0;  // of the logarithm of the value
};

/// A better design with maps in the store, from another design on, by simulated annealing over chunks, amounts, batch,
/// store and placement at once; the assignment follows from the times, and the number of chunks stays. None if none was
/// met. `is_stopped` is asked now and then.
std::optional<Found> anneal_with_store(const Instance& instance, const Found& start, const Annealing& annealing,
                                       Rng rng, const std::function<bool()>& is_stopped);

}  // namespace autonba
