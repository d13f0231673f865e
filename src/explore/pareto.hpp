#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "explore/engine.hpp"

namespace autonba {

/// An objective and area, which are traded for each other.
using ParetoAxes = std::array<Objective, 2>;

/// The axes, area second. Throws InputError for pairs without area.
ParetoAxes pareto_axes(Objective a, Objective b);

/// A design that no other of the front beats in both objectives.
struct ParetoPoint {
  Accelerator accelerator;
  Cost cost;
  std::array<double, 2> values = {0, 0};  // value_of, by axis
  /// Proven, where the engine proves: no design of as much area or less is below this in the first axis.
  std::optional<double> bound;
};

/// The front of `problem` (its own objective and time do not matter), best in the first axis first: the best design on
/// the platform, and those of budgets of area in geometric steps down to the smallest design (ε-constraint method),
/// `points` at most. The budget and the watch are those of each point; `mapper` is for the platform itself. Empty if
/// nothing fits.
std::vector<ParetoPoint> pareto_front(const std::string& engine, const Problem& problem, const ParetoAxes& axes,
                                      int points, const Budget& budget, std::uint64_t seed, Mapper& mapper,
                                      const Watch& watch = {});

/// Without the points that another is at least as good as in both axes, best in the first axis first.
std::vector<ParetoPoint> undominated(std::vector<ParetoPoint> points);

}  // namespace autonba
