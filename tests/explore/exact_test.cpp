#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "brute_force.hpp"
#include "small_problems.hpp"

namespace autonba {
namespace {

constexpr double rounding = 1e-12;  // sums are taken in another order

/// A random problem with what its designs come to.
struct Case {
  RandomProblem small;
  Objective objective = Objective::fps;
  double most_seconds = std::numeric_limits<double>::infinity();
  Enumeration all;

  Problem problem() const { return small.problem(objective, most_seconds); }

  /// With its own mapper.
  Solution solve(const Budget& budget, const Watch& watch = {}) const {
    Mapper mapper(small.platform);
    return explore("exact", problem(), budget, 1, mapper, std::nullopt, watch);
  }
};

struct Kind {
  Objective objective = Objective::fps;
  bool asic = false;
};

/// For `area` the time allowed is about that of the fastest design: just that, less, or more.
Case random_case(Rng& rng, const Kind& kind) {
  Case made{.small = kind.asic ? random_asic_problem(rng) : random_fpga_problem(rng), .objective = kind.objective};
  if (kind.objective == Objective::area) {
    const Enumeration fastest = brute_force(made.small.problem(Objective::fps));
    constexpr std::array<double, 5> factors = {0.9, 1, 1.1, 1.5, 3};
    made.most_seconds = fastest.accelerator ? fastest.value * factors[uniform_index(rng, factors.size())] : 1;
  }
  made.all = brute_force(made.problem());
  return made;
}

class Exact : public testing::TestWithParam<Kind> {
 protected:
  /// Calls `see` with `count` random problems.
  template <typename See>
  void for_cases(int count, See see) {
    Rng rng = make_rng(static_cast<std::uint64_t>(count), "exact", GetParam().asic ? 1 : 0);
    for (int i = 0; i < count; ++i) {
      SCOPED_TRACE("problem " + std::to_string(i));
      see(random_case(rng, GetParam()));
      if (HasFatalFailure()) {
        return;
      }
    }
  }
};

double value_of(const Case& of, const Solution& solution) {
  return value_of(of.objective, solution.cost, solution.accelerator->batch, of.small.platform);
}

/// It can be built, costs what the solution says, and lies within platform, space and time.
void expect_valid(const Case& of, const Solution& solution) {
  const Accelerator& accelerator = *solution.accelerator;
  EXPECT_EQ(evaluate(of.small.network, accelerator, of.small.platform), solution.cost);
  EXPECT_TRUE(fits(solution.cost.resources, of.small.platform));
  const double seconds = value_of(Objective::fps, solution.cost, accelerator.batch, of.small.platform);
  EXPECT_LE(seconds, of.most_seconds);
  EXPECT_LE(static_cast<int>(accelerator.chunks.size()), of.small.space.chunks_max);
  for (const ChunkKind kind : {ChunkKind::conv, ChunkKind::depthwise}) {
    const ChunkSpace& space = kind == ChunkKind::conv ? of.small.space.conv : of.small.space.depthwise;
    const std::vector<Chunk> known = every_chunk(space, kind);
    const auto is_of_kind = [&](const Chunk& chunk) { return chunk.kind == kind; };
    EXPECT_LE(std::count_if(accelerator.chunks.begin(), accelerator.chunks.end(), is_of_kind), space.chunks_max);
    for (const Chunk& chunk : accelerator.chunks) {
      EXPECT_TRUE(chunk.kind != kind || std::find(known.begin(), known.end(), chunk) != known.end());
    }
  }
}

TEST_P(Exact, EqualsBruteForce) {
  int feasible = 0;
  for_cases(200, [&](const Case& tried) {
    const Solution solution = tried.solve({});
    ASSERT_EQ(solution.accelerator.has_value(), tried.all.accelerator.has_value());
    if (solution.accelerator) {
      expect_valid(tried, solution);
      ASSERT_NEAR(value_of(tried, solution) / tried.all.value, 1, rounding);
      ASSERT_TRUE(solution.bound);
      ASSERT_NEAR(*solution.bound / tried.all.value, 1, rounding);
      ASSERT_NEAR(solution.trace.back().best_value / tried.all.value, 1, 1e-9);
      ++feasible;
    }
  });
  EXPECT_GT(feasible, 100);
}

TEST_P(Exact, StopsAtAGapThatItHasProven) {
  for_cases(50, [](const Case& tried) {
    const Solution solution = tried.solve({.gap = 0.1});
    ASSERT_EQ(solution.accelerator.has_value(), tried.all.accelerator.has_value());
    if (solution.accelerator) {
      expect_valid(tried, solution);
      const double value = value_of(tried, solution);
      ASSERT_TRUE(solution.bound);
      EXPECT_LE(*solution.bound, tried.all.value * (1 + rounding));
      EXPECT_GE(value, tried.all.value * (1 - rounding));
      EXPECT_LE(gap_of(value, *solution.bound), 0.1 + rounding);
    }
  });
}

TEST_P(Exact, ItsBoundHoldsWheneverItStops) {
  for_cases(30, [](const Case& tried) {
    for (const double seconds : {0.0, 1e-4, 1e-3}) {
      const Solution solution = tried.solve({.seconds = seconds});
      if (tried.all.accelerator) {
        ASSERT_TRUE(solution.bound);
        EXPECT_LE(*solution.bound, tried.all.value * (1 + rounding));
      }
      if (solution.accelerator) {
        ASSERT_TRUE(tried.all.accelerator);
        expect_valid(tried, solution);
        EXPECT_GE(value_of(tried, solution), tried.all.value * (1 - rounding));
      }
    }
  });
}

TEST_P(Exact, ShowsOnlyBoundsThatHold) {
  for_cases(30, [](const Case& tried) {
    double bound = 0;
    std::int64_t seen = 0;
    const Solution solution = tried.solve({}, [&](const EngineProgress& progress) {
      EXPECT_GE(progress.bound, bound * (1 - rounding));
      bound = progress.bound;
      if (tried.all.accelerator) {
        EXPECT_LE(progress.bound, tried.all.value * (1 + rounding));
        EXPECT_GE(progress.value.value_or(tried.all.value), tried.all.value * (1 - rounding));
      }
      ++seen;
    });
    EXPECT_GT(seen, 0);
    if (solution.accelerator) {
      EXPECT_NEAR(bound / tried.all.value, 1, rounding);
    }
  });
}

TEST_P(Exact, FindsTheSameWithTwoThreads) {
  for_cases(20, [](const Case& tried) {
    const Solution one = tried.solve({.threads = 1});
    const Solution two = tried.solve({.threads = 2});
    ASSERT_EQ(one.accelerator, two.accelerator);
    EXPECT_EQ(one.bound, two.bound);
  });
}

TEST_P(Exact, IsNotMisledByAStart) {
  for_cases(20, [](const Case& tried) {
    Mapper mapper(tried.small.platform);
    const Solution start = explore("random", tried.problem(), {.evaluations = 30}, 1, mapper);
    const Solution solution = explore("exact", tried.problem(), {}, 1, mapper, start.accelerator);
    ASSERT_EQ(solution.accelerator.has_value(), tried.all.accelerator.has_value());
    if (solution.accelerator) {
      EXPECT_NEAR(value_of(tried, solution) / tried.all.value, 1, rounding);
    }
  });
}

std::string name_of(const testing::TestParamInfo<Kind>& kind) {
  constexpr std::array names = {"fps", "latency", "energy", "edp", "area"};
  return std::string(names[static_cast<std::size_t>(kind.param.objective)]) + (kind.param.asic ? "_asic" : "_fpga");
}

INSTANTIATE_TEST_SUITE_P(Objectives, Exact,
                         testing::Values(Kind{Objective::fps, false}, Kind{Objective::latency, false},
                                         Kind{Objective::fps, true}, Kind{Objective::latency, true},
                                         Kind{Objective::area, true}, Kind{Objective::energy, true},
                                         Kind{Objective::edp, true}),
                         name_of);

}  // namespace
}  // namespace autonba
