#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "accel/cost.hpp"
#include "accel/design_space.hpp"
#include "accel/placement.hpp"
#include "explore/mapper.hpp"
#include "explore/objective.hpp"

namespace autonba {

/// The inner problem: the best accelerator of `space` for `network` on `platform`.
struct Problem {
  const Network& network;
  const Platform& platform;
  const DesignSpace& space;
  Objective objective = Objective::fps;
  double most_seconds = std::numeric_limits<double>::infinity();  // an image, with Objective::area

  Goal goal() const { return {objective, most_seconds}; }
};

/// Groups of the network's maps that may lie in a store; none if the space has none or the objective allows none.
PlacementGroups groups_to_place(const Problem& problem);

/// When an engine stops: those that try designs after so many evaluations, `exact` at a gap or a time; all of them, as
/// soon as they have a design, when they are told to. One evaluation is one γ with its assignment, its mappings solved
/// exactly, feasible or not.
struct Budget {
  std::int64_t evaluations = 0;  // `exact`: sets of designs that are looked at; 0 for no limit
  double gap = 0;                // gap_of(value, bound) that is good enough
  double seconds = std::numeric_limits<double>::infinity();  // what is found by then depends on the machine
  int threads = 1;
  const std::atomic<bool>* stop = nullptr;  // set by somebody else
  bool is_stopped() const { return stop != nullptr && *stop; }
};

/// 1 − bound / value: the share of the value that might be saved at most; 0 where the value is proven least.
double gap_of(double value, double bound);

/// How far an engine is that proves.
struct EngineProgress {
  double seconds = 0;  // since the start
  std::int64_t nodes = 0;
  std::optional<double> value;  // of the best design so far
  double bound = 0;             // nothing is below it
};
using Watch = std::function<void(const EngineProgress&)>;

struct TracePoint {
  std::int64_t evaluations = 0;
  double best_value = 0;  // of the objective, see value_of
};

struct Solution {
  std::optional<Accelerator> accelerator;  // none if no feasible design was met
  Cost cost;
  std::optional<double> bound;    // proven by engines that prove; nothing better exists
  std::vector<TracePoint> trace;  // whenever the best improves
  std::int64_t evaluations = 0;
  std::int64_t fitting = 0;  // designs among them that fit the platform
};

/// Throws InputError for a name that is not one of engine_names(), and for an objective that needs tables on a platform
/// without them. `mapper` is one for the problem's platform; it keeps the best mappings found, for calls with changed
/// networks. The same problem, budget without a time, seed and start give the same solution, whatever the mapper
/// remembers. `watch` is called now and then by engines that prove, and at their end.
/// `start`, where given, is tried first, as one evaluation, and the search begins around it. Its layers keep their
/// chunks if it has as many places as the network has layers and they can run there; otherwise every layer is put where
/// it adds least to the objective.
Solution explore(const std::string& engine, const Problem& problem, const Budget& budget, std::uint64_t seed,
                 Mapper& mapper, const std::optional<Accelerator>& start = std::nullopt, const Watch& watch = {});

std::vector<std::string> engine_names();

}  // namespace autonba
