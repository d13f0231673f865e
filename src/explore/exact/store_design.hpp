#pragma once

#include <optional>

#include "explore/exact/incumbent.hpp"

namespace autonba {

/// As best_at_upper_ends, in a layout with a store: chunks, assignment and placement of maps together, with the words
/// that a schedule takes; only designs that are better than `limit`. `bound` is what StoreBound proves of the chunks at
/// the upper ends; is_as_built if nothing is to be gained from smaller chunks: all maps fit beside these, with a slot
/// each, or the design has the region's bound.
Best best_with_store(const Instance& instance, const Region& region, double limit);

/// As descend, in a layout with a store.
std::optional<Found> descend_with_store(const Instance& instance, const Region& region, double limit);

/// The chunks at the upper ends with the network's maps where the accelerator has them, if its store fits. Requires a
/// place for every layer of the network.
std::optional<Found> with_maps_of(const Instance& instance, const Region& region, const Accelerator& accelerator);

/// The design on the chunks at the region's upper ends with these groups of maps in the store, if it fits and is better
/// than `limit`. `starts` as Accelerator::starts, to begin with; on these chunks or others.
std::optional<Found> with_maps(const Instance& instance, const Region& region, const std::vector<char>& stored,
                               const std::vector<std::int64_t>& starts, double limit);

}  // namespace autonba
