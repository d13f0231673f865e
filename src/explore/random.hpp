#pragma once

#include "base/random.hpp"
#include "explore/trial.hpp"

namespace autonba {

/// Independent designs, every choice uniform over the options that the earlier ones leave, until the budget is spent.
/// Designs over the platform's budget count as evaluations too.
void search_random(Trial& trial, Rng rng);

}  // namespace autonba
