#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accel/rounds.hpp"
#include "base/random.hpp"

namespace autonba {

// Where in a round every layer starts, in cycles. Any order of a chunk's layers is a valid round, because a layer may
// work on an earlier batch than the layers that it reads from; every such step back is a stage more.

/// The layers of each chunk in the network's order, one after the other.
std::vector<std::int64_t> starts_in_network_order(const Round& round);

/// Layers in this order, each as soon as its chunk is free, or, where its bit in `waits` is set, when what it reads has
/// been written in the same round, if the chunk has time to spare.
std::vector<std::int64_t> starts_in_order(const Round& round, std::span<const std::size_t> order, unsigned waits);

/// What decides between layers that could start next: the highest goes first. In rounds, so that they mean something
/// for every network: of `ready`, a layer's cycles and those of the longest path behind it; `unready`, chance.
struct Priorities {
  std::vector<double> ready;
  std::vector<double> unready;
};
Priorities random_priorities(const Round& round, Rng& rng);
Priorities priorities_by_path(const Round& round, std::vector<double> unready);

/// One layer's priorities drawn anew.
Priorities changed(Priorities priorities, Rng& rng);

/// A layer is started, if possible, after the layers that it reads from have ended in the same round. Where none is
/// ready the chunk waits while it has time to spare, else it starts one that is not.
std::vector<std::int64_t> starts_by_priorities(const Round& round, const Priorities& priorities);

}  // namespace autonba
