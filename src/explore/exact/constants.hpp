#pragma once

#include <limits>

namespace autonba {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double rounding = 2e-13;  // relative, of the longest sums of times or energies here, at most

}  // namespace autonba
