#include "explore/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "explore/target.hpp"

namespace autonba {
namespace {

ParetoPoint point_of(const Solution& solution, const ParetoAxes& axes, const Platform& platform) {
  ParetoPoint point{.accelerator = *solution.accelerator, .cost = solution.cost};
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    point.values[axis] = value_of(axes[axis], solution.cost, solution.accelerator->batch, platform);
  }
  return point;
}

}  // namespace

ParetoAxes pareto_axes(Objective a, Objective b) {
  const ParetoAxes axes = {std::min(a, b), std::max(a, b)};
  if (axes != ParetoAxes{Objective::fps, Objective::area}) {
    throw input_error("--pareto: {},{} is not offered; fps,area is", words_of(a).name, words_of(b).name);
  }
  return axes;
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
  std::vector<ParetoPoint> found;
  const auto add = [&](Objective objective, double most_seconds) {
    const Problem constrained{problem.network, problem.platform, problem.space, objective, most_seconds};
    const Solution solution = explore(engine, constrained, budget, seed, mapper, std::nullopt, watch);
    if (solution.accelerator) {
      found.push_back(point_of(solution, axes, problem.platform));
      found.back().bound = objective == axes[1] ? solution.bound : std::nullopt;
    }
  };
  add(axes[0], std::numeric_limits<double>::infinity());
  add(axes[1], std::numeric_limits<double>::infinity());
  if (found.size() < 2) {
    return found;
  }
  const double fastest = found[0].values[0];
  const double slowest = found[1].values[0];
  const int steps = points - 1;
  for (int i = 0; i < steps; ++i) {
    add(axes[1], fastest * std::pow(slowest / fastest, static_cast<double>(i) / steps));
  }
  return undominated(std::move(found));
}

}  // namespace autonba
