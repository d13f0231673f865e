#include "accel/cost.hpp"

#include <algorithm>
#include <utility>

#include "accel/asic.hpp"
#include "accel/cycles.hpp"

namespace autonba {

double energy_mj(const Energy& energy, int batch) {
  constexpr double mj_of_pj = 1e-9;
  return energy.batch_pj * mj_of_pj / batch;
}

double leakage_pj_per_cycle(double leakage_nw, const Platform& platform) {
  constexpr double pj_of_nw_us = 1e-3;
  return leakage_nw * pj_of_nw_us / platform.clock_mhz;
}

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
    if (platform.asic) {
      traffic_.reserve(accelerator.places.size());
    }
  }

  void add(const LayerShape& shape) {
    const auto& [chunk_index, mapping] = accelerator_.places[cost_.layer_cycles.size()];
    const auto chunk = static_cast<std::size_t>(chunk_index);
    const std::int64_t cycles = layer_cycles(shape, accelerator_.chunks[chunk], mapping, accelerator_.batch, platform_);
    cost_.layer_cycles.push_back(cycles);
    cost_.chunk_cycles[chunk] += cycles;
    cost_.latency_cycles += cycles;
    if (platform_.asic) {
      traffic_.push_back(layer_traffic(shape, accelerator_.chunks[chunk], mapping, accelerator_.batch));
    }
    adds_residual_[chunk] = adds_residual_[chunk] || !shape.residual.segments.empty();
  }

  Cost finish() {
    for (std::size_t c = 0; c < accelerator_.chunks.size(); ++c) {
      cost_.ii_cycles = std::max(cost_.ii_cycles, cost_.chunk_cycles[c]);
      cost_.resources = cost_.resources + chunk_resources(accelerator_.chunks[c], adds_residual_[c], platform_);
    }
    if (platform_.asic) {
      cost_.energy = energy();
    }
    return std::move(cost_);
  }

 private:
  /// Known at the end only: whether some layer of a chunk adds a residual changes its memories.
  Energy energy() const {
    Energy energy;
    std::vector<ChunkEnergy> chunks;
    for (std::size_t c = 0; c < accelerator_.chunks.size(); ++c) {
      chunks.emplace_back(accelerator_.chunks[c], adds_residual_[c], *platform_.asic);
      energy.leakage_nw += chunks.back().leakage_nw();
    }
    for (std::size_t i = 0; i < traffic_.size(); ++i) {
      energy.layer_pj.push_back(chunks[static_cast<std::size_t>(accelerator_.places[i].chunk)].of(traffic_[i]));
      energy.batch_pj += energy.layer_pj.back();
    }
    energy.batch_pj += static_cast<double>(cost_.ii_cycles) * leakage_pj_per_cycle(energy.leakage_nw, platform_);
    return energy;
  }

  const Accelerator& accelerator_;
  const Platform& platform_;
  std::vector<bool> adds_residual_;
  std::vector<Traffic> traffic_;  // by layer, where the platform has tables for energy
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
