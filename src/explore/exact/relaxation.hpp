#pragma once

#include <optional>

#include "explore/exact/instance.hpp"

namespace autonba {

/// Lower bounds of the values of a region's designs (docs/exact.md, Bounds); infinity where none is feasible. Both find
/// prices for the region on the way. `limit`: bounds are not made better than that.

/// From the trees: any region. `changed`: the kind of the only slot that differs from those that region.kind_bounds
/// were found for, if they were. `share`: of the platform's resources that chunks with least of everything may take, so
/// that more or less is left for their buffers; a bound only if it is 1.
double loose_bound(const Instance& instance, Region& region, double limit, std::optional<std::size_t> changed = {},
                   double share = 1);

/// From the fronts of tilings: regions of single classes. Takes designs out of the region that do not fit, or are no
/// better than `limit`; `settled` becomes no more than the least bound of the latter.
double tight_bound(const Instance& instance, Region& region, double limit, double& settled);

}  // namespace autonba
