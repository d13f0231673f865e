#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "accel/placement.hpp"
#include "model/load_network.hpp"
#include "small_problems.hpp"
#include "store_brute_force.hpp"

namespace autonba {
namespace {

constexpr double rounding = 1e-12;  // sums are taken in another order

class ExactWithStore : public testing::TestWithParam<Objective> {};

/// It can be built as it is: slots, words and resources are those of a schedule.
void expect_valid(const RandomProblem& small, const Solution& solution) {
  const Accelerator& accelerator = *solution.accelerator;
  EXPECT_EQ(evaluate(small.network, accelerator, small.platform), solution.cost);
  EXPECT_TRUE(fits(solution.cost.resources, small.platform));
  const std::vector<std::int64_t> words = slot_words(small.network, accelerator);
  check_placement(small.network, accelerator,
                  make_schedule(small.network, accelerator, solution.cost.layer_cycles, words), "solution");
  EXPECT_TRUE(!accelerator.store || accelerator.store->depth <= small.space.store->depth_max);
}

// Waiting for other moments than the end of an input may save a slot, which brute force does not try.
TEST_P(ExactWithStore, IsAsGoodAsBruteForceAndItsBoundHolds) {
  Rng rng = make_rng(60, "exact with store", static_cast<std::uint64_t>(GetParam()));
  int feasible = 0;
  int equal = 0;
  int stored = 0;
  int gained = 0;
  for (int i = 0; i < 100; ++i) {
    SCOPED_TRACE("problem " + std::to_string(i));
    const RandomProblem small = random_store_problem(rng);
    const Problem problem = small.problem(GetParam());
    const Enumeration all = brute_force_with_store(problem);
    Mapper mapper(small.platform);
    const Solution solution = explore("exact", problem, {}, 1, mapper);
    ASSERT_EQ(solution.accelerator.has_value(), all.accelerator.has_value());
    if (!solution.accelerator) {
      continue;
    }
    expect_valid(small, solution);
    const double value = value_of(GetParam(), solution.cost, solution.accelerator->batch, small.platform);
    ASSERT_LE(value, all.value * (1 + rounding));
    ASSERT_LE(*solution.bound, value * (1 + rounding));
    ASSERT_GE(*solution.bound, value * (1 - rounding));
    DesignSpace without = small.space;
    without.store.reset();
    const Enumeration plain = brute_force({small.network, small.platform, without, GetParam()});
    ++feasible;
    equal += value >= all.value * (1 - rounding) ? 1 : 0;
    stored += solution.accelerator->store ? 1 : 0;
    gained += plain.accelerator && value < plain.value * (1 - 1e-9) ? 1 : 0;
  }
  EXPECT_GT(feasible, 50);
  EXPECT_GT(equal, feasible - 3);
  EXPECT_GT(stored, 25);
  EXPECT_GT(gained, 15);
}

INSTANTIATE_TEST_SUITE_P(Objectives, ExactWithStore, testing::Values(Objective::fps, Objective::latency));

TEST(ExactOfARealNetwork, IsNoWorseWithAStoreThanWithout) {
  const Network network = load_network("resnet50");
  const Platform platform = load_platform("zc706");
  const DesignSpace space = load_design_space("fpga-store");
  DesignSpace without = space;
  without.store.reset();
  Mapper mapper(platform);
  const auto fps_in = [&](const DesignSpace& of, std::int64_t evaluations) {
    const Solution found =
        explore("exact", {network, platform, of}, {.evaluations = evaluations, .threads = 2}, 1, mapper);
    return fps(found.cost.ii_cycles, found.accelerator->batch, platform);
  };
  constexpr std::int64_t evaluations = 250;  // a quarter of those with a store are of designs without
  EXPECT_GE(fps_in(space, 4 * evaluations), fps_in(without, evaluations));
}

}  // namespace
}  // namespace autonba
