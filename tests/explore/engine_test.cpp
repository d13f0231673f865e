#include "explore/engine.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "explore/design_cost.hpp"
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

TEST_P(EveryEngine, FindsDesignsOfLittleEnergyAndArea) {
  AsicProblem small(quick_network("k3_e3", 6));
  for (const Objective objective : {Objective::energy, Objective::edp, Objective::area}) {
    const double most_seconds = 1e-3;
    const Solution solution = explore(GetParam(), small.problem(objective, most_seconds), {80}, 1, small.mapper);
    ASSERT_TRUE(solution.accelerator);
    EXPECT_EQ(evaluate(small.network, *solution.accelerator, small.platform), solution.cost);
    EXPECT_TRUE(fits(solution.cost.resources, small.platform));
    const double value = value_of(objective, solution.cost, solution.accelerator->batch, small.platform);
    EXPECT_NEAR(solution.trace.back().best_value / value, 1, 1e-9);
    if (objective == Objective::area) {
      EXPECT_LE(value_of(Objective::fps, solution.cost, solution.accelerator->batch, small.platform), most_seconds);
    }
  }
}

TEST_P(EveryEngine, RefusesAnObjectiveWithoutTables) {
  SmallProblem small(quick_network("k3_e3", 6));
  EXPECT_THROW(explore(GetParam(), small.problem(Objective::energy), {10}, 1, small.mapper), InputError);
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

TEST_P(EveryEngine, StopsWithADesignWhenItIsTold) {
  SmallProblem small(quick_network("k3_e3", 6));
  const std::atomic<bool> stop = true;
  constexpr std::int64_t most = 1'000'000;
  const Solution solution = explore(GetParam(), small.problem(), {.evaluations = most, .stop = &stop}, 1, small.mapper);
  ASSERT_TRUE(solution.accelerator);
  EXPECT_LT(solution.evaluations, most);
  EXPECT_TRUE(fits(solution.cost.resources, small.platform));
  if (solution.bound) {
    EXPECT_LE(*solution.bound, value_of(Objective::fps, solution.cost, solution.accelerator->batch, small.platform));
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
  EXPECT_EQ(first.accelerator == other.accelerator, GetParam() == "exact");  // which has nothing to draw
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

TEST_P(EveryEngine, SpendsTheSmallestBudgets) {
  SmallProblem small(quick_network("k3_e1", 4));
  for (const std::int64_t evaluations : {1, 2, 3, 11}) {
    EXPECT_EQ(explore(GetParam(), small.problem(), {evaluations}, 1, small.mapper).evaluations, evaluations);
  }
}

/// Five layers, of which conv chunks run four; few parameters, and a platform that not every design fits.
struct TinyProblem {
  Network network;
  Platform platform = load_platform("zc706");
  DesignSpace space = load_design_space("fpga-small");
  Mapper mapper;

  TinyProblem() : mapper(limited(platform)) {
    const auto layer = [](const char* id, LayerOp op, int reads, int in, int out, int kernel) {
      const bool depthwise = op == LayerOp::depthwise;
      return Layer{.id = id,
                   .op = op,
                   .inputs = {{reads, {{0, in}}}},
                   .channels_in = in,
                   .channels_out = out,
                   .groups = depthwise ? in : 1,
                   .kernel = {kernel, kernel},
                   .padding = all_sides(kernel / 2),
                   .height_in = 12,
                   .width_in = 12};
    };
    network.input = {.channels = 3, .height = 12, .width = 12, .bits = 8};
    network.layers = {layer("stem", LayerOp::conv, network_input, 3, 16, 3),
                      layer("expand", LayerOp::conv, 0, 16, 48, 1), layer("spread", LayerOp::depthwise, 1, 48, 48, 3),
                      layer("project", LayerOp::conv, 2, 48, 16, 1), layer("head", LayerOp::conv, 3, 16, 64, 1)};
    space.batch = {1, 2};
    space.conv.unroll_m = {4, 16};
    space.conv.unroll_n = {4};
    space.conv.unroll_p = {1, 3};
    space.conv.mac = {MacKind::dsp1};
    space.conv.requant_lanes = {4};
    space.conv.depth_input = {512};
    space.conv.depth_weight = {64, 512};
    space.conv.depth_output = {512};
    space.conv.port_bits = {64};
    space.depthwise.unroll_m = {4, 8};
    space.depthwise.unroll_p = {1};
    space.depthwise.mac = {MacKind::dsp1};
    space.depthwise.requant_lanes = {4};
    space.depthwise.depth_input = {512};
    space.depthwise.depth_weight = {256};
    space.depthwise.depth_output = {512};
    space.depthwise.port_bits = {32};
  }

  static const Platform& limited(Platform& platform) {
    platform.dsp = 150;
    return platform;
  }
};

/// Calls `visit` with every chunk of the tiny problem's space.
void for_each_chunk(const ChunkSpace& space, ChunkKind kind, const std::function<void(const Chunk&)>& visit) {
  for (const int m : space.unroll_m) {
    for (const int p : space.unroll_p) {
      for (const int weights : space.depth_weight) {
        visit({.kind = kind,
               .bits = 8,
               .unroll_m = m,
               .unroll_n = space.unroll_n.front(),
               .unroll_p = p,
               .mac = space.mac.front(),
               .requant_lanes = space.requant_lanes.front(),
               .stride_max = space.stride_max.front(),
               .depth_input = space.depth_input.front(),
               .depth_weight = weights,
               .depth_output = space.depth_output.front(),
               .accumulator = space.accumulator.front(),
               .port_bits = space.port_bits.front()});
      }
    }
  }
}

/// The best value over every batch, every one or two conv chunks, every depthwise chunk and every assignment.
double best_of_all(TinyProblem& tiny, Objective objective, int& infeasible) {
  std::vector<ShapeId> layers = tiny.mapper.intern(tiny.network);
  double best = std::numeric_limits<double>::infinity();
  const auto try_out = [&](const Design& design) {
    const DesignCost cost = cost_of(design, layers, objective, tiny.mapper);
    infeasible += feasible(cost) ? 0 : 1;
    best = feasible(cost) ? std::min(best, cost.value) : best;
  };
  for (const int batch : objective == Objective::fps ? std::vector{1, 2} : std::vector{1}) {
    for_each_chunk(tiny.space.depthwise, ChunkKind::depthwise, [&](const Chunk& spread) {
      for_each_chunk(tiny.space.conv, ChunkKind::conv, [&](const Chunk& a) {
        try_out({.batch = batch, .chunks = {a, spread}, .chunk_of = {0, 0, 1, 0, 0}});
        for_each_chunk(tiny.space.conv, ChunkKind::conv, [&](const Chunk& b) {
          for (int on_b = 1; on_b < 15; ++on_b) {  // bits: layers on the second chunk
            try_out({.batch = batch,
                     .chunks = {a, b, spread},
                     .chunk_of = {on_b & 1, on_b >> 1 & 1, 2, on_b >> 2 & 1, on_b >> 3 & 1}});
          }
        });
      });
    });
  }
  return best;
}

TEST_P(EveryEngine, FindsTheOptimumOfATinySpace) {
  for (const Objective objective : {Objective::fps, Objective::latency}) {
    TinyProblem tiny;
    int infeasible = 0;
    const double best = best_of_all(tiny, objective, infeasible);
    EXPECT_GT(infeasible, 100);
    const Problem problem{tiny.network, tiny.platform, tiny.space, objective};
    const Solution solution = explore(GetParam(), problem, {20'000}, 1, tiny.mapper);
    ASSERT_TRUE(solution.accelerator);
    EXPECT_DOUBLE_EQ(solution.trace.back().best_value, best);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, EveryEngine, testing::ValuesIn(engine_names()),
                         [](const auto& parameter) { return parameter.param; });

TEST(Explore, RejectsAnUnknownEngine) {
  SmallProblem small(quick_network("k3_e1", 4));
  EXPECT_THROW(explore("dass", small.problem(), {1}, 1, small.mapper), InputError);
}

TEST(Exact, RefusesMoreChunksThanItsProofCovers) {
  SmallProblem small(quick_network("k3_e1", 4));
  small.space.conv.chunks_max = 4;
  small.space.depthwise.chunks_max = 3;
  small.space.chunks_max = 6;
  EXPECT_NO_THROW(explore("exact", small.problem(), {.evaluations = 1}, 1, small.mapper));
  small.space.chunks_max = 7;
  EXPECT_THROW(explore("exact", small.problem(), {.evaluations = 1}, 1, small.mapper), InputError);
}

TEST(Exact, RefusesMoreDepthsThanItCanCompare) {
  AsicProblem small(quick_network("k3_e1", 4));
  small.space.conv.depth_input.resize(130);
  std::iota(small.space.conv.depth_input.begin(), small.space.conv.depth_input.end(), 100);
  for (const Objective objective : {Objective::fps, Objective::energy, Objective::area}) {
    EXPECT_THAT([&] { explore("exact", small.problem(objective, 1), {.evaluations = 1}, 1, small.mapper); },
                testing::ThrowsMessage<InputError>(testing::HasSubstr("130 depths of a buffer, more than the 126")));
  }
}

// The designs that it draws do not depend on the objective.
TEST(Random, FindsNoMoreEnergyWhenItLooksForIt) {
  AsicProblem small(quick_network("k3_e3", 6));
  const auto energy_after = [&](Objective objective) {
    const Solution solution = explore("random", small.problem(objective), {200}, 1, small.mapper);
    return value_of(Objective::energy, solution.cost, solution.accelerator->batch, small.platform);
  };
  EXPECT_LE(energy_after(Objective::energy), energy_after(Objective::fps));
  EXPECT_LE(energy_after(Objective::energy), energy_after(Objective::edp));
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
