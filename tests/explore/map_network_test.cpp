#include "explore/map_network.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "base/error.hpp"
#include "explore/mappable.hpp"
#include "explore/progress_log.hpp"
#include "problems.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

template <typename Action>
std::string complaint(Action action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no complaint";
}

MapTask small_task() {
  MapTask task{.name = "small",
               .network = quick_network("k3_e3", 6),
               .platform = load_platform("zc706"),
               .space = load_design_space("fpga-small"),
               .target = std::nullopt,
               .axes = std::nullopt};
  task.engine = "annealing";
  task.budget = {.evaluations = 200};
  return task;
}

MapTask asic_task() {
  MapTask task = small_task();
  task.platform = load_platform("asic-28nm");
  task.space = load_design_space("asic");
  task.budget = {.evaluations = 60};
  return task;
}

MapResult mapped(const MapTask& task) {
  Mapper mapper(task.platform);
  return map_network(task, mapper);
}

TEST(Target, IsReadInTheUnitThatPeopleUse) {
  EXPECT_TRUE(meets(make_target(Objective::fps, 100), 1 / 100.5));
  EXPECT_FALSE(meets(make_target(Objective::fps, 100), 1 / 99.5));
  EXPECT_TRUE(meets(make_target(Objective::latency, 2), 0.0019));
  EXPECT_FALSE(meets(make_target(Objective::latency, 2), 0.0021));
  EXPECT_TRUE(meets(make_target(Objective::edp, 3), 2.9e-6));  // mJ·ms
  EXPECT_EQ(make_target(Objective::area, 50).metric, Objective::fps);
  EXPECT_EQ(in_words(make_target(Objective::fps, 12345)), "at least 12,345 images/s");
  EXPECT_EQ(in_words(make_target(Objective::latency, 2.5)), "at most 2.5 ms");
  for (const Objective objective : {Objective::fps, Objective::latency, Objective::energy, Objective::edp}) {
    EXPECT_NEAR(from_unit(objective, in_unit(objective, 0.125)), 0.125, 1e-15);
    EXPECT_EQ(objective_named(words_of(objective).name), objective);
  }
}

TEST(Target, IsALimitOfTheObjective) {
  EXPECT_DOUBLE_EQ(limit_of({Objective::fps, 200}), 0.005);
  EXPECT_DOUBLE_EQ(limit_of({Objective::latency, 4}), 0.004);
  EXPECT_DOUBLE_EQ(in_unit(Objective::fps, 0.005), 200);
  EXPECT_DOUBLE_EQ(in_unit(Objective::latency, 0.004), 4);
}

TEST(Target, NonsenseIsRefused) {
  for (const double value : {0., -1., std::numeric_limits<double>::infinity(), std::nan("")}) {
    EXPECT_THROW(make_target(Objective::fps, value), InputError);
  }
  EXPECT_THAT(complaint([] { objective_named("speed"); }), HasSubstr("fps, latency, energy, edp or area"));
}

TEST(MapNetwork, FindsWhatTheEngineFinds) {
  const MapTask task = small_task();
  const MapResult result = mapped(task);
  SmallProblem small(task.network);
  const Solution solution = explore("annealing", small.problem(), task.budget, 1, small.mapper);
  EXPECT_EQ(result.accelerator, *solution.accelerator);
  EXPECT_EQ(result.cost, solution.cost);
  EXPECT_EQ(shortfall(result), std::nullopt);
}

TEST(MapNetwork, AMissedTargetIsASentence) {
  MapTask task = small_task();
  task.target = make_target(Objective::fps, 1e7);
  const MapResult result = mapped(task);
  EXPECT_EQ(target_met(result), false);
  EXPECT_THAT(shortfall(result).value(),
              StartsWith("the target of at least 10,000,000 images/s is missed: the best design found has "));
  task.target = make_target(Objective::fps, 1);
  EXPECT_EQ(shortfall(mapped(task)), std::nullopt);
}

TEST(MapNetwork, WhereNoAreaIsFastEnoughTheFastestDesignIsGiven) {
  MapTask task = asic_task();
  task.objective = Objective::area;
  task.target = make_target(Objective::area, 1e8);
  const MapResult result = mapped(task);
  EXPECT_EQ(result.accelerator, *explore("annealing", {task.network, task.platform, task.space}, task.budget, 1,
                                         *std::make_unique<Mapper>(task.platform))
                                     .accelerator);
  EXPECT_THAT(shortfall(result).value(), HasSubstr("is missed"));
  task.target = make_target(Objective::area, 100);
  const MapResult reached = mapped(task);
  EXPECT_EQ(shortfall(reached), std::nullopt);
  EXPECT_GE(fps(reached.cost.ii_cycles, reached.accelerator.batch, task.platform), 100);
  EXPECT_LT(reached.cost.resources.area_um2, result.cost.resources.area_um2);
}

TEST(MapNetwork, NothingThatFitsIsFailedWork) {
  MapTask task = small_task();
  task.platform.bram18 = 1;
  task.budget = {.evaluations = 20};
  EXPECT_THROW(mapped(task), WorkError);
}

TEST(MapNetwork, ObjectivesAndFrontsWithoutTablesAreRefusedBeforeTheSearch) {
  MapTask task = small_task();
  task.axes = pareto_axes(Objective::area, Objective::fps);
  EXPECT_THAT(complaint([&] { mapped(task); }), HasSubstr("zc706: has no tables"));
  task = small_task();
  task.objective = Objective::edp;
  EXPECT_THAT(complaint([&] { mapped(task); }), HasSubstr("zc706: has no tables"));
}

TEST(EvaluateGiven, CostsWhatTheSearchSaid) {
  const MapTask task = small_task();
  const MapResult found = mapped(task);
  EXPECT_EQ(evaluate_given(task, found.accelerator, "a.json").cost, found.cost);
}

TEST(EvaluateGiven, SaysWhatThePlatformLacks) {
  MapTask task = small_task();
  const MapResult found = mapped(task);
  task.platform.dsp = 3;
  const MapResult given = evaluate_given(task, found.accelerator, "a.json");
  EXPECT_EQ(shortfall(given).value(),
            "the accelerator does not fit zc706: it takes " + std::to_string(found.cost.resources.dsp) + " DSP of 3");
  task.platform = load_platform("asic-28nm");
  EXPECT_THAT(complaint([&] { evaluate_given(task, found.accelerator, "a.json"); }),
              HasSubstr("a.json: chunk 0: its multipliers are of an FPGA, asic-28nm is an ASIC"));
}

TEST(EvaluateGiven, RefusesAStoreLargerThanThePlatform) {
  const MapTask task = small_task();
  Accelerator accelerator = mapped(task).accelerator;
  accelerator.store = Store{.depth = 1'000'000, .port_bits = 32};
  EXPECT_THAT(complaint([&] { evaluate_given(task, accelerator, "a.json"); }),
              testing::AllOf(HasSubstr("a.json: store: 1000000 words of "),
                             HasSubstr("are too many for zc706: they take"), HasSubstr(" BRAM18 of 1090")));
}

TEST(Mappable, LayersThatNoChunkRunsAreNamed) {
  const Platform platform = load_platform("zc706");
  Mapper mapper(platform);
  const DesignSpace space = load_design_space("fpga-small");
  Network network = quick_network("k3_e3", 6);
  EXPECT_NO_THROW(check_mappable(network, space, mapper));
  Network wide = network;
  wide.input.bits = 16;
  wide.layers[0].bits = 16;
  EXPECT_THAT(complaint([&] { check_mappable(wide, space, mapper); }),
              HasSubstr("layer stem: has 16 bits, conv chunks of the design space fpga-small have at most 8"));
  DesignSpace shallow = space;
  shallow.conv.depth_weight = {8};  // a 3x3 kernel takes 9 words at least
  EXPECT_THAT(complaint([&] { check_mappable(network, shallow, mapper); }),
              HasSubstr("layer stem: no conv chunk of the design space fpga-small has buffers that hold its smallest"));
}

TEST(Mappable, ChunksAreLimitedForBothKindsTogether) {
  const DesignSpace space = load_design_space("fpga");
  const Network both = quick_network("k3_e3", 6);
  Network convolutions = both;
  convolutions.layers.resize(1);
  EXPECT_EQ(with_chunks(space, both, 2).chunks_max, 2);
  EXPECT_EQ(with_chunks(space, both, 2).conv.chunks_max, 1);
  EXPECT_EQ(with_chunks(space, both, 4).conv.chunks_max, 3);
  EXPECT_EQ(with_chunks(space, convolutions, 1).conv.chunks_max, 1);
  EXPECT_THROW(with_chunks(space, both, 1), InputError);
}

TEST(ProgressLog, ShowsTimeNodesIncumbentBoundAndGap) {
  ProgressLog log(Objective::fps);
  EXPECT_EQ(log.heading(), "    time        nodes      incumbent          bound       gap   images/s");
  EXPECT_EQ(log.line(0.25, 12, std::nullopt, 1. / 500),
            "    0.2s           12              -            500         -");
  EXPECT_EQ(log.line(2, 1234, 1. / 400, 1. / 500), "    2.0s         1234            400            500    20.00%");
}

TEST(ProgressLog, IsSilentForASecondUnlessTheIncumbentImproves) {
  ProgressLog log(Objective::latency);
  EXPECT_TRUE(log.line(0, 1, 0.002, 0.001));
  EXPECT_FALSE(log.line(0.5, 2, 0.002, 0.0011));
  EXPECT_THAT(log.held_back().value(), HasSubstr("1.1"));
  EXPECT_TRUE(log.line(0.6, 3, 0.0019, 0.0011));
  EXPECT_FALSE(log.held_back());
  EXPECT_TRUE(log.line(1.7, 4, 0.0019, 0.0011));
}

}  // namespace
}  // namespace autonba
