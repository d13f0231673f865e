#pragma once

#include "explore/exact/incumbent.hpp"

namespace autonba {

/// As best_at_upper_ends, for energy and EDP: over all assignments and mappings of the chunks at the region's upper
/// ends, if they fit together. Designs that are no better than `limit` are not looked for.
Best best_energy(const Instance& instance, const Region& region, double limit);

/// A good design with chunks of the region's classes, of single classes each: what the mappings of the region's bound
/// need, then changed while that helps and the design is not far above `limit`. None if it hardly gets below `limit`,
/// or none fits.
std::optional<Found> good_energy(const Instance& instance, const Region& region, double limit);

}  // namespace autonba
