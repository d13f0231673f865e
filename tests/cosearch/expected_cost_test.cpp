#include "cosearch/expected_cost.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace autonba {
namespace {

struct Case {
  std::vector<double> fixed;
  std::vector<BlockSeconds> seconds;
  std::vector<BlockProbabilities> probabilities;
};

std::vector<double> random_values(Rng& rng, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) {
    value = 0.05 + uniform(rng);
  }
  return values;
}

Case random_case(Rng& rng) {
  const std::size_t chunks = 1 + uniform_index(rng, 4);
  const std::size_t bits = 1 + uniform_index(rng, 3);
  const std::size_t alternatives = uniform_index(rng, 3);
  Case c{random_values(rng, chunks), {}, {}};
  for (std::size_t block = 0; block < 1 + uniform_index(rng, 5); ++block) {
    BlockSeconds seconds;
    for (std::size_t j = 0; j < bits; ++j) {
      seconds.executed.push_back(random_values(rng, chunks));
    }
    for (std::size_t k = 0; k < alternatives; ++k) {
      seconds.alternatives.push_back(random_values(rng, chunks));
    }
    c.seconds.push_back(seconds);
    c.probabilities.push_back({random_values(rng, 1 + alternatives), random_values(rng, bits)});
  }
  return c;
}

class ExpectedCostOf : public testing::TestWithParam<Objective> {};

TEST_P(ExpectedCostOf, GradientEqualsFiniteDifferences) {
  Rng rng = make_rng(1, "test");
  for (int i = 0; i < 50; ++i) {
    Case c = random_case(rng);
    const ExpectedCost cost = expected_cost(GetParam(), c.fixed, c.seconds, c.probabilities);
    const auto check = [&](double& value, double gradient) {
      const double step = 1e-6;
      const double kept = value;
      value = kept + step;
      const double above = expected_cost(GetParam(), c.fixed, c.seconds, c.probabilities).log_seconds;
      value = kept - step;
      const double below = expected_cost(GetParam(), c.fixed, c.seconds, c.probabilities).log_seconds;
      value = kept;
      EXPECT_NEAR((above - below) / (2 * step), gradient, 1e-4 * std::abs(gradient) + 1e-9);
    };
    for (std::size_t l = 0; l < c.probabilities.size(); ++l) {
      for (std::size_t k = 0; k < c.probabilities[l].p.size(); ++k) {
        check(c.probabilities[l].p[k], cost.gradient[l].p[k]);
      }
      for (std::size_t j = 0; j < c.probabilities[l].q.size(); ++j) {
        check(c.probabilities[l].q[j], cost.gradient[l].q[j]);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Objectives, ExpectedCostOf, testing::Values(Objective::fps, Objective::latency));

TEST(ExpectedCost, OfCertainChoicesIsNearTheSlowestChunkAndTheSumIsExact) {
  // Two chunks at 3 and 1 seconds with the block's choice certain.
  const std::vector<BlockSeconds> seconds = {{{{2.0, 0.5}}, {}}};
  const std::vector<BlockProbabilities> certain = {{{1.0}, {1.0}}};
  const std::vector<double> fixed = {1.0, 0.5};
  EXPECT_NEAR(std::exp(expected_cost(Objective::fps, fixed, seconds, certain).log_seconds), 3.0, 0.01);
  EXPECT_DOUBLE_EQ(std::exp(expected_cost(Objective::latency, fixed, seconds, certain).log_seconds), 4.0);
}

}  // namespace
}  // namespace autonba
