#pragma once

#include <cstdint>
#include <string>

#include "accel/accelerator.hpp"
#include "accel/schedule.hpp"
#include "model/network.hpp"

namespace autonba {

/// Plays `rounds` rounds of a schedule as a list of events in time: layers begin to write a slot of their map, and end
/// to read slots of others; batch b of a map lies in slot b modulo their number. Returns what goes wrong first, as a
/// sentence: a slot that is written before its last reader has ended, one that is read before it is written or holds
/// another batch. Empty if nothing does. Written apart from the cost model; the host is left out.
std::string simulate_slots(const Network& network, const Accelerator& accelerator, const Schedule& schedule,
                           int rounds);

}  // namespace autonba
