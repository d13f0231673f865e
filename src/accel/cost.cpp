#include "accel/cost.hpp"

#include <algorithm>
#include <utility>

#include "accel/cycles.hpp"

namespace autonba {

double fps(std::int64_t ii_cycles, int batch, const Platform& platform) {
  return batch * platform.clock_mhz * 1e6 / static_cast<double>(ii_cycles);
}

namespace {

/// Sums up layer by layer, in the network's order.
class CostSum {
 public:
  CostSum(const Accelerator& accelerator, const Platform& platform)
      : accelerator_(accelerator), platform_(platform), adds_residual_(accelerator.chunks.size(), false) {
    cost_.chunk_cycles.assign(accelerator.chunks.size(), 0);
    cost_.layer_cycles.reserve(accelerator.places.size());
  }

  void add(const LayerShape& shape) {
    const auto& [chunk_index, mapping] = accelerator_.places[cost_.layer_cycles.size()];
    const auto chunk = static_cast<std::size_t>(chunk_index);
    const std::int64_t cycles = layer_cycles(shape, accelerator_.chunks[chunk], mapping, accelerator_.batch, platform_);
    cost_.layer_cycles.push_back(cycles);
    cost_.chunk_cycles[chunk] += cycles;
    cost_.latency_cycles += cycles;
    adds_residual_[chunk] = adds_residual_[chunk] || !shape.residual.segments.empty();
  }

  Cost finish() {
    for (std::size_t c = 0; c < accelerator_.chunks.size(); ++c) {
      cost_.ii_cycles = std::max(cost_.ii_cycles, cost_.chunk_cycles[c]);
      cost_.resources = cost_.resources + chunk_resources(accelerator_.chunks[c], adds_residual_[c], platform_);
    }
    return std::move(cost_);
  }

 private:
  const Accelerator& accelerator_;
  const Platform& platform_;
  std::vector<bool> adds_residual_;
  Cost cost_;
};

}  // namespace

Cost evaluate(std::span<const LayerShape> shapes, const Accelerator& accelerator, const Platform& platform) {
  CostSum sum(accelerator, platform);
  for (const LayerShape& shape : shapes) {
    sum.add(shape);
  }
  return sum.finish();
}

Cost evaluate(const Network& network, const Accelerator& accelerator, const Platform& platform) {
  CostSum sum(accelerator, platform);
  visit_layer_shapes(network, [&](const LayerShape& shape) { sum.add(shape); });
  return sum.finish();
}

}  // namespace autonba
