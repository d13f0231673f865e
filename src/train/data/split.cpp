#include "train/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/random.hpp"

namespace autonba {

TwoParts split_balanced(std::span<const int> labels, double fraction, std::uint64_t seed) {
  Rng rng = make_rng(seed, "split");
  std::map<int, std::vector<std::int64_t>> images_of_class;  // in random order
  for (const std::int64_t image : permutation(rng, static_cast<std::int64_t>(labels.size()))) {
    images_of_class[labels[image]].push_back(image);
  }

  // Shares are rounded over all classes so far, so that the total is exact and no class is off by more than one image.
  TwoParts parts;
  std::int64_t seen = 0;
  for (const auto& [label, images] : images_of_class) {
    seen += static_cast<std::int64_t>(images.size());
    const auto taken = static_cast<std::int64_t>(parts.first.size());
    const std::int64_t take = std::llround(fraction * static_cast<double>(seen)) - taken;
    const auto middle = images.begin() + std::clamp<std::int64_t>(take, 0, static_cast<std::int64_t>(images.size()));
    parts.first.insert(parts.first.end(), images.begin(), middle);
    parts.second.insert(parts.second.end(), middle, images.end());
  }
  std::ranges::sort(parts.first);
  std::ranges::sort(parts.second);
  return parts;
}

std::vector<std::int64_t> all_images(std::int64_t count) {
  std::vector<std::int64_t> images(static_cast<std::size_t>(count));
  std::iota(images.begin(), images.end(), std::int64_t{0});
  return images;
}

}  // namespace autonba
