#include "explore/exact/region_queue.hpp"

#include <gmock/gmock.h>

#include "base/random.hpp"

namespace autonba {
namespace {

Region with_bound(double bound, std::uint32_t layout) {
  return {.bound = bound, .layout = layout};
}

TEST(RegionQueue, TheLeastBoundComesFirstAndOfEqualOnesTheFirst) {
  RegionQueue queue;
  EXPECT_EQ(queue.least_bound(), std::numeric_limits<double>::infinity());
  const std::vector<double> bounds = {3, 1, 2, 1, 5};
  for (std::uint32_t i = 0; i < bounds.size(); ++i) {
    queue.push(with_bound(bounds[i], i));
  }
  std::vector<std::uint32_t> order;
  while (!queue.empty()) {
    const double least = queue.least_bound();
    order.push_back(queue.pop().layout);
    EXPECT_EQ(least, bounds[order.back()]);
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{1, 3, 2, 0, 4}));
}

TEST(RegionQueue, LeavesOutTheWorseHalf) {
  Rng rng = make_rng(1, "region queue");
  RegionQueue queue;
  std::vector<double> bounds;
  for (std::uint32_t i = 0; i < 1001; ++i) {
    bounds.push_back(static_cast<double>(uniform_index(rng, 300)));
    queue.push(with_bound(bounds.back(), i));
    if (i % 3 == 0) {  // places are used again
      bounds.erase(std::min_element(bounds.begin(), bounds.end()));
      queue.pop();
    }
  }
  std::sort(bounds.begin(), bounds.end());
  const std::size_t kept = bounds.size() / 2;
  EXPECT_EQ(queue.leave_out_half(), bounds[kept]);
  ASSERT_EQ(queue.size(), kept);
  for (std::size_t i = 0; i < kept; ++i) {
    EXPECT_EQ(queue.pop().bound, bounds[i]);
  }
}

}  // namespace
}  // namespace autonba
