#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accel/cost.hpp"
#include "accel/design_space.hpp"
#include "base/random.hpp"
#include "explore/mapper.hpp"
#include "explore/objective.hpp"

namespace autonba {

/// The inner problem: the best accelerator of `space` for `network` on `platform`.
struct Problem {
  const Network& network;
  const Platform& platform;
  const DesignSpace& space;
  Objective objective = Objective::fps;
};

/// When an engine stops. One evaluation is one γ with its assignment, its mappings solved exactly.
struct Budget {
  std::int64_t evaluations = 0;
};

struct TracePoint {
  std::int64_t evaluations = 0;
  double best_value = 0;  // of the objective, see value_of
};

struct Solution {
  std::optional<Accelerator> accelerator;  // none if no feasible design was met
  Cost cost;
  std::optional<double> bound;    // proven by engines that prove; nothing better exists
  std::vector<TracePoint> trace;  // whenever the best improves
};

/// `engine` is one of engine_names(). `start`, where given, is tried first (a warm start counts as one evaluation).
/// `mapper` keeps the best mappings found, for calls with changed networks.
Solution explore(const std::string& engine, const Problem& problem, const Budget& budget, std::uint64_t seed,
                 Mapper& mapper, const std::optional<Accelerator>& start = std::nullopt);

std::vector<std::string> engine_names();

}  // namespace autonba
