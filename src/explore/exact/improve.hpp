#pragma once

#include <optional>

#include "explore/exact/incumbent.hpp"

namespace autonba {

/// The chunks of an accelerator as a design of the instance, with its layers placed anew; none if the design space does
/// not have them, or they do not fit.
std::optional<Found> design_of(const Instance& instance, const Accelerator& accelerator);

/// Better designs whose chunks differ a little in unrolling, port, bits or multipliers, and from these on; none if
/// there are none. Amounts are chosen anew for each.
std::optional<Found> improve(const Instance& instance, const Found& found);

}  // namespace autonba
