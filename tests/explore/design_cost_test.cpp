#include "explore/design_cost.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "problems.hpp"

namespace autonba {
namespace {

constexpr Chunk conv_chunk{.kind = ChunkKind::conv,
                           .unroll_m = 16,
                           .unroll_n = 8,
                           .unroll_p = 2,
                           .mac = MacKind::dsp2,
                           .requant_lanes = 8,
                           .stride_max = 2,
                           .depth_input = 1024,
                           .depth_weight = 1024,
                           .depth_output = 1024,
                           .port_bits = 64};
constexpr Chunk depthwise_chunk{.kind = ChunkKind::depthwise,
                                .unroll_m = 8,
                                .unroll_p = 2,
                                .requant_lanes = 4,
                                .stride_max = 2,
                                .depth_input = 1024,
                                .depth_weight = 256,
                                .depth_output = 1024,
                                .port_bits = 64};

struct Case {
  SmallProblem small{quick_network("k3_e3", 6)};
  std::vector<LayerShape> shapes = layer_shapes(small.network);
  std::vector<ShapeId> layers = small.mapper.intern(small.network);
  Design design{.picks = {}, .batch = 4, .chunks = {conv_chunk, depthwise_chunk}, .slots = {0, 2}, .chunk_of = {}};

  Case() {
    for (const LayerShape& shape : shapes) {
      design.chunk_of.push_back(is_depthwise_kind(shape) ? 1 : 0);
    }
  }
};

TEST(DesignCost, OfAFeasibleDesignIsThatOfTheCostModel) {
  Case c;
  for (const Objective objective : {Objective::fps, Objective::latency}) {
    const DesignCost cost = cost_of(c.design, c.layers, objective, c.small.mapper);
    ASSERT_TRUE(feasible(cost));
    const Accelerator accelerator = accelerator_of(c.design, cost);
    const Cost expected = evaluate(c.small.network, accelerator, c.small.platform);
    EXPECT_DOUBLE_EQ(cost.value, value_of(objective, expected, 4, c.small.platform));
    EXPECT_DOUBLE_EQ(cost.log_cost, std::log(cost.value));
    EXPECT_EQ(total(cost.chunk_resources), expected.resources);
  }
}

TEST(DesignCost, PenaltyGrowsWithTheExcess) {
  Case c;
  c.small.platform.dsp = 100;
  Mapper mapper(c.small.platform);
  const std::vector<ShapeId> layers = mapper.intern(c.small.network);
  double last = 0;
  for (const int unroll : {4, 8, 16}) {  // 32, 64 and 128 MACs a row
    c.design.chunks[0].unroll_n = unroll;
    const DesignCost cost = cost_of(c.design, layers, Objective::fps, mapper);
    EXPECT_FALSE(cost.fits);
    EXPECT_TRUE(std::isfinite(cost.log_cost));
    EXPECT_GT(cost.log_cost - std::log(cost.value), last);
    last = cost.log_cost - std::log(cost.value);
  }
}

TEST(DesignCost, LayersThatCannotRunCostMoreAndMakeTheDesignInfeasible) {
  Case c;
  const DesignCost runs = cost_of(c.design, c.layers, Objective::fps, c.small.mapper);
  c.design.chunks[0].depth_weight = 2;  // no layer's weights fit
  const DesignCost cramped = cost_of(c.design, c.layers, Objective::fps, c.small.mapper);
  EXPECT_TRUE(cramped.fits);
  EXPECT_FALSE(cramped.runs);
  EXPECT_TRUE(std::isfinite(cramped.log_cost));
  EXPECT_GT(cramped.log_cost, runs.log_cost);
}

TEST(DesignCost, BelowALimitIsTheSameCostOrNothing) {
  Case c;
  const DesignCost cost = cost_of(c.design, c.layers, Objective::fps, c.small.mapper);
  const DesignCost below = cost_below(cost.value * 1.01, c.design, c.layers, Objective::fps, c.small.mapper);
  EXPECT_TRUE(feasible(below));
  EXPECT_EQ(below.value, cost.value);
  EXPECT_EQ(below.places, cost.places);
  EXPECT_FALSE(feasible(cost_below(cost.value, c.design, c.layers, Objective::fps, c.small.mapper)));
}

struct AsicCase {
  AsicProblem small{quick_network("k3_e3", 6)};
  std::vector<ShapeId> layers = small.mapper.intern(small.network);
  Design design = Case().design;

  AsicCase() {
    for (Chunk& chunk : design.chunks) {
      chunk.mac = MacKind::plain;
    }
  }
};

TEST(DesignCost, OnAnAsicIsThatOfTheCostModelForEveryObjective) {
  AsicCase c;
  for (const Objective objective :
       {Objective::fps, Objective::latency, Objective::energy, Objective::edp, Objective::area}) {
    const DesignCost cost = cost_of(c.design, c.layers, objective, c.small.mapper);
    ASSERT_TRUE(feasible(cost));
    const Accelerator accelerator = accelerator_of(c.design, cost);
    const Cost expected = evaluate(c.small.network, accelerator, c.small.platform);
    EXPECT_NEAR(cost.value / value_of(objective, expected, 4, c.small.platform), 1, 1e-9);
    EXPECT_EQ(total(cost.chunk_resources), expected.resources);
  }
}

TEST(DesignCost, EveryObjectiveChoosesTheMappingsThatAreBestForIt) {
  AsicCase c;
  std::vector<Cost> costs;
  const std::vector<Objective> objectives = {Objective::fps, Objective::energy, Objective::edp};
  for (const Objective objective : objectives) {
    const DesignCost cost = cost_of(c.design, c.layers, objective, c.small.mapper);
    costs.push_back(evaluate(c.small.network, accelerator_of(c.design, cost), c.small.platform));
  }
  for (std::size_t own = 0; own < objectives.size(); ++own) {
    const auto value = [&](std::size_t i) { return value_of(objectives[own], costs[i], 4, c.small.platform); };
    for (std::size_t other = 0; other < objectives.size(); ++other) {
      EXPECT_LE(value(own), value(other) * (1 + 1e-9));
    }
  }
  EXPECT_NE(costs[0].energy->batch_pj, costs[1].energy->batch_pj);  // or the test says nothing
}

TEST(DesignCost, AnAreaThatTakesTooLongIsNotFeasible) {
  AsicCase c;
  const DesignCost fastest = cost_of(c.design, c.layers, Objective::fps, c.small.mapper);
  const DesignCost in_time = cost_of(c.design, c.layers, {Objective::area, fastest.value}, c.small.mapper);
  EXPECT_TRUE(feasible(in_time));
  EXPECT_DOUBLE_EQ(in_time.log_cost, std::log(in_time.value));
  const DesignCost late = cost_of(c.design, c.layers, {Objective::area, fastest.value / 2}, c.small.mapper);
  EXPECT_FALSE(feasible(late));
  EXPECT_NEAR(late.log_cost, std::log(late.value) + excess_penalty * std::log(2.0) + infeasible_penalty, 1e-9);
}

TEST(DesignCost, LayersThatCannotRunCostMoreEnergy) {
  AsicCase c;
  const DesignCost runs = cost_of(c.design, c.layers, Objective::energy, c.small.mapper);
  c.design.chunks[0].depth_weight = 2;  // no layer's weights fit
  const DesignCost cramped = cost_of(c.design, c.layers, Objective::energy, c.small.mapper);
  EXPECT_FALSE(cramped.runs);
  EXPECT_TRUE(std::isfinite(cramped.log_cost));
  EXPECT_GT(cramped.log_cost, runs.log_cost);
}

}  // namespace
}  // namespace autonba
