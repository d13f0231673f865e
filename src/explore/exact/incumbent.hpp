#pragma once

#include <optional>

#include "explore/exact/instance.hpp"

namespace autonba {

/// A feasible design.
struct Found {
  double value = 0;
  std::uint32_t layout = 0;
  std::array<Slot, slots_most> slots{};                        // of single classes; `high` is what they have
  std::array<std::vector<std::uint8_t>, kind_count> chunk_of;  // by kind and place in its layers
  std::array<std::vector<Mapping>, kind_count> mappings;       // the same, with energy and EDP; else empty: the fastest
  std::vector<char> stored;                                    // by group of maps, in a layout with a store
  std::vector<std::int64_t> starts;                            // Accelerator::starts, if maps lie in a store
};

/// Whether the chunks at the region's upper ends fit together.
bool fits_at_upper_ends(const Instance& instance, const Region& region);

/// The region with upper ends that are as fast and fit together: its own, or without what none of the best mappings
/// needs; none if neither fit.
std::optional<Region> fitting_upper_ends(const Instance& instance, const Region& region);

/// The best design with the chunks at the region's upper ends, of single classes that fit together.
struct Best {
  std::optional<Found> found;  // none if a layer cannot run
  double bound = 0;  // that was proven: the value, or less where proving would have taken too long; `area`: 0, or
                     // infinity where no assignment is within the time
  bool is_as_built = false;  // no chunk was made for residuals that none of its layers adds, unless it fits without
};
Best best_at_upper_ends(const Instance& instance, const Region& region);

/// A good design of a region of single classes: from its upper ends down until it fits, each time what frees most for
/// the time that it costs. Less is tried if it will hardly be better than `limit`.
std::optional<Found> descend(const Instance& instance, const Region& region, double limit);

/// The accelerator; without mappings where the design has none, its store of depth 0.
Accelerator accelerator_of(const Instance& instance, const Found& found);

/// The accelerator with its mappings, each layer's best where the design has none, and with the store as deep as it
/// must be then. `mapper`: the instance's.
Accelerator mapped(const Instance& instance, const Found& found, Mapper& mapper);

}  // namespace autonba
