#include "explore/pareto.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.hpp"
#include "brute_force.hpp"
#include "small_problems.hpp"

namespace autonba {
namespace {

TEST(Pareto, OnlyPointsThatNoOtherBeatsStay) {
  const auto point = [](double a, double b) {
    ParetoPoint made;
    made.values = {a, b};
    return made;
  };
  const auto front = undominated({point(3, 1), point(1, 4), point(2, 4), point(2, 2), point(1, 5), point(4, 1)});
  std::vector<std::array<double, 2>> values;
  for (const ParetoPoint& kept : front) {
    values.push_back(kept.values);
  }
  EXPECT_EQ(values, (std::vector<std::array<double, 2>>{{1, 4}, {2, 2}, {3, 1}}));
}

/// The front of a problem, each point against every design of no more area.
std::size_t expect_best_of_all(const RandomProblem& small, Objective objective) {
  Mapper mapper(small.platform);
  const ParetoAxes axes = pareto_axes(Objective::area, objective);
  const auto front = pareto_front("exact", small.problem(objective), axes, 4, {}, 1, mapper);
  EXPECT_EQ(front.empty(), brute_force(small.problem(objective)).feasible == 0);
  for (std::size_t i = 0; i < front.size(); ++i) {
    RandomProblem smaller = small;
    smaller.platform.asic->area_um2 = std::llround(front[i].values[1] * 1e6);
    const double least = brute_force(smaller.problem(objective)).value;
    EXPECT_NEAR(front[i].values[0], least, 1e-9 * least) << i;
    EXPECT_LE(front[i].bound.value(), least * (1 + 1e-9));
    EXPECT_EQ(front[i].cost, evaluate(small.network, front[i].accelerator, small.platform));
    EXPECT_TRUE(fits(front[i].cost.resources, smaller.platform));
    if (i > 0) {
      EXPECT_GT(front[i].values[0], front[i - 1].values[0]);
      EXPECT_LT(front[i].values[1], front[i - 1].values[1]);
    }
  }
  return front.size();
}

TEST(Pareto, EachDesignOfAFrontIsTheBestOfItsArea) {
  Rng rng = make_rng(1, "pareto");
  std::size_t points = 0;
  for (int i = 0; i < 8; ++i) {
    const RandomProblem small = random_asic_problem(rng);
    for (const Objective objective : {Objective::fps, Objective::latency, Objective::energy, Objective::edp}) {
      points += expect_best_of_all(small, objective);
    }
  }
  EXPECT_GE(points, 40);
}

TEST(Pareto, PairsWithoutAreaAreRefusedWithWhatIsOffered) {
  EXPECT_THROW(pareto_axes(Objective::latency, Objective::fps), InputError);
  EXPECT_THROW(pareto_axes(Objective::area, Objective::area), InputError);
  EXPECT_EQ(pareto_axes(Objective::area, Objective::edp), (ParetoAxes{Objective::edp, Objective::area}));
}

}  // namespace
}  // namespace autonba
