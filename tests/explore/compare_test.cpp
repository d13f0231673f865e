#include "explore/compare.hpp"

#include <gmock/gmock.h>

#include "problems.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;
using testing::Not;

EngineRun run_of(const std::string& engine, std::vector<TracePoint> trace, std::int64_t fitting) {
  return {.network = "net",
          .engine = engine,
          .seed = 1,
          .trace = std::move(trace),
          .evaluations = 100,
          .fitting = fitting,
          .seconds = 2};
}

/// Bests of a: 100, 200, 400 FPS; of b: 50 and 25 FPS, and one seed that finds nothing.
std::vector<EngineRun> known_runs() {
  return {run_of("a", {{5, 0.02}, {50, 0.01}}, 100),
          run_of("a", {{10, 0.005}}, 50),
          run_of("a", {{1, 0.0025}}, 0),
          run_of("b", {{5, 0.02}}, 0),
          run_of("b", {}, 0),
          run_of("b", {{7, 0.04}}, 0)};
}

Comparison known_comparison() {
  return {.platform = load_platform("zc706"),
          .space = load_design_space("fpga-small"),
          .objective = Objective::fps,
          .evaluations = 100,
          .seeds = 3,
          .engines = {"a", "b"}};
}

TEST(Compare, SummarisesSeedsByQuartiles) {
  const std::vector<EngineRow> rows = summarise(known_runs(), Objective::fps);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_DOUBLE_EQ(rows[0].median, 200);
  EXPECT_DOUBLE_EQ(rows[0].quartile_low, 1 / 0.0075);
  EXPECT_DOUBLE_EQ(rows[0].quartile_high, 1 / 0.00375);
  EXPECT_DOUBLE_EQ(rows[0].fitting_share, 0.5);
  EXPECT_EQ(rows[0].found, 3);
  EXPECT_DOUBLE_EQ(rows[0].seconds, 2);
  EXPECT_DOUBLE_EQ(rows[1].median, 25);
  EXPECT_DOUBLE_EQ(rows[1].quartile_low, 0);
  EXPECT_EQ(rows[1].found, 2);
  EXPECT_DOUBLE_EQ(summarise(known_runs(), Objective::latency)[0].median, 5);  // ms
}

TEST(Compare, CountsWinsAndDrawsMedianAndQuartilesSoFar) {
  const Json document = comparison_json(known_runs(), known_comparison());
  EXPECT_EQ(document["wins"]["a"]["b"], 1);
  EXPECT_EQ(document["wins"]["b"]["a"], 0);
  EXPECT_THAT(comparison_text(known_runs(), known_comparison()), HasSubstr("| a | | 1 |\n| b | 0 | |\n"));
  const Json& points = document["curves"][0]["points"];
  EXPECT_EQ(points[0], (Json{{"evaluations", 1},
                             {"median", nullptr},  // one of three seeds has found something: 400 images a second
                             {"quartile_low", nullptr},
                             {"quartile_high", nullptr}}));
  EXPECT_EQ(points[2]["median"], 50.0);  // two
  EXPECT_EQ(points[2]["quartile_low"], nullptr);
  EXPECT_DOUBLE_EQ(points[2]["quartile_high"], 1 / 0.01125);
  EXPECT_EQ(points.back()["evaluations"], 100);
  EXPECT_DOUBLE_EQ(points.back()["median"], 200);
  EXPECT_DOUBLE_EQ(points.back()["quartile_low"], 1 / 0.0075);
  EXPECT_DOUBLE_EQ(points.back()["quartile_high"], 1 / 0.00375);
}

TEST(Compare, TellsTheBestBoundThatWasProven) {
  std::vector<EngineRun> runs = known_runs();
  EXPECT_EQ(summarise(runs, Objective::fps)[0].bound, std::nullopt);
  EXPECT_THAT(comparison_text(runs, known_comparison()), Not(HasSubstr("bound")));
  runs[0].bound = 0.001;
  runs[2].bound = 0.002;  // says more
  const std::vector<EngineRow> rows = summarise(runs, Objective::fps);
  EXPECT_DOUBLE_EQ(*rows[0].bound, 500);
  EXPECT_EQ(rows[1].bound, std::nullopt);
  EXPECT_DOUBLE_EQ(*summarise(runs, Objective::latency)[0].bound, 2);
  EXPECT_EQ(comparison_json(runs, known_comparison())["rows"][0]["bound"], 500.0);
  EXPECT_THAT(comparison_text(runs, known_comparison()), HasSubstr("| 500 |"));
}

TEST(Compare, RunsEveryEngineOnEveryNetworkWithEverySeed) {
  const std::vector<NamedNetwork> networks = {{"small", quick_network("k3_e1", 4)},
                                              {"large", quick_network("k3_e3", 8)}};
  Comparison comparison = known_comparison();
  comparison.evaluations = 30;
  comparison.seeds = 2;
  comparison.engines = engine_names();
  int told = 0;
  const std::vector<EngineRun> runs = compare(networks, comparison, [&](const EngineRun&) { ++told; });
  ASSERT_EQ(runs.size(), 2 * 2 * engine_names().size());
  EXPECT_EQ(told, static_cast<int>(runs.size()));
  EXPECT_EQ(runs[1].seed, 2U);
  EXPECT_EQ(runs.back().network, "large");
  for (const EngineRun& run : runs) {
    EXPECT_EQ(run.evaluations, run.engine == "exact" ? run.evaluations : 30);  // it stops when it has proven
    EXPECT_LE(run.evaluations, 30);
    ASSERT_FALSE(run.trace.empty()) << run.engine;
    EXPECT_LE(run.trace.back().evaluations, run.evaluations);
  }
  const std::string text = comparison_text(runs, comparison);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5 + 3 * static_cast<int>(engine_names().size()));
}

TEST(Compare, DrawsTheSameNetworksForTheSameSeed) {
  const SearchSpace space = load_space("quick");
  const std::vector<NamedNetwork> networks = random_networks(space, 3, 10, 5);
  EXPECT_EQ(networks[2].name, "quick 2");
  EXPECT_EQ(networks[1].network, random_networks(space, 2, 10, 5)[1].network);
  EXPECT_NE(networks[1].network, networks[0].network);
}

}  // namespace
}  // namespace autonba
