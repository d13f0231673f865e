#pragma once

#include <optional>
#include <utility>

#include "explore/exact/instance.hpp"

namespace autonba {

/// As loose_bound and tight_bound, for energy and EDP. `cycles`: that a batch takes at least.
double loose_energy_bound(const Instance& instance, const Region& region, double cycles);
double tight_energy_bound(const Instance& instance, Region& region, double limit, double& settled);

/// The slot and the amount at which a region of single classes is best split: where the bounds of both parts rise most.
/// None if all amounts are single.
std::optional<std::pair<std::size_t, std::size_t>> best_energy_split(const Instance& instance, const Region& region);

}  // namespace autonba
