#include "explore/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <mutex>

#include "base/ceil_div.hpp"
#include "base/parallel.hpp"

namespace autonba {
namespace {

constexpr double nothing_found = std::numeric_limits<double>::infinity();

/// Linear between the neighbours (type 7 of Hyndman and Fan, 1996). `values` ascend.
double quantile(const std::vector<double>& values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const auto above = static_cast<std::size_t>(std::ceil(place));
  if (values[below] == values[above]) {  // both may be infinite
    return values[below];
  }
  return values[below] + (place - std::floor(place)) * (values[above] - values[below]);
}

/// The best value after so many evaluations.
double best_after(const EngineRun& run, std::int64_t evaluations) {
  double best = nothing_found;
  for (const TracePoint& point : run.trace) {
    if (point.evaluations <= evaluations) {
      best = point.best_value;
    }
  }
  return best;
}

/// Seconds of the objective as a person wants them; 0 FPS where nothing was found.
double in_unit(double seconds, Objective objective) {
  return objective == Objective::fps ? 1 / seconds : seconds * 1e3;
}

/// Runs of one engine on one network stand next to each other.
template <typename Function>
void for_each_group(const std::vector<EngineRun>& runs, Function function) {
  for (auto begin = runs.begin(); begin != runs.end();) {
    const auto end = std::find_if(begin, runs.end(), [&](const EngineRun& run) {
      return run.network != begin->network || run.engine != begin->engine;
    });
    function(std::vector<EngineRun>(begin, end));
    begin = end;
  }
}

std::vector<double> best_values(const std::vector<EngineRun>& group, std::int64_t evaluations) {
  std::vector<double> values;
  for (const EngineRun& run : group) {
    values.push_back(best_after(run, evaluations));
  }
  std::sort(values.begin(), values.end());
  return values;
}

CurvePoint point_of(const std::vector<EngineRun>& group, Objective objective, std::int64_t evaluations) {
  const std::vector<double> values = best_values(group, evaluations);
  const bool fps = objective == Objective::fps;
  return {.evaluations = evaluations,
          .median = in_unit(quantile(values, 0.5), objective),
          .quartile_low = in_unit(quantile(values, fps ? 0.75 : 0.25), objective),
          .quartile_high = in_unit(quantile(values, fps ? 0.25 : 0.75), objective)};
}

EngineRow row_of(const std::vector<EngineRun>& group, Objective objective) {
  const CurvePoint last = point_of(group, objective, std::numeric_limits<std::int64_t>::max());
  EngineRow row{.network = group.front().network,
                .engine = group.front().engine,
                .median = last.median,
                .quartile_low = last.quartile_low,
                .quartile_high = last.quartile_high};
  double bound = 0;  // of seconds: the larger one says more
  std::int64_t evaluations = 0;
  std::int64_t fitting = 0;
  for (const EngineRun& run : group) {
    bound = std::max(bound, run.bound.value_or(0));
    row.found += run.trace.empty() ? 0 : 1;
    row.seconds += run.seconds / static_cast<double>(group.size());
    evaluations += run.evaluations;
    fitting += run.fitting;
  }
  if (bound > 0) {
    row.bound = in_unit(bound, objective);
  }
  row.fitting_share = evaluations == 0 ? 0 : static_cast<double>(fitting) / static_cast<double>(evaluations);
  return row;
}

/// Nothing found is 0 images a second, or infinitely many milliseconds.
Json number_or_null(double value) {
  return std::isfinite(value) && value > 0 ? Json(value) : Json();
}

Json json_of(const EngineCurve& curve) {
  Json points = Json::array();
  for (const CurvePoint& point : curve.points) {
    points.push_back({{"evaluations", point.evaluations},
                      {"median", number_or_null(point.median)},
                      {"quartile_low", number_or_null(point.quartile_low)},
                      {"quartile_high", number_or_null(point.quartile_high)}});
  }
  return {{"network", curve.network}, {"engine", curve.engine}, {"points", points}};
}

/// 1, 2, 5, 10, … and all.
std::vector<std::int64_t> points_in_decades(std::int64_t evaluations) {
  std::vector<std::int64_t> points;
  for (std::int64_t decade = 1; decade < evaluations; decade *= 10) {
    for (const std::int64_t factor : {1, 2, 5}) {
      if (factor * decade < evaluations) {
        points.push_back(factor * decade);
      }
    }
  }
  points.push_back(evaluations);
  return points;
}

/// On how many networks the median of one engine beats that of another.
int wins_of(const std::string& a, const std::string& b, const std::vector<EngineRow>& rows, Objective objective) {
  int wins = 0;
  for (const EngineRow& row : rows) {
    for (const EngineRow& other : rows) {
      const bool compared = row.engine == a && other.engine == b && row.network == other.network;
      const bool better = objective == Objective::fps ? row.median > other.median : row.median < other.median;
      wins += compared && better ? 1 : 0;
    }
  }
  return wins;
}

Json wins_json(const std::vector<EngineRow>& rows, const Comparison& comparison) {
  Json wins = Json::object();
  for (const std::string& a : comparison.engines) {
    for (const std::string& b : comparison.engines) {
      if (a != b) {
        wins[a][b] = wins_of(a, b, rows, comparison.objective);
      }
    }
  }
  return wins;
}

std::string wins_table(const std::vector<EngineRow>& rows, const Comparison& comparison) {
  std::string table = fmt::format("| beats on so many networks | {} |\n|---|{}\n", fmt::join(comparison.engines, " | "),
                                  fmt::join(std::vector<std::string>(comparison.engines.size(), "---:|"), ""));
  for (const std::string& a : comparison.engines) {
    table += fmt::format("| {} |", a);
    for (const std::string& b : comparison.engines) {
      table += a == b ? " |" : fmt::format(" {} |", wins_of(a, b, rows, comparison.objective));
    }
    table += "\n";
  }
  return table;
}

std::string rows_table(const std::vector<EngineRow>& rows, Objective objective) {
  const char* unit = objective == Objective::fps ? "images/s" : "ms";
  const bool proven = std::any_of(rows.begin(), rows.end(), [](const EngineRow& row) { return row.bound.has_value(); });
  std::string table = fmt::format(
      "| network | engine | median, {0} | quartiles, {0} |{1} designs that fit | seconds a run |\n"
      "|---|---|---:|---:|{2}---:|---:|\n",
      unit, proven ? fmt::format(" proven bound, {} |", unit) : "", proven ? "---:|" : "");
  for (const EngineRow& row : rows) {
    const std::string bound = row.bound ? fmt::format(" {:.6g} |", *row.bound) : " |";
    // An engine that proves looks at sets of designs, of which none fits or fails to.
    const std::string fitting = row.bound ? "" : fmt::format(" {:.1f}%", 100 * row.fitting_share);
    table += fmt::format("| {} | {} | {:.6g} | {:.6g} to {:.6g} |{}{} | {:.1f} |\n", row.network, row.engine,
                         row.median, row.quartile_low, row.quartile_high, proven ? bound : "", fitting, row.seconds);
  }
  return table;
}

EngineRun run_of(const std::string& network, const std::string& engine, std::uint64_t seed, const Problem& problem,
                 std::int64_t evaluations, Mapper& mapper) {
  const std::int64_t counted = engine == "exact" ? regions_per_evaluation : 1;
  const auto begin = std::chrono::steady_clock::now();
  Solution solution = explore(engine, problem, {evaluations * counted}, seed, mapper);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  for (TracePoint& point : solution.trace) {
    point.evaluations = ceil_div(point.evaluations, counted);
  }
  return {.network = network,
          .engine = engine,
          .seed = seed,
          .trace = std::move(solution.trace),
          .bound = solution.bound,
          .evaluations = ceil_div(solution.evaluations, counted),
          .fitting = solution.fitting,
          .seconds = seconds.count()};
}

}  // namespace

std::vector<NamedNetwork> random_networks(const SearchSpace& space, int count, int classes, std::uint64_t seed) {
  std::vector<NamedNetwork> networks;
  for (int i = 0; i < count; ++i) {
    Rng rng = make_rng(seed, "random network", static_cast<std::uint64_t>(i));
    networks.push_back(
        {fmt::format("{} {}", space.name, i), make_network(space, random_architecture(space, rng), classes)});
  }
  return networks;
}

std::vector<EngineRun> compare(const std::vector<NamedNetwork>& networks, const Comparison& comparison,
                               const std::function<void(const EngineRun&)>& finished) {
  std::vector<std::vector<EngineRun>> of_network(networks.size());
  std::mutex telling;
  const auto run_all = [&](std::size_t i) {
    Mapper mapper(comparison.platform);
    const Problem problem{networks[i].network, comparison.platform, comparison.space, comparison.objective};
    for (const std::string& engine : comparison.engines) {
      for (int seed = 1; seed <= comparison.seeds; ++seed) {
        of_network[i].push_back(run_of(networks[i].name, engine, static_cast<std::uint64_t>(seed), problem,
                                       comparison.evaluations, mapper));
        if (finished) {
          const std::lock_guard lock(telling);
          finished(of_network[i].back());
        }
      }
    }
  };
  share_out(networks.size(), comparison.threads, [&] { return run_all; });
  std::vector<EngineRun> runs;
  for (std::vector<EngineRun>& some : of_network) {
    std::move(some.begin(), some.end(), std::back_inserter(runs));
  }
  return runs;
}

std::vector<EngineRow> summarise(const std::vector<EngineRun>& runs, Objective objective) {
  std::vector<EngineRow> rows;
  for_each_group(runs, [&](const std::vector<EngineRun>& group) { rows.push_back(row_of(group, objective)); });
  return rows;
}

std::vector<EngineCurve> curves(const std::vector<EngineRun>& runs, Objective objective,
                                std::span<const std::int64_t> evaluations) {
  std::vector<EngineCurve> all;
  for_each_group(runs, [&](const std::vector<EngineRun>& group) {
    EngineCurve& curve = all.emplace_back(EngineCurve{group.front().network, group.front().engine, {}});
    for (const std::int64_t after : evaluations) {
      curve.points.push_back(point_of(group, objective, after));
    }
  });
  return all;
}

Json comparison_json(const std::vector<EngineRun>& runs, const Comparison& comparison) {
  const std::vector<EngineRow> rows = summarise(runs, comparison.objective);
  const bool fps = comparison.objective == Objective::fps;
  Json document{{"platform", comparison.platform.name},
                {"space", comparison.space.name},
                {"objective", fps ? "fps" : "latency"},
                {"unit", fps ? "images/s" : "ms"},
                {"evaluations", comparison.evaluations},
                {"seeds", comparison.seeds},
                {"rows", Json::array()},
                {"wins", wins_json(rows, comparison)},
                {"curves", Json::array()}};
  for (const EngineRow& row : rows) {
    document["rows"].push_back({{"network", row.network},
                                {"engine", row.engine},
                                {"median", number_or_null(row.median)},
                                {"quartile_low", number_or_null(row.quartile_low)},
                                {"quartile_high", number_or_null(row.quartile_high)},
                                {"bound", row.bound ? Json(*row.bound) : Json()},
                                {"found", row.found},
                                {"fitting_share", row.fitting_share},
                                {"run_seconds", row.seconds}});
  }
  for (const EngineCurve& curve : curves(runs, comparison.objective, points_in_decades(comparison.evaluations))) {
    document["curves"].push_back(json_of(curve));
  }
  return document;
}

std::string comparison_text(const std::vector<EngineRun>& runs, const Comparison& comparison) {
  const std::vector<EngineRow> rows = summarise(runs, comparison.objective);
  return wins_table(rows, comparison) + "\n" + rows_table(rows, comparison.objective);
}

}  // namespace autonba
