#include "explore/objective.hpp"

namespace autonba {

double value_of(Objective objective, const Cost& cost, int batch, const Platform& platform) {
  const std::int64_t cycles = objective == Objective::fps ? cost.ii_cycles : cost.latency_cycles;
  return static_cast<double>(cycles) / (platform.clock_mhz * 1e6 * batch);
}

}  // namespace autonba
