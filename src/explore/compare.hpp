#pragma once

#include <functional>
#include <optional>
#include <span>
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

/// The regions that `exact` looks at for an evaluation of the others: as many as it does in the time of one of `das`
/// (docs/results/engines).
constexpr std::int64_t regions_per_evaluation = 50;

/// What compare() runs: every engine on every network with seeds 1 … seeds.
struct Comparison {
  Platform platform;
  DesignSpace space;
  Objective objective = Objective::fps;
  std::int64_t evaluations = 10'000;  // of a run
  int seeds = 5;
  std::vector<std::string> engines;
  int threads = 1;  // that work on different networks
};

struct EngineRun {
  std::string network;
  std::string engine;
  std::uint64_t seed = 0;
  std::vector<TracePoint> trace;  // empty: nothing feasible was found
  std::optional<double> bound;    // Solution::bound
  std::int64_t evaluations = 0;   // of `exact` regions / regions_per_evaluation, in `trace` too
  std::int64_t fitting = 0;       // of them, designs that fit the platform
  double seconds = 0;             // wall clock
};

/// Networks in their order, for each the engines, for each the seeds. The mappings that one run finds serve the others,
/// which changes their seconds but not their results. `finished` is called after every run, by one thread at a time.
std::vector<EngineRun> compare(const std::vector<NamedNetwork>& networks, const Comparison& comparison,
                               const std::function<void(const EngineRun&)>& finished = {});

/// Best values of all seeds of one engine on one network, in images a second (`fps`) or milliseconds (`latency`).
struct EngineRow {
  std::string network;
  std::string engine;
  double median = 0;
  double quartile_low = 0;
  double quartile_high = 0;
  std::optional<double> bound;  // the best that was proven
  int found = 0;                // seeds that found a feasible design; others count as the worst value
  double fitting_share = 0;     // of all designs tried
  double seconds = 0;           // of a run, mean
};

std::vector<EngineRow> summarise(const std::vector<EngineRun>& runs, Objective objective);

/// The best so far after so many evaluations, over all seeds, in the unit of EngineRow. Where a seed has found nothing
/// yet it counts as the worst value: 0 images a second, infinitely many milliseconds.
struct CurvePoint {
  std::int64_t evaluations = 0;
  double median = 0;
  double quartile_low = 0;
  double quartile_high = 0;
};

struct EngineCurve {
  std::string network;
  std::string engine;
  std::vector<CurvePoint> points;
};

/// One for each row of summarise().
std::vector<EngineCurve> curves(const std::vector<EngineRun>& runs, Objective objective,
                                std::span<const std::int64_t> evaluations);

/// {platform, space, objective, unit, evaluations, seeds, rows, wins, curves}. wins[a][b]: networks on which the median
/// of a beats that of b. A curve: {network, engine, points}, a point for evaluations 1, 2, 5, 10, … and all. Null: the
/// quantile has found nothing yet, or nothing is proven.
Json comparison_json(const std::vector<EngineRun>& runs, const Comparison& comparison);

/// In Markdown: a table of who beats whom, as in `wins`, and one of all rows.
std::string comparison_text(const std::vector<EngineRun>& runs, const Comparison& comparison);

}  // namespace autonba
