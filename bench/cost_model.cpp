// How many whole networks a second the cost model evaluates on one core: 64 random networks of fbnet-cifar on zc706.
#include <fmt/format.h>

#include "cost_evaluations.hpp"

int main() {
  const autonba::Platform platform = autonba::load_platform("zc706");
  const auto cases = autonba::cost_cases("fbnet-cifar", 64, platform, 1);
  std::size_t layers = 0;
  for (const autonba::CostCase& entry : cases) {
    layers += entry.network.layers.size();
  }
  const double rate = autonba::cost_evaluations_per_second(cases, platform, 2.0);
  fmt::print("cost_evaluations_per_second {:.0f} ({:.1f} layers a network)\n", rate,
             static_cast<double>(layers) / static_cast<double>(cases.size()));
}
