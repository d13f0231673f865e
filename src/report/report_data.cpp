#include "base/yaml.hpp"
#include "model/network_json.hpp"
#include "report/design.hpp"
#include "report/history.hpp"
#include "report/report.hpp"

namespace autonba {
namespace {

/// What the run was asked to do, as config.yaml says it: known from its first second on.
Json asked_data(const YamlMap& config) {
  const auto text = [](const YamlMap& map, const char* key) { return map.has(key) ? Json(map.text(key)) : Json(); };
  return {{"dataset", text(config, "dataset")},   {"space", text(config, "space")},
          {"platform", text(config, "platform")}, {"engine", text(config.map_or_empty("accelerator"), "engine")},
          {"seed", text(config, "seed")},         {"threads", text(config, "threads")},
          {"device", text(config, "device")}};
}

}  // namespace

Json report_data(const ReportInput& input) {
  const YamlMap config = YamlMap::parse(input.config.empty() ? "{}" : input.config, "config.yaml");
  const YamlMap target = config.map_or_empty("target");
  const CostAxis axis = cost_axis(target.text("metric", "fps"));
  std::optional<Network> network;
  if (!input.network.is_null()) {
    network = network_from_json(input.network, "network.json");
  }
  if (!network && !input.accelerator.is_null()) {
    throw input_error("the run has an accelerator.json without a network.json");
  }
  return {{"asked", asked_data(config)},
          {"result", input.result.is_null() ? Json::object() : input.result},
          {"started", last_event(input.metrics, "started")},
          {"cost", {{"name", axis.name}, {"unit", axis.unit}, {"higher_is_better", axis.higher_is_better}}},
          {"target", target.has("value") ? target_data(target.number("value", 0, 1e12), axis, input.result) : Json()},
          {"steps", steps_data(input.metrics, input.result)},
          {"curves", curves_data(input.metrics, axis)},
          {"choices", choices_data(input.metrics)},
          {"network", network_data(network, input.metrics)},
          {"accelerator", input.accelerator.is_null() ? Json() : accelerator_data(*network, input.accelerator)},
          {"config", input.config}};
}

}  // namespace autonba
