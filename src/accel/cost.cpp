#include "accel/cost.hpp"

#include <algorithm>

#include "accel/cycles.hpp"

namespace autonba {

double fps(std::int64_t ii_cycles, int batch, const Platform& platform) {
  return batch * platform.clock_mhz * 1e6 / static_cast<double>(ii_cycles);
}

Cost evaluate(std::span<const LayerShape> shapes, const Accelerator& accelerator, const Platform& platform) {
  Cost cost;
  cost.layer_cycles.reserve(shapes.size());
  cost.chunk_cycles.assign(accelerator.chunks.size(), 0);
  std::vector<bool> adds_residual(accelerator.chunks.size(), false);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const auto& [chunk_index, mapping] = accelerator.places[i];
    const auto chunk = static_cast<std::size_t>(chunk_index);
    const std::int64_t cycles =
        layer_cycles(shapes[i], accelerator.chunks[chunk], mapping, accelerator.batch, platform);
    cost.layer_cycles.push_back(cycles);
    cost.chunk_cycles[chunk] += cycles;
    cost.latency_cycles += cycles;
    adds_residual[chunk] = adds_residual[chunk] || !shapes[i].residual.segments.empty();
  }
  for (std::size_t c = 0; c < accelerator.chunks.size(); ++c) {
    cost.ii_cycles = std::max(cost.ii_cycles, cost.chunk_cycles[c]);
    cost.resources = cost.resources + chunk_resources(accelerator.chunks[c], adds_residual[c], platform);
  }
  return cost;
}

Cost evaluate(const Network& network, const Accelerator& accelerator, const Platform& platform) {
  return evaluate(layer_shapes(network), accelerator, platform);
}

}  // namespace autonba
