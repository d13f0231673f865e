#include "explore/pareto.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "explore/target.hpp"

namespace autonba {
namespace {

/// The axes of a design on a platform with less area cost what they cost on the platform itself.
ParetoPoint point_of(const Solution& solution, const ParetoAxes& axes, const Platform& platform) {
  ParetoPoint point{.accelerator = *solution.accelerator, .cost = solution.cost, .bound = solution.bound};
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    point.values[axis] = value_of(axes[axis], solution.cost, solution.accelerator->batch, platform);
  }
  return point;
}

}  // namespace

ParetoAxes pareto_axes(Objective a, Objective b) {
  if (a == b || (a != Objective::area && b != Objective::area)) {
    throw input_error("--pareto: {},{} is not offered; fps, latency, energy or edp with area is", words_of(a).name,
                      words_of(b).name);
  }
  return {a == Objective::area ? b : a, Objective::area};
}

std::vector<ParetoPoint> undominated(std::vector<ParetoPoint> points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const ParetoPoint& a, const ParetoPoint& b) { return a.values < b.values; });
  std::vector<ParetoPoint> front;
  for (ParetoPoint& point : points) {
    if (front.empty() || point.values[1] < front.back().values[1]) {
      front.push_back(std::move(point));
    }
  }
  return front;
}

std::vector<ParetoPoint> pareto_front(const std::string& engine, const Problem& problem, const ParetoAxes& axes,
                                      int points, const Budget& budget, std::uint64_t seed, Mapper& mapper,
                                      const Watch& watch) {
  const auto solve = [&](Objective objective, const Platform& platform, Mapper& own) {
    return explore(engine, {problem.network, platform, problem.space, objective}, budget, seed, own, std::nullopt,
                   watch);
  };
  std::vector<ParetoPoint> found;
  std::optional<double> proven;  // of more area, and so of less
  const auto add = [&](const Platform& platform, Mapper& own) {
    Solution solution = solve(axes[0], platform, own);
    proven = solution.bound = std::max(solution.bound, proven);
    if (solution.accelerator) {
      found.push_back(point_of(solution, axes, platform));
    }
  };
  add(problem.platform, mapper);
  const Solution smallest = solve(axes[1], problem.platform, mapper);
  if (found.empty() || !smallest.accelerator) {
    return found;
  }
  const auto most = static_cast<double>(found[0].cost.resources.area_um2);
  const auto least = static_cast<double>(smallest.cost.resources.area_um2);
  for (int i = 1; i < points; ++i) {
    Platform smaller = problem.platform;
    smaller.asic->area_um2 = std::llround(most * std::pow(least / most, static_cast<double>(i) / (points - 1)));
    Mapper own(smaller);  // what fits, and what is remembered of it, depends on the platform
    add(smaller, own);
  }
  return undominated(std::move(found));
}

}  // namespace autonba
