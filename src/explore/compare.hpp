#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "explore/engine.hpp"
#include "model/space.hpp"

namespace autonba {

struct NamedNetwork {
  std::string name;
  Network network;
};

/// `count` networks with uniform choices for every block, named "SPACE 0", "SPACE 1", ….
std::vector<NamedNetwork> random_networks(const SearchSpace& space, int count, int classes, std::uint64_t seed);

/// What compare() runs: every engine on every network with seeds 1 … seeds.
struct Comparison {
  Platform platform;
  DesignSpace space;
  Objective objective = Objective::fps;
  std::int64_t evaluations = 10'000;  // of a run
  int seeds = 5;
  std::vector<std::string> engines;
};

struct EngineRun {
  std::string network;
  std::string engine;
  std::uint64_t seed = 0;
  std::vector<TracePoint> trace;  // empty: nothing feasible was found
  std::int64_t evaluations = 0;
  std::int64_t fitting = 0;  // of them, designs that fit the platform
  double seconds = 0;        // wall clock
};

/// Networks in their order, for each the engines, for each the seeds. The mappings that one run finds serve the others,
/// which changes their seconds but not their results. `finished` is called after every run.
std::vector<EngineRun> compare(const std::vector<NamedNetwork>& networks, const Comparison& comparison,
                               const std::function<void(const EngineRun&)>& finished = {});

/// Best values of all seeds of one engine on one network, in images a second (`fps`) or milliseconds (`latency`).
struct EngineRow {
  std::string network;
  std::string engine;
  double median = 0;
  double quartile_low = 0;
  double quartile_high = 0;
  int found = 0;             // seeds that found a feasible design; others count as the worst value
  double fitting_share = 0;  // of all designs tried
  double seconds = 0;        // of a run, mean
};

std::vector<EngineRow> summarise(const std::vector<EngineRun>& runs, Objective objective);

/// {platform, space, objective, evaluations, seeds, rows, wins, curves}. wins[a][b]: networks on which the median of a
/// beats that of b. A curve: for evaluations 1, 2, 5, 10, … the median over seeds of the best so far, null before half
/// of the seeds have found something.
Json comparison_json(const std::vector<EngineRun>& runs, const Comparison& comparison);

/// The rows as a table in Markdown.
std::string comparison_table(const std::vector<EngineRow>& rows, Objective objective);

}  // namespace autonba
