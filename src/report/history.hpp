#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace autonba {

/// The cost that the run was held to, as the report shows it.
struct CostAxis {
  std::string metric;  // "fps" or "latency_ms": its key in result.json and metrics.jsonl
  std::string name;    // "Throughput"
  std::string unit;    // "images/s"
  bool higher_is_better = false;
};

/// The axis of a target's metric. Throws InputError where there is none of this name.
CostAxis cost_axis(const std::string& metric);

/// {value, achieved, met} in the axis' unit, `achieved` and `met` null before there is an accelerator.
Json target_data(double value, const CostAxis& axis, const Json& result);

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
