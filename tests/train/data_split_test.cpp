#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "train/data/split.hpp"

namespace autonba {
namespace {

/// Classes of 10, 21, 1 and 300 images, interleaved.
std::vector<int> uneven_labels() {
  std::vector<int> labels;
  for (int i = 0; i < 300; ++i) {
    labels.push_back(7);
    if (i < 10) {
      labels.push_back(0);
    }
    if (i < 21) {
      labels.push_back(2);
    }
    if (i == 150) {
      labels.push_back(5);
    }
  }
  return labels;
}

TEST(Split, PutsEveryImageIntoExactlyOnePart) {
  const std::vector<int> labels = uneven_labels();
  for (const double fraction : {0.0, 0.25, 0.5, 0.9, 1.0}) {
    const TwoParts parts = split_balanced(labels, fraction, 3);
    EXPECT_TRUE(std::ranges::is_sorted(parts.first));
    EXPECT_TRUE(std::ranges::is_sorted(parts.second));
    std::vector<std::int64_t> both = parts.first;
    both.insert(both.end(), parts.second.begin(), parts.second.end());
    std::ranges::sort(both);
    EXPECT_EQ(both, all_images(static_cast<std::int64_t>(labels.size())));
    EXPECT_EQ(parts.first.size(),
              static_cast<std::size_t>(std::llround(fraction * static_cast<double>(labels.size()))));
  }
}

TEST(Split, DividesEveryClassByTheSameFraction) {
  const std::vector<int> labels = uneven_labels();
  for (const double fraction : {0.1, 0.5, 0.73}) {
    const TwoParts parts = split_balanced(labels, fraction, 3);
    for (const int label : {0, 2, 5, 7}) {
      const auto of_class = [&](std::int64_t image) { return labels[image] == label; };
      const auto all = static_cast<double>(std::ranges::count(labels, label));
      EXPECT_NEAR(static_cast<double>(std::ranges::count_if(parts.first, of_class)), fraction * all, 1.0) << label;
    }
  }
}

TEST(Split, DependsOnTheSeedAlone) {
  const std::vector<int> labels = uneven_labels();
  EXPECT_EQ(split_balanced(labels, 0.5, 3).first, split_balanced(labels, 0.5, 3).first);
  EXPECT_NE(split_balanced(labels, 0.5, 3).first, split_balanced(labels, 0.5, 4).first);
}

}  // namespace
}  // namespace autonba
