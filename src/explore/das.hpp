#pragma once

#include <vector>

#include "base/random.hpp"
#include "explore/trial.hpp"

namespace autonba {

void search_das(Trial& trial, Rng rng, const std::vector<int>& start);

}  // namespace autonba
