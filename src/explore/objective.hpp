#pragma once

#include <string>

#include "accel/cost.hpp"

namespace autonba {

/// What an engine minimises. `fps`: seconds an image in steady state; `latency`: seconds from image to logits at
/// batch 1.
enum class Objective { fps, latency };

/// The value that is minimised, in seconds. Lower is better for every objective.
double value_of(Objective objective, const Cost& cost, int batch, const Platform& platform);

}  // namespace autonba
