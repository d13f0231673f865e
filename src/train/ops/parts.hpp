#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "base/ceil_div.hpp"

namespace autonba {

/// Parts into which the work on one tensor is split at most. A constant, so that sums over parts do not depend on the
/// number of threads.
inline constexpr std::int64_t max_parts = 16;

/// How 0 ≤ i < count is split: `parts` ranges of `size` (the last may be shorter), a multiple of `unit`.
struct Parts {
  std::int64_t count, size, parts;
};

/// Parts of at least `grain` (about), at multiples of `unit`.
inline Parts split(std::int64_t count, std::int64_t unit, std::int64_t grain) {
  const std::int64_t wanted = std::clamp<std::int64_t>(count / grain, 1, max_parts);
  const std::int64_t size = std::max<std::int64_t>(ceil_div(count, wanted * unit), 1) * unit;
  return {count, size, ceil_div(count, size)};
}

/// Runs body(part, begin, end) for every part, on all threads.
template <typename Body>
void for_parts(const Parts& parts, const Body& body) {
  at::parallel_for(0, parts.parts, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t part = first; part < last; ++part) {
      body(part, part * parts.size, std::min(parts.count, (part + 1) * parts.size));
    }
  });
}

}  // namespace autonba
