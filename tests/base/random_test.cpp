#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace autonba {
namespace {

TEST(Rng, FollowsThePublishedSplitMix64Sequence) {
  // First outputs for seed 1234567, as published with the reference code of SplitMix64 (Vigna).
  Rng rng{1234567};
  EXPECT_EQ(next_bits(rng), 6457827717110365317ULL);
  EXPECT_EQ(next_bits(rng), 3203168211198807973ULL);
  EXPECT_EQ(next_bits(rng), 9817491932198370423ULL);
}

TEST(Rng, StreamsOfDifferentPurposesAndIndicesDiffer) {
  const std::uint64_t first = make_rng(1, "order", 0).state;
  EXPECT_EQ(first, make_rng(1, "order", 0).state);
  EXPECT_NE(first, make_rng(1, "order", 1).state);
  EXPECT_NE(first, make_rng(1, "augment", 0).state);
  EXPECT_NE(first, make_rng(2, "order", 0).state);
}

TEST(Rng, UniformIndexReachesEveryValueEvenly) {
  Rng rng = make_rng(3, "test");
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) {
    ++counts[uniform_index(rng, counts.size())];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10000, 500);  // five standard deviations
  }
}

TEST(Rng, NormalAndGumbelHaveTheirMoments) {
  Rng rng = make_rng(4, "test");
  const int n = 200000;
  double normal_sum = 0;
  double normal_squares = 0;
  double gumbel_sum = 0;
  for (int i = 0; i < n; ++i) {
    const double x = normal(rng);
    normal_sum += x;
    normal_squares += x * x;
    gumbel_sum += gumbel(rng);
  }
  EXPECT_NEAR(normal_sum / n, 0, 0.01);
  EXPECT_NEAR(normal_squares / n, 1, 0.02);
  EXPECT_NEAR(gumbel_sum / n, 0.5772156649, 0.015);  // Euler's constant
}

TEST(Rng, PermutationHoldsEveryIndexOnce) {
  Rng rng = make_rng(5, "test");
  std::vector<std::int64_t> order = permutation(rng, 1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

}  // namespace
}  // namespace autonba
