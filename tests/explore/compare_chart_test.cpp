#include "explore/compare_chart.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace autonba {
namespace {

using testing::HasSubstr;
using testing::Not;

EngineRun run_of(const std::string& network, const std::string& engine, double best, std::int64_t after) {
  return {.network = network, .engine = engine, .seed = 1, .trace = {{after, best}}, .evaluations = 100};
}

Comparison chart_comparison(Objective objective) {
  return {.platform = load_platform("zc706"),
          .space = load_design_space("fpga-small"),
          .objective = objective,
          .evaluations = 100,
          .seeds = 1,
          .engines = {"a", "b"}};
}

int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(CompareChart, DrawsALineAndABandForEachEngineOnEachNetwork) {
  const std::vector<EngineRun> runs = {run_of("x & y", "a", 0.01, 1), run_of("x & y", "b", 0.02, 10),
                                       run_of("z", "a", 0.01, 1), run_of("z", "b", 0.02, 200)};
  const std::string chart = comparison_chart(runs, chart_comparison(Objective::fps));
  EXPECT_EQ(occurrences(chart, "<polyline"), 3);  // b finds nothing for z in 100 evaluations
  EXPECT_EQ(occurrences(chart, "<polygon"), 3);
  EXPECT_THAT(chart, HasSubstr(">x &amp; y</text>"));
  EXPECT_THAT(chart, HasSubstr(">images/s</text>"));
  EXPECT_THAT(chart, Not(HasSubstr("proven bound")));
  EXPECT_EQ(occurrences(chart, "<g"), occurrences(chart, "</g>"));
}

// A plot is 302 pixels wide from 62 and 182 high from 34.
TEST(CompareChart, PutsValuesWhereTheAxesSay) {
  std::vector<EngineRun> runs = {run_of("net", "a", 0.01, 10), run_of("net", "b", 0.02, 10)};
  runs[0].bound = 0.005;  // 200 images a second: the axis ends at 210
  const std::string chart = comparison_chart(runs, chart_comparison(Objective::fps));
  EXPECT_THAT(chart, HasSubstr(fmt::format("points=\"{:.1f},{:.1f} ", 62 + 302 * 0.5, 216 - 182 * 100.0 / 210)));
  EXPECT_THAT(chart, HasSubstr(fmt::format("{:.1f},{:.1f} \"/>", 62 + 302.0, 216 - 182 * 50.0 / 210)));
  EXPECT_THAT(chart, HasSubstr(fmt::format("class=\"bound\" x1=\"62\" y1=\"{:.1f}\"", 216 - 182 * 200.0 / 210)));
  EXPECT_THAT(chart, HasSubstr("proven bound"));
}

TEST(CompareChart, EndsAnAxisOfMillisecondsAtFourTimesTheBest) {
  const std::vector<EngineRun> runs = {run_of("net", "a", 0.01, 1), run_of("net", "b", 0.02, 1)};
  const std::string chart = comparison_chart(runs, chart_comparison(Objective::latency));
  EXPECT_THAT(chart, HasSubstr(">ms</text>"));
  EXPECT_THAT(chart, HasSubstr(fmt::format("62.0,{:.1f} ", 216 - 182 * 0.5)));  // 20 of 40 ms
}

}  // namespace
}  // namespace autonba
