#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace autonba {

/// The cost that the run was held to, as the report shows it.
struct CostAxis {
  std::string name;  // "Throughput"
  std::string unit;  // "images/s"
  bool higher_is_better = false;
  std::string metric;  // "fps" or "latency_ms", a key of result.json
};

/// The axis of result.json's target; throughput where there is none yet. Throws InputError on an unknown metric.
CostAxis cost_axis(const Json& result);

/// {value, achieved, met} in the axis' unit, `achieved` and `met` null before there is an accelerator. Null where the
/// run states no target.
Json target_data(const Json& result, const CostAxis& axis);

/// The last line that says so of each epoch of `phase`, in order of epochs: a resumed run repeats the epochs after its
/// checkpoint.
std::vector<Json> epochs_of(const std::vector<Json>& metrics, const std::string& phase);

/// The last line of this event, or null.
Json last_event(const std::vector<Json>& metrics, const std::string& event);

/// {search, train, refreshes}: what the curves are drawn from. Epochs of the search count on from those of the warm-up.
Json curves_data(const std::vector<Json>& metrics, const CostAxis& axis);

/// How far the run has come: a list of {name, state (done | partly | waiting | none), done, of}.
Json steps_data(const std::vector<Json>& metrics, const Json& result);

/// {operators, bits, epochs, blocks}, each block with its shape and the probabilities alpha [epoch][operator] and beta
/// [epoch][bits]. Null where the search recorded none. Throws InputError if their numbers do not fit the space.
Json choices_data(const std::vector<Json>& metrics);

}  // namespace autonba
