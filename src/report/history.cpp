#include "report/history.hpp"

#include <map>

namespace autonba {
namespace {

Json number_or_null(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object.at(key).is_number() ? object.at(key) : Json();
}

/// Whether `key` of a line says `text`.
bool says(const Json& line, const char* key, const std::string& text) {
  return line.is_object() && line.contains(key) && line.at(key) == text;
}

Json epoch_point(const Json& line, int position, const CostAxis& axis) {
  Json point = {{"position", position}, {"phase", line.at("phase")}, {"epoch", line.at("epoch")}};
  for (const char* key : {"train_loss", "train_top1", "val_loss", "val_top1", "learning_rate", "seconds", "tau",
                          "lambda", "alpha_entropy", "beta_entropy"}) {
    point[key] = number_or_null(line, key);
  }
  point["expected"] = number_or_null(line, ("expected_" + axis.metric).c_str());
  return point;
}

/// One point for each step at which γ* was refreshed.
Json refreshes_data(const std::vector<Json>& metrics, const CostAxis& axis) {
  std::map<std::int64_t, Json> steps;
  for (const Json& line : metrics) {
    if (says(line, "event", "accelerator") && says(line, "phase", "search")) {
      const auto step = json_value<std::int64_t>(line, "step", "metrics.jsonl: event accelerator");
      steps.insert_or_assign(step, Json{{"step", step},
                                        {"cost", number_or_null(line, axis.metric.c_str())},
                                        {"evaluations", number_or_null(line, "evaluations")}});
    }
  }
  Json points = Json::array();
  for (auto& [step, point] : steps) {
    points.push_back(std::move(point));
  }
  return points;
}

Json training_step(const char* name, const std::vector<Json>& epochs, bool later_began) {
  if (epochs.empty()) {
    return {{"name", name}, {"state", later_began ? "none" : "waiting"}, {"done", 0}, {"of", nullptr}};
  }
  const auto done = json_value<int>(epochs.back(), "epoch", "metrics.jsonl: event epoch");
  const auto of = json_value<int>(epochs.back(), "epochs", "metrics.jsonl: event epoch");
  return {{"name", name}, {"state", done >= of ? "done" : "partly"}, {"done", done}, {"of", of}};
}

/// alpha[block] or beta[block] of every epoch, checked to hold `width` probabilities each.
Json probabilities(const std::vector<Json>& epochs, const char* key, std::size_t block, std::size_t width) {
  Json rows = Json::array();
  for (const Json& line : epochs) {
    const std::string place = fmt::format("metrics.jsonl: search epoch {}", line.at("epoch").get<int>());
    const auto all = json_value<std::vector<std::vector<double>>>(line, key, place);
    if (block >= all.size() || all[block].size() != width) {
      throw input_error("{}: {} does not give {} probabilities for block {}, as the event `space` demands", place, key,
                        width, block);
    }
    rows.push_back(all[block]);
  }
  return rows;
}

}  // namespace

CostAxis cost_axis(const std::string& metric) {
  if (metric == "fps") {
    return {.metric = metric, .name = "Throughput", .unit = "images/s", .higher_is_better = true};
  }
  if (metric == "latency_ms") {
    return {.metric = metric, .name = "Latency", .unit = "ms", .higher_is_better = false};
  }
  throw input_error("target.metric: {} is neither fps nor latency_ms", metric);
}

Json target_data(double value, const CostAxis& axis, const Json& result) {
  const Json achieved = number_or_null(result, axis.metric.c_str());
  Json met;
  if (!achieved.is_null()) {
    met = axis.higher_is_better ? achieved.get<double>() >= value : achieved.get<double>() <= value;
  }
  return {{"value", value}, {"achieved", achieved}, {"met", met}};
}

std::vector<Json> epochs_of(const std::vector<Json>& metrics, const std::string& phase) {
  std::map<std::int64_t, Json> epochs;
  for (const Json& line : metrics) {
    if (says(line, "event", "epoch") && says(line, "phase", phase)) {
      epochs.insert_or_assign(json_value<std::int64_t>(line, "epoch", "metrics.jsonl: event epoch"), line);
    }
  }
  std::vector<Json> lines;
  lines.reserve(epochs.size());
  for (auto& [epoch, line] : epochs) {
    lines.push_back(std::move(line));
  }
  return lines;
}

Json last_event(const std::vector<Json>& metrics, const std::string& event) {
  for (auto line = metrics.rbegin(); line != metrics.rend(); ++line) {
    if (says(*line, "event", event)) {
      return *line;
    }
  }
  return {};
}

Json curves_data(const std::vector<Json>& metrics, const CostAxis& axis) {
  Json curves = {{"search", Json::array()}, {"train", Json::array()}, {"refreshes", refreshes_data(metrics, axis)}};
  int position = 0;
  for (const char* phase : {"warmup", "search"}) {
    for (const Json& line : epochs_of(metrics, phase)) {
      curves["search"].push_back(epoch_point(line, ++position, axis));
    }
  }
  position = 0;
  for (const Json& line : epochs_of(metrics, "train")) {
    curves["train"].push_back(epoch_point(line, ++position, axis));
  }
  return curves;
}

Json steps_data(const std::vector<Json>& metrics, const Json& result) {
  const auto warmup = epochs_of(metrics, "warmup");
  const auto search = epochs_of(metrics, "search");
  const auto train = epochs_of(metrics, "train");
  const bool derived = !last_event(metrics, "derived").is_null();
  const bool accelerator = !number_or_null(result, "ii_cycles").is_null();
  Json steps = Json::array();
  steps.push_back(training_step("Warm-up", warmup, !search.empty() || derived));
  steps.push_back(training_step("Search", search, derived));
  steps.push_back({{"name", "Network"}, {"state", derived ? "done" : "waiting"}, {"done", nullptr}, {"of", nullptr}});
  steps.push_back(
      {{"name", "Accelerator"}, {"state", accelerator ? "done" : "waiting"}, {"done", nullptr}, {"of", nullptr}});
  steps.push_back(training_step("Training", train, false));
  return steps;
}

Json choices_data(const std::vector<Json>& metrics) {
  const Json space = last_event(metrics, "space");
  const std::vector<Json> epochs = epochs_of(metrics, "search");
  if (space.is_null() || epochs.empty()) {
    return {};
  }
  const std::string place = "metrics.jsonl: event space";
  const auto operators = json_value<std::vector<std::string>>(space, "operators", place);
  const auto bits = json_value<std::vector<int>>(space, "bits", place);
  Json choices = {{"operators", operators}, {"bits", bits}, {"epochs", Json::array()}, {"blocks", Json::array()}};
  for (const Json& line : epochs) {
    choices["epochs"].push_back(line.at("epoch"));
  }
  for (Json block : json_value<std::vector<Json>>(space, "blocks", place)) {
    const std::size_t index = choices["blocks"].size();
    block["alpha"] = probabilities(epochs, "alpha", index, operators.size());
    block["beta"] = probabilities(epochs, "beta", index, bits.size());
    choices["blocks"].push_back(std::move(block));
  }
  return choices;
}

}  // namespace autonba
