#pragma once

#include <optional>
#include <vector>

#include "base/json.hpp"
#include "model/network.hpp"

namespace autonba {

/// {platform, batch, cost, resources, chunks, layers, macs_per_cycle, utilisation} of an accelerator.json, its layers
/// joined with those of the network. Cycles are those of a batch. Utilisation is the share of multiply-accumulate slots
/// that are filled, batch · macs / (cycles · macs per cycle), of a layer, a chunk while it works, or all chunks over
/// II; null for pooling, which multiplies nothing. Throws InputError where the two documents do not fit.
Json accelerator_data(const Network& network, const Json& accelerator);

/// {final, after_epoch, substitutions, macs, weights, host_ops, boxes}: the network as a row of stem, blocks, head,
/// pool and classifier. The choices come from the event `derived`, before that from the last epoch of the search
/// (`final` is false then, and there is no `network`). Null where neither is there.
Json network_data(const std::optional<Network>& network, const std::vector<Json>& metrics);

}  // namespace autonba
