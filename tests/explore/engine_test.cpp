#include "explore/engine.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/error.hpp"
#include "problems.hpp"

namespace autonba {
namespace {

class EveryEngine : public testing::TestWithParam<std::string> {};

TEST_P(EveryEngine, ReturnsADesignThatFitsAndCostsWhatItSays) {
  SmallProblem small(quick_network("k3_e3", 6));
  const Solution solution = explore(GetParam(), small.problem(), {300}, 1, small.mapper);
  ASSERT_TRUE(solution.accelerator);
  EXPECT_EQ(evaluate(small.network, *solution.accelerator, small.platform), solution.cost);
  EXPECT_TRUE(fits(solution.cost.resources, small.platform));
  ASSERT_FALSE(solution.trace.empty());
  EXPECT_DOUBLE_EQ(solution.trace.back().best_value,
                   value_of(Objective::fps, solution.cost, solution.accelerator->batch, small.platform));
}

TEST_P(EveryEngine, StopsAtTheBudgetAndOnlyImproves) {
  SmallProblem small(quick_network("k3_e1", 8));
  const Solution solution = explore(GetParam(), small.problem(), {101}, 1, small.mapper);
  EXPECT_EQ(solution.evaluations, 101);
  for (std::size_t i = 1; i < solution.trace.size(); ++i) {
    EXPECT_LT(solution.trace[i].best_value, solution.trace[i - 1].best_value);
    EXPECT_GT(solution.trace[i].evaluations, solution.trace[i - 1].evaluations);
  }
}

TEST_P(EveryEngine, RepeatsItselfWhateverTheMapperRemembers) {
  SmallProblem small(quick_network("k3_e3", 6));
  const Solution first = explore(GetParam(), small.problem(), {150}, 7, small.mapper);
  const Solution again = explore(GetParam(), small.problem(), {150}, 7, small.mapper);
  SmallProblem fresh(quick_network("k3_e3", 6));
  const Solution elsewhere = explore(GetParam(), fresh.problem(), {150}, 7, fresh.mapper);
  EXPECT_EQ(first.accelerator, again.accelerator);
  EXPECT_EQ(first.accelerator, elsewhere.accelerator);
  const Solution other = explore(GetParam(), small.problem(), {150}, 8, small.mapper);
  EXPECT_NE(first.accelerator, other.accelerator);
}

TEST_P(EveryEngine, IsNeverWorseThanItsStart) {
  SmallProblem small(quick_network("k3_e3", 6));
  const Solution start = explore(GetParam(), small.problem(), {200}, 1, small.mapper);
  const Solution warm = explore(GetParam(), small.problem(), {20}, 2, small.mapper, start.accelerator);
  EXPECT_LE(warm.trace.front().best_value, start.trace.back().best_value);
  EXPECT_LE(warm.trace.back().best_value, start.trace.back().best_value);
}

TEST_P(EveryEngine, TakesAStartOfAnotherNetwork) {
  SmallProblem small(quick_network("k3_e3", 6));
  const Solution start = explore(GetParam(), small.problem(), {200}, 1, small.mapper);
  small.network = quick_network("k5_e1", 4);
  const Solution warm = explore(GetParam(), small.problem(), {20}, 2, small.mapper, start.accelerator);
  ASSERT_TRUE(warm.accelerator);
  EXPECT_EQ(warm.accelerator->places.size(), small.network.layers.size());
  EXPECT_EQ(evaluate(small.network, *warm.accelerator, small.platform), warm.cost);
}

TEST_P(EveryEngine, FindsNothingWhereNothingFits) {
  SmallProblem small(quick_network("k3_e1", 4));
  small.platform.bram18 = 1;
  Mapper mapper(small.platform);
  const Solution solution = explore(GetParam(), small.problem(), {60}, 1, mapper);
  EXPECT_FALSE(solution.accelerator);
  EXPECT_TRUE(solution.trace.empty());
  EXPECT_EQ(solution.fitting, 0);
}

TEST_P(EveryEngine, MinimisesLatencyAtBatchOne) {
  SmallProblem small(quick_network("k3_e3", 6));
  const Solution solution = explore(GetParam(), small.problem(Objective::latency), {300}, 1, small.mapper);
  ASSERT_TRUE(solution.accelerator);
  EXPECT_EQ(solution.accelerator->batch, 1);
  EXPECT_DOUBLE_EQ(solution.trace.back().best_value,
                   static_cast<double>(solution.cost.latency_cycles) / (small.platform.clock_mhz * 1e6));
}

INSTANTIATE_TEST_SUITE_P(Engines, EveryEngine, testing::ValuesIn(engine_names()),
                         [](const auto& parameter) { return parameter.param; });

TEST(Explore, RejectsAnUnknownEngine) {
  SmallProblem small(quick_network("k3_e1", 4));
  EXPECT_THROW(explore("dass", small.problem(), {1}, 1, small.mapper), InputError);
}

TEST(Das, BeatsRandomAtEqualEvaluations) {
  SmallProblem small(quick_network("k5_e6", 8));
  const auto median = [&](const std::string& engine) {
    std::vector<double> values;
    for (const std::uint64_t seed : {1, 2, 3}) {
      values.push_back(explore(engine, small.problem(), {1500}, seed, small.mapper).trace.back().best_value);
    }
    std::sort(values.begin(), values.end());
    return values[1];
  };
  EXPECT_LT(median("das"), median("random"));
}

}  // namespace
}  // namespace autonba
