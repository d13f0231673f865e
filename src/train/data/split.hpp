#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace autonba {

/// Two lists of image indices without a common one, each ascending.
struct TwoParts {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> second;
};

/// Divides images 0 .. labels.size()-1 at random: round(fraction·count) of them go to `first`, of every class the same
/// share to within one image. Requires labels ≥ 0 and fraction in [0, 1].
TwoParts split_balanced(std::span<const int> labels, double fraction, std::uint64_t seed);

/// 0 .. count-1.
std::vector<std::int64_t> all_images(std::int64_t count);

}  // namespace autonba
