#include "explore/objective.hpp"

namespace autonba {

bool needs_tables(Objective objective) {
  return objective == Objective::energy || objective == Objective::edp || objective == Objective::area;
}

bool may_use_store(Objective objective) {
  return objective == Objective::fps || objective == Objective::latency;
}

bool sums_over_chunks(Objective objective) {
  return objective == Objective::latency || objective == Objective::energy;
}

double value_of(Objective objective, const Cost& cost, int batch, const Platform& platform) {
  const std::int64_t cycles = objective == Objective::latency ? cost.latency_cycles : cost.ii_cycles;
  return value_of(objective, static_cast<double>(cycles), cost.energy ? cost.energy->batch_pj : 0, cost.resources,
                  batch, platform);
}

double value_of(Objective objective, double cycles, double batch_pj, const Resources& resources, int batch,
                const Platform& platform) {
  const double seconds = cycles / (platform.clock_mhz * 1e6 * batch);
  const double joules = batch_pj * 1e-12 / batch;
  switch (objective) {
    case Objective::fps:
    case Objective::latency:
      break;
    case Objective::energy:
      return joules;
    case Objective::edp:
      return joules * seconds;
    case Objective::area:
      return static_cast<double>(resources.area_um2) * 1e-6;
  }
  return seconds;
}

}  // namespace autonba
