#pragma once

#include <limits>
#include <string>

#include "accel/cost.hpp"

namespace autonba {

/// What an engine minimises.
/// - `fps`: seconds an image in steady state.
/// - `latency`: seconds from image to logits at batch 1.
/// - `energy`: joules an image in steady state, leakage included.
/// - `edp`: joules an image times seconds an image, both in steady state.
/// - `area`: mm² of the chunks, if an image takes no more than a given time in steady state.
/// The last three need a platform with tables (Platform::asic).
enum class Objective { fps, latency, energy, edp, area };

bool needs_tables(Objective objective);

/// Whether engines place maps in a feature store for it. For the others they do not: what an access to a store costs,
/// in energy or area, depends on all maps that lie in it.
bool may_use_store(Objective objective);

/// Whether it is a sum over chunks, and not what the slowest of them makes it.
bool sums_over_chunks(Objective objective);

/// What is minimised, and under what condition.
struct Goal {
  Objective objective = Objective::fps;
  double most_seconds = std::numeric_limits<double>::infinity();  // an image in steady state; `area` only
  Goal() = default;
  // Implicit: an objective is a goal without a condition.
  Goal(Objective chosen, double seconds = std::numeric_limits<double>::infinity())
      : objective(chosen), most_seconds(seconds) {}
};

/// The value that is minimised, in the unit above. Lower is better for every objective. Requires cost.energy for
/// energy and edp.
double value_of(Objective objective, const Cost& cost, int batch, const Platform& platform);

/// The same from its parts: cycles a batch in steady state or, for latency, of all layers, and pJ a batch.
double value_of(Objective objective, double cycles, double batch_pj, const Resources& resources, int batch,
                const Platform& platform);

}  // namespace autonba
