#include "model/network_json.hpp"
#include "report/design.hpp"
#include "report/history.hpp"
#include "report/report.hpp"

namespace autonba {

Json report_data(const ReportInput& input) {
  std::optional<Network> network;
  if (!input.network.is_null()) {
    network = network_from_json(input.network, "network.json");
  }
  if (!network && !input.accelerator.is_null()) {
    throw input_error("the run has an accelerator.json without a network.json");
  }
  const CostAxis axis = cost_axis(input.result);
  return {{"result", input.result.is_null() ? Json::object() : input.result},
          {"started", last_event(input.metrics, "started")},
          {"cost", {{"name", axis.name}, {"unit", axis.unit}, {"higher_is_better", axis.higher_is_better}}},
          {"target", target_data(input.result, axis)},
          {"steps", steps_data(input.metrics, input.result)},
          {"curves", curves_data(input.metrics, axis)},
          {"choices", choices_data(input.metrics)},
          {"network", network_data(network, input.metrics)},
          {"accelerator", input.accelerator.is_null() ? Json() : accelerator_data(*network, input.accelerator)},
          {"config", input.config}};
}

}  // namespace autonba
