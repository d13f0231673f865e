#include "cosearch/derive.hpp"

#include <gmock/gmock.h>

#include "accel/placement.hpp"
#include "base/error.hpp"
#include "tiny.hpp"

namespace autonba {
namespace {

class Deriving : public testing::Test {
 protected:
  /// Every block most likely the costliest operator at 8 bits.
  Logits costly_logits() const {
    Logits logits = make_logits(tiny_space());
    for (std::size_t block = 0; block < logits.alpha.size(); ++block) {
      logits.alpha[block] = {0, 1, 2};
      logits.beta[block].assign(3, {0, 1});
    }
    return logits;
  }

  double seconds_of(const Architecture& architecture) const {
    Pricing pricing(tiny_space(), 4, tiny_platform(), tiny_design_space(), Objective::fps);
    const Solution solution = pricing.refresh(architecture, "random", {20}, 1);
    return value_of(Objective::fps, solution.cost, 1, pricing.platform());
  }

  Pricing pricing_{tiny_space(), 4, tiny_platform(), tiny_design_space(), Objective::fps};
  static Config config_for(const Target& target) {
    return {.target = target, .accelerator = {.engine = "random", .evaluations = 20, .final_evaluations = 20}};
  }
};

TEST_F(Deriving, TakesTheLikeliestNetworkWhereItMeetsTheTarget) {
  const Derived derived = derive(costly_logits(), pricing_, config_for({Objective::fps, 1}), 1);
  EXPECT_EQ(derived.architecture, Architecture(3, {2, 1}));
  EXPECT_EQ(derived.substitutions, 0);
  EXPECT_EQ(derived.network, pricing_.network(derived.architecture));
}

TEST_F(Deriving, SubstitutesUntilTheTargetIsMet) {
  const double costliest = seconds_of(Architecture(3, {2, 1}));
  const double cheapest = seconds_of(cheapest_architecture(tiny_space()));
  ASSERT_LT(cheapest, 0.8 * costliest);
  const Target target{Objective::fps, 1 / (0.5 * (costliest + cheapest))};
  const Derived derived = derive(costly_logits(), pricing_, config_for(target), 1);
  EXPECT_LE(derived.seconds, limit_of(target));
  EXPECT_GT(derived.substitutions, 0);
  EXPECT_NE(derived.architecture, cheapest_architecture(tiny_space())) << "no more is given up than needed";
}

TEST(DerivingFromTheCostliest, EveryTargetThatTheCheapestNetworkMeetsIsMet) {
  const SearchSpace space = load_space("quick");
  Pricing pricing(space, 10, tiny_platform(), load_design_space("fpga-small"), Objective::fps);
  const Architecture cheapest = cheapest_architecture(space);
  const Solution best = pricing.refresh(cheapest, "exact", final_budget({}, pricing.design_space()), 1);
  const double seconds = value_of(Objective::fps, best.cost, best.accelerator->batch, pricing.platform());
  Logits logits = make_logits(space);
  for (std::size_t block = 0; block < logits.alpha.size(); ++block) {
    for (std::size_t op = 0; op < logits.alpha[block].size(); ++op) {
      logits.alpha[block][op] = op == static_cast<std::size_t>(cheapest[block].op) ? -9.0 : static_cast<double>(op);
    }
  }
  for (const double share : {0.8, 0.97, 1.0}) {
    const Target target{Objective::fps, share / seconds};
    EXPECT_LE(derive(logits, pricing, {.target = target}, 1).seconds, limit_of(target)) << share;
  }
}

TEST_F(Deriving, SaysTheBestFoundWhereNothingFits) {
  const Target target{Objective::fps, 1e9};
  EXPECT_THAT([&] { derive(costly_logits(), pricing_, config_for(target), 1); },
              testing::ThrowsMessage<WorkError>(testing::HasSubstr("the best found reaches")));
}

TEST_F(Deriving, ATargetThatTheCheapestNetworkMissesIsRefused) {
  EXPECT_THAT(
      [&] {
        check_target(pricing_, config_for({Objective::fps, 1e9}), 1);
      },
      testing::ThrowsMessage<InputError>(testing::HasSubstr("the cheapest network of the space reaches")));
  check_target(pricing_, config_for({Objective::fps, 10}), 1);
}

/// Without and with a feature store.
class PricingOf : public testing::TestWithParam<bool> {
 protected:
  static Pricing make() {
    DesignSpace space = tiny_design_space();
    if (GetParam()) {
      space.store = StoreSpace{.port_bits = {64}, .depth_max = 262144};
    }
    return {tiny_space(), 4, tiny_platform(), space, Objective::fps};
  }
};

TEST_P(PricingOf, OfTheSolvedNetworkEqualsTheCostModel) {
  Pricing pricing = make();
  const Architecture architecture = {{1, 0}, {2, 1}, {0, 1}};
  const Solution solution = pricing.refresh(architecture, "random", {20}, 3);
  EXPECT_EQ(solution.accelerator->store.has_value(), GetParam());
  const Cost cost = evaluate(pricing.network(architecture), *solution.accelerator, pricing.platform());
  const double expected = value_of(Objective::fps, cost, solution.accelerator->batch, pricing.platform());
  EXPECT_NEAR(pricing.objective_seconds(pricing.chunk_seconds(architecture)), expected, 1e-12);
}

TEST_P(PricingOf, BlocksAndTheRestAddUpToTheWhole) {
  Pricing pricing = make();
  pricing.refresh({{1, 0}, {2, 1}, {0, 1}}, "random", {20}, 3);
  const Architecture other = {{0, 1}, {1, 0}, {2, 1}};
  std::vector<double> sum = pricing.fixed_seconds(other);
  for (std::size_t block = 0; block < other.size(); ++block) {
    const std::vector<double> of_block = pricing.block_seconds(other, block, other[block]);
    for (std::size_t chunk = 0; chunk < sum.size(); ++chunk) {
      sum[chunk] += of_block[chunk];
    }
  }
  EXPECT_THAT(sum, testing::Pointwise(testing::DoubleNear(1e-12), pricing.chunk_seconds(other)));
}

TEST_P(PricingOf, IsTheSameAfterSavingAndRestoring) {
  Pricing pricing = make();
  pricing.refresh({{1, 0}, {2, 1}, {0, 1}}, "random", {20}, 3);
  Pricing restored = make();
  restored.restore(pricing.save(), "test");
  const Architecture other = {{0, 1}, {1, 0}, {2, 1}};
  EXPECT_EQ(restored.chunk_seconds(other), pricing.chunk_seconds(other));
  EXPECT_EQ(restored.solved()->accelerator, pricing.solved()->accelerator);
}

INSTANTIATE_TEST_SUITE_P(Store, PricingOf, testing::Bool());

/// With all maps of the solved network in the store, those of another one are taken to lie there too.
TEST(Pricing, NewMapsLieWhereMostOfTheSolvedNetworkDo) {
  DesignSpace space = tiny_design_space();
  space.store = StoreSpace{.port_bits = {128}, .depth_max = 262144};
  Pricing pricing(tiny_space(), 4, tiny_platform(), space, Objective::fps);
  pricing.refresh({{1, 0}, {2, 1}, {0, 1}}, "exact", {}, 3);
  Accelerator solved = pricing.solved()->accelerator;
  const Architecture other = {{0, 1}, {1, 0}, {2, 1}};
  const Network network = pricing.network(other);
  const std::vector<bool> storable = storable_maps(network);
  Mapper mapper(pricing.platform());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    solved.places.resize(network.layers.size());
    solved.places[i].writes_store = storable[i];
  }
  const std::vector<ShapeId> shapes = mapper.intern(network);
  const std::vector<StoreUse> uses = store_uses(network, solved);
  std::vector<double> cycles(solved.chunks.size(), 0);
  for (std::size_t i = 0; i < shapes.size(); ++i) {  // a chunk of each kind
    const std::size_t chunk =
        is_depthwise_kind(mapper.shape(shapes[i])) == (solved.chunks[0].kind == ChunkKind::depthwise) ? 0 : 1;
    cycles[chunk] += static_cast<double>(mapper.best(shapes[i], solved.chunks[chunk], solved.batch, uses[i])->cycles);
  }
  const std::vector<double> seconds = pricing.chunk_seconds(other);
  ASSERT_EQ(seconds.size(), 2U);
  for (std::size_t chunk = 0; chunk < 2; ++chunk) {
    EXPECT_NEAR(seconds[chunk] * pricing.platform().clock_mhz * 1e6 * solved.batch, cycles[chunk],
                1e-6 * cycles[chunk]);
  }
}

}  // namespace
}  // namespace autonba
