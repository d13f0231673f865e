#include "explore/map_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "base/error.hpp"
#include "explore/mappable.hpp"

namespace autonba {
namespace {

MapResult result_of(const MapTask& task) {
  return {.name = task.name,
          .network = task.network,
          .platform = task.platform,
          .space = {},
          .engine = {},
          .seed = task.seed,
          .objective = task.objective,
          .target = task.target,
          .accelerator = {},
          .cost = {},
          .bound = std::nullopt,
          .search_seconds = 0,
          .axes = task.axes,
          .front = {},
          .explanation = std::nullopt};
}

/// Before the first of several searches, not in the middle of them.
void check_tables(const MapTask& task) {
  const bool front_needs = task.axes && std::any_of(task.axes->begin(), task.axes->end(), needs_tables);
  if ((needs_tables(task.objective) || front_needs) && !task.platform.asic) {
    throw input_error("platform {}: has no tables of area and energy, which {} needs; ASICs have them",
                      task.platform.name, front_needs ? "the front" : "the objective");
  }
}

/// With Objective::area, the time that the target leaves an image.
double most_seconds(const MapTask& task) {
  const bool limited = task.objective == Objective::area;
  return limited ? from_unit(Objective::fps, task.target.value().value) : std::numeric_limits<double>::infinity();
}

/// What the resources are over by: "1,024 DSP of 900".
std::string excess(const Resources& used, const Platform& platform) {
  std::vector<std::string> parts;
  for (const ResourceUse& use : use_of(used, platform)) {
    if (use.used > use.available) {
      parts.push_back(fmt::format("{} {} of {}", use.used, use.name, use.available));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

double value_of(Objective objective, const MapResult& result) {
  // An image waits for its whole batch: engines minimise latency at batch 1, but an accelerator may be given.
  const int batch = objective == Objective::latency ? 1 : result.accelerator.batch;
  return value_of(objective, result.cost, batch, result.platform);
}

std::optional<bool> target_met(const MapResult& result) {
  return result.target ? std::optional(meets(*result.target, value_of(result.target->metric, result))) : std::nullopt;
}

MapResult map_network(const MapTask& task, Mapper& mapper, const Watch& watch) {
  check_tables(task);
  check_mappable(task.network, task.space, mapper);
  const auto begin = std::chrono::steady_clock::now();
  const auto search = [&](Objective objective, double seconds) {
    const Problem problem{task.network, task.platform, task.space, objective, seconds};
    return explore(task.engine, problem, task.budget, task.seed, mapper, std::nullopt, watch);
  };
  MapResult result = result_of(task);
  result.space = task.space.name;
  result.engine = task.engine;
  Solution solution = search(task.objective, most_seconds(task));
  result.bound = solution.bound;
  if (!solution.accelerator && task.objective == Objective::area) {
    solution = search(Objective::fps, std::numeric_limits<double>::infinity());
    result.bound.reset();  // of a design that does not exist
  }
  if (!solution.accelerator) {
    throw work_error("no accelerator of the design space {} that fits {} was found for {}", task.space.name,
                     task.platform.name, task.name);
  }
  result.accelerator = *solution.accelerator;
  result.cost = solution.cost;
  if (task.axes) {
    const Problem problem{task.network, task.platform, task.space};
    result.front =
        pareto_front(task.engine, problem, *task.axes, task.front_points, task.budget, task.seed, mapper, watch);
  }
  result.search_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

MapResult evaluate_given(const MapTask& task, const Accelerator& accelerator, const std::string& file) {
  for (std::size_t c = 0; c < accelerator.chunks.size(); ++c) {
    if ((accelerator.chunks[c].mac == MacKind::plain) != task.platform.asic.has_value()) {
      throw input_error("{}: chunk {}: its multipliers are of an {}, {} is an {}", file, c,
                        task.platform.asic ? "FPGA" : "ASIC", task.platform.name, task.platform.asic ? "ASIC" : "FPGA");
    }
  }
  if (accelerator.store) {
    const Resources store = store_resources(*accelerator.store, accelerator.chunks.size(), task.platform);
    if (!fits(store, task.platform)) {
      throw input_error("{}: store: {} words of {} bits are too many for {}: they take {}", file,
                        accelerator.store->depth, store_word_bits(*accelerator.store, accelerator.chunks.size()),
                        task.platform.name, excess(store, task.platform));
    }
  }
  check_tables(task);
  MapResult result = result_of(task);
  result.axes.reset();
  result.accelerator = accelerator;
  result.cost = evaluate(task.network, accelerator, task.platform);
  return result;
}

std::optional<std::string> shortfall(const MapResult& result) {
  if (!fits(result.cost.resources, result.platform)) {
    return fmt::format("the accelerator does not fit {}: it takes {}", result.platform.name,
                       excess(result.cost.resources, result.platform));
  }
  if (target_met(result).value_or(true)) {
    return std::nullopt;
  }
  const Objective metric = result.target->metric;
  std::string sentence = fmt::format("the target of {} is missed: {} has {}", in_words(*result.target),
                                     result.engine.empty() ? "the given accelerator" : "the best design found",
                                     in_words(metric, value_of(metric, result)));
  if (result.bound && metric == result.objective) {
    sentence += fmt::format(", and no design of the space {} has {} than {}", result.space,
                            words_of(metric).higher_is_better ? "more" : "less", in_words(metric, *result.bound));
  }
  return sentence;
}

}  // namespace autonba
