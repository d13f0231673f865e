#include "base/ceil_div.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace autonba {
namespace {

TEST(CeilDiv, IsTheLeastNumberOfPartsThatHoldTheWhole) {
  for (int by = 1; by <= 9; ++by) {
    for (int value = 0; value <= 100; ++value) {
      const int parts = ceil_div(value, by);
      EXPECT_GE(parts * by, value);
      EXPECT_LT((parts - 1) * by, value);
    }
  }
}

TEST(CeilDiv, SumsDoNotOverflowAndMixedTypesWiden) {
  constexpr int most = std::numeric_limits<int>::max();
  EXPECT_EQ(ceil_div(most, most - 1), 2);
  EXPECT_EQ(ceil_div(std::int64_t{most} * 8, 8), most);
}

}  // namespace
}  // namespace autonba
