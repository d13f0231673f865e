#pragma once

#include "brute_force.hpp"

namespace autonba {

/// As brute_force, for `fps` and `latency` in a space with a store: every design with every placement of maps, in which
/// the maps that a layer reads lie together, for some order of layers in which the slots of the stored maps fit. Orders
/// are those of all layers together, each layer as soon as its chunk is free or, layer by layer, not before what it
/// reads is written in the same round, where the chunk has time for that. By plain loops that share no code with
/// src/explore.
Enumeration brute_force_with_store(const Problem& problem);

}  // namespace autonba
