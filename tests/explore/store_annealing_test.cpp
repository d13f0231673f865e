#include "explore/exact/store_annealing.hpp"

#include <gtest/gtest.h>

#include <string>

#include "explore/exact/improve.hpp"
#include "model/load_network.hpp"
#include "small_problems.hpp"
#include "store_brute_force.hpp"

namespace autonba {
namespace {

constexpr double rounding = 1e-12;  // sums are taken in another order

bool never() {
  return false;
}

class StoreAnnealing : public testing::TestWithParam<Objective> {};

TEST_P(StoreAnnealing, FindsDesignsThatCanBeBuiltAndOftenTheBest) {
  Rng rng = make_rng(1, "annealing", static_cast<std::uint64_t>(GetParam()));
  int better = 0;
  int best = 0;
  for (int i = 0; i < 100; ++i) {
    SCOPED_TRACE("problem " + std::to_string(i));
    const RandomProblem small = random_store_problem(rng);
    const Problem problem = small.problem(GetParam());
    Mapper mapper(small.platform);
    DesignSpace without = small.space;
    without.store.reset();
    const Solution plain = explore("exact", {small.network, small.platform, without, GetParam()}, {}, 1, mapper);
    if (!plain.accelerator) {
      continue;
    }
    const Instance instance(problem, mapper, mapper.exact_memory(small.space));
    const std::optional<Found> start = design_of(instance, *plain.accelerator);
    ASSERT_TRUE(start);
    const std::optional<Found> found = anneal_with_store(instance, *start, {500, 0.05}, rng, never);
    if (!found) {
      continue;
    }
    EXPECT_LT(found->value, start->value);
    const Accelerator accelerator = mapped(instance, *found, mapper);
    const Cost cost = evaluate(small.network, accelerator, small.platform);
    EXPECT_TRUE(fits(cost.resources, small.platform));
    EXPECT_TRUE(!accelerator.store || accelerator.store->depth <= small.space.store->depth_max);
    EXPECT_NEAR(value_of(GetParam(), cost, accelerator.batch, small.platform) / found->value, 1, rounding);
    const double least = brute_force_with_store(problem).value;
    EXPECT_GE(found->value, least * (1 - rounding));
    ++better;
    best += found->value <= least * (1 + rounding) ? 1 : 0;
  }
  EXPECT_GT(better, 20);
  EXPECT_GT(best, better / 2);
}

INSTANTIATE_TEST_SUITE_P(Objectives, StoreAnnealing, testing::Values(Objective::fps, Objective::latency));

/// The best of a few designs without a store of a network of the zoo, in a space with one.
struct WithoutStore {
  explicit WithoutStore(const std::string& name) : network(load_network(name)) {
    DesignSpace without = space;
    without.store.reset();
    plain = explore("exact", {network, platform, without}, {.evaluations = 3000}, 1, mapper);
    instance.emplace(problem, mapper, mapper.exact_memory(space));
    start = design_of(*instance, *plain.accelerator);
  }

  const Network network;
  const Platform platform = load_platform("zc706");
  const DesignSpace space = load_design_space("fpga-store");
  const Problem problem = {network, platform, space};
  Mapper mapper{platform};
  Solution plain;
  std::optional<Instance> instance;
  std::optional<Found> start;
};

TEST(StoreAnnealingOfRealNetworks, BeginsWithTheDesignAsItIs) {
  const WithoutStore of("mobilenet-v2");  // with residuals on some chunks
  ASSERT_TRUE(of.start);
  const double value = value_of(Objective::fps, of.plain.cost, of.plain.accelerator->batch, of.platform);
  EXPECT_LE(of.start->value, value * (1 + rounding));
}

TEST(StoreAnnealingOfRealNetworks, FindsTheSameAgainAndNothingIfItIsStopped) {
  const WithoutStore of("squeezenet");
  ASSERT_TRUE(of.start);
  const auto anneal = [&](const std::function<bool()>& is_stopped) {
    return anneal_with_store(*of.instance, *of.start, {2000, 0.01}, make_rng(3, "again"), is_stopped);
  };
  const std::optional<Found> first = anneal(never);
  ASSERT_TRUE(first);
  EXPECT_EQ(accelerator_of(*of.instance, *first), accelerator_of(*of.instance, anneal(never).value()));
  EXPECT_FALSE(anneal([] { return true; }));
}

}  // namespace
}  // namespace autonba
