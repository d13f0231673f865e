#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "explore/exact/incumbent.hpp"

namespace autonba {

/// Chunks and a placement of maps, fitting or not: the chunks at the upper ends of a region of single classes, in a
/// layout with a store.
struct StoreCandidate {
  Region region;
  std::vector<char> stored;                                // by group of maps
  std::array<std::vector<double>, slots_most> mode_times;  // [item][mode], as Instance::mode_times; NaN: not known yet
};

/// The chunks and the placement of a design; of one without a store those of the layout with as many chunks, the
/// smallest batch and the widest port. None where there is no such layout.
std::optional<StoreCandidate> candidate_of(const Instance& instance, const Found& found);

/// Changes something at random: the placement of a map or of several, an amount, a class, the batch or the store's
/// port. False if nothing changed, as at the end of a list.
bool change_something(const Instance& instance, StoreCandidate& candidate, Rng& rng);

}  // namespace autonba
