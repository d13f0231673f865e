#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explore/explain.hpp"
#include "explore/pareto.hpp"
#include "explore/target.hpp"

namespace autonba {

/// A network to be mapped onto a platform, and how.
struct MapTask {
  std::string name;  // of the network
  Network network;
  Platform platform;
  DesignSpace space;
  std::string engine = "exact";
  Budget budget;  // of each search
  std::uint64_t seed = 1;
  Objective objective = Objective::fps;
  std::optional<Target> target;    // needed for Objective::area
  std::optional<ParetoAxes> axes;  // of a front that is wanted too
  int front_points = 9;
};

/// What has been found, or was given.
struct MapResult {
  std::string name;
  Network network;
  Platform platform;
  std::string space;   // empty: the accelerator was given
  std::string engine;  // likewise
  std::uint64_t seed = 1;
  Objective objective = Objective::fps;
  std::optional<Target> target;
  Accelerator accelerator;
  Cost cost;
  std::optional<double> bound;  // of the objective, proven
  double search_seconds = 0;
  std::optional<ParetoAxes> axes;
  std::vector<ParetoPoint> front;
  std::optional<Explanation> explanation;
};

/// The value of an objective that the accelerator has.
double value_of(Objective objective, const MapResult& result);

/// Whether the accelerator is as good as the target; none without one.
std::optional<bool> target_met(const MapResult& result);

/// Searches. If no design reaches the target of `area`, the fastest one that was found. `mapper` is one for the
/// platform. Throws InputError where the space cannot hold the network, WorkError if nothing that fits was found.
MapResult map_network(const MapTask& task, Mapper& mapper, const Watch& watch = {});

/// Evaluates an accelerator that has a place for every layer. Throws InputError, naming `file`, if its multipliers are
/// not those of the platform's kind.
MapResult evaluate_given(const MapTask& task, const Accelerator& accelerator, const std::string& file);

/// What is wrong with the result, as a sentence: it misses its target or exceeds the platform. None if nothing is.
std::optional<std::string> shortfall(const MapResult& result);

}  // namespace autonba
