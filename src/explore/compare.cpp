#include "explore/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

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

EngineRow row_of(const std::vector<EngineRun>& group, Objective objective) {
  const std::vector<double> values = best_values(group, std::numeric_limits<std::int64_t>::max());
  EngineRow row{.network = group.front().network, .engine = group.front().engine};
  row.median = in_unit(quantile(values, 0.5), objective);
  row.quartile_low = in_unit(quantile(values, objective == Objective::fps ? 0.75 : 0.25), objective);
  row.quartile_high = in_unit(quantile(values, objective == Objective::fps ? 0.25 : 0.75), objective);
  std::int64_t evaluations = 0;
  std::int64_t fitting = 0;
  for (const EngineRun& run : group) {
    row.found += run.trace.empty() ? 0 : 1;
    row.seconds += run.seconds / static_cast<double>(group.size());
    evaluations += run.evaluations;
    fitting += run.fitting;
  }
  row.fitting_share = evaluations == 0 ? 0 : static_cast<double>(fitting) / static_cast<double>(evaluations);
  return row;
}

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json curve_of(const std::vector<EngineRun>& group, const Comparison& comparison) {
  Json points = Json::array();
  const auto add = [&](std::int64_t evaluations) {
    const double value = quantile(best_values(group, evaluations), 0.5);
    const bool found = std::isfinite(value);
    points.push_back(
        {{"evaluations", evaluations}, {"best", found ? Json(in_unit(value, comparison.objective)) : Json()}});
  };
  for (std::int64_t decade = 1; decade < comparison.evaluations; decade *= 10) {
    for (const std::int64_t factor : {1, 2, 5}) {
      if (factor * decade < comparison.evaluations) {
        add(factor * decade);
      }
    }
  }
  add(comparison.evaluations);
  return points;
}

/// How often the median of one engine beats that of another on the same network.
Json wins_of(const std::vector<EngineRow>& rows, const Comparison& comparison) {
  Json wins = Json::object();
  for (const std::string& a : comparison.engines) {
    for (const std::string& b : comparison.engines) {
      int count = 0;
      for (const EngineRow& row : rows) {
        for (const EngineRow& other : rows) {
          const bool compared = row.engine == a && other.engine == b && row.network == other.network;
          const bool better =
              comparison.objective == Objective::fps ? row.median > other.median : row.median < other.median;
          count += compared && better ? 1 : 0;
        }
      }
      if (a != b) {
        wins[a][b] = count;
      }
    }
  }
  return wins;
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
  std::vector<EngineRun> runs;
  for (const NamedNetwork& named : networks) {
    Mapper mapper(comparison.platform);
    const Problem problem{named.network, comparison.platform, comparison.space, comparison.objective};
    for (const std::string& engine : comparison.engines) {
      for (int seed = 1; seed <= comparison.seeds; ++seed) {
        const auto begin = std::chrono::steady_clock::now();
        Solution solution =
            explore(engine, problem, {comparison.evaluations}, static_cast<std::uint64_t>(seed), mapper);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        runs.push_back({.network = named.name,
                        .engine = engine,
                        .seed = static_cast<std::uint64_t>(seed),
                        .trace = std::move(solution.trace),
                        .evaluations = solution.evaluations,
                        .fitting = solution.fitting,
                        .seconds = seconds.count()});
        if (finished) {
          finished(runs.back());
        }
      }
    }
  }
  return runs;
}

std::vector<EngineRow> summarise(const std::vector<EngineRun>& runs, Objective objective) {
  std::vector<EngineRow> rows;
  for_each_group(runs, [&](const std::vector<EngineRun>& group) { rows.push_back(row_of(group, objective)); });
  return rows;
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
                {"wins", wins_of(rows, comparison)},
                {"curves", Json::array()}};
  for (const EngineRow& row : rows) {
    document["rows"].push_back({{"network", row.network},
                                {"engine", row.engine},
                                {"median", number_or_null(row.median)},
                                {"quartile_low", number_or_null(row.quartile_low)},
                                {"quartile_high", number_or_null(row.quartile_high)},
                                {"found", row.found},
                                {"fitting_share", row.fitting_share},
                                {"run_seconds", row.seconds}});
  }
  for_each_group(runs, [&](const std::vector<EngineRun>& group) {
    document["curves"].push_back({{"network", group.front().network},
                                  {"engine", group.front().engine},
                                  {"points", curve_of(group, comparison)}});
  });
  return document;
}

std::string comparison_table(const std::vector<EngineRow>& rows, Objective objective) {
  const char* unit = objective == Objective::fps ? "images/s" : "ms";
  std::string table = fmt::format(
      "| network | engine | median, {0} | quartiles, {0} | designs that fit | seconds a run |\n"
      "|---|---|---:|---:|---:|---:|\n",
      unit);
  for (const EngineRow& row : rows) {
    table += fmt::format("| {} | {} | {:.6g} | {:.6g} to {:.6g} | {:.1f}% | {:.1f} |\n", row.network, row.engine,
                         row.median, row.quartile_low, row.quartile_high, 100 * row.fitting_share, row.seconds);
  }
  return table;
}

}  // namespace autonba
