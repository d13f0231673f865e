#pragma once

#include <optional>
#include <utility>

#include "explore/exact/instance.hpp"

namespace autonba {

using SlotAmount = std::pair<std::size_t, std::size_t>;

/// The slot and the amount along which a region of single classes is split: strides first, since the input buffer
/// depends on them, then where the upper end takes most of what is missing, or most area. None for single chunks.
std::optional<SlotAmount> amount_to_split(const Instance& instance, const Region& region);

}  // namespace autonba
