#include "accel/cost.hpp"

#include <algorithm>
#include <utility>

#include "accel/asic.hpp"
#include "accel/cycles.hpp"
#include "accel/traffic.hpp"

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
  /// `uses`: none, or one for each layer.
  CostSum(const Accelerator& accelerator, const Platform& platform, std::span<const StoreUse> uses)
      : accelerator_(accelerator), platform_(platform), uses_(uses), adds_residual_(accelerator.chunks.size(), false) {
    cost_.chunk_cycles.assign(accelerator.chunks.size(), 0);
    cost_.layer_cycles.reserve(accelerator.places.size());
    if (platform.asic) {
      traffic_.reserve(accelerator.places.size());
    }
  }

  void add(const LayerShape& shape) {
    const std::size_t layer = cost_.layer_cycles.size();
    const Mapping& mapping = accelerator_.places[layer].mapping;
    const auto index = static_cast<std::size_t>(accelerator_.places[layer].chunk);
    const Chunk& chunk = accelerator_.chunks[index];
    const StoreUse use = uses_.empty() ? StoreUse{} : uses_[layer];
    const std::int64_t cycles = layer_cycles(shape, chunk, mapping, accelerator_.batch, platform_, use);
    cost_.layer_cycles.push_back(cycles);
    cost_.chunk_cycles[index] += cycles;
    cost_.latency_cycles += cycles;
    if (platform_.asic) {
      traffic_.push_back(layer_traffic(shape, chunk, mapping, accelerator_.batch, use));
    }
    adds_residual_[index] = adds_residual_[index] || !shape.residual.segments.empty();
  }

  Cost finish() {
    for (std::size_t c = 0; c < accelerator_.chunks.size(); ++c) {
      cost_.ii_cycles = std::max(cost_.ii_cycles, cost_.chunk_cycles[c]);
      cost_.resources = cost_.resources + chunk_resources(accelerator_.chunks[c], adds_residual_[c], platform_);
    }
    if (accelerator_.store) {
      cost_.resources = cost_.resources + store_resources(*accelerator_.store, accelerator_.chunks.size(), platform_);
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
    std::optional<StoreEnergy> store;
    if (accelerator_.store) {
      store.emplace(*accelerator_.store, accelerator_.chunks.size(), *platform_.asic);
      energy.leakage_nw += store->leakage_nw();
    }
    for (std::size_t i = 0; i < traffic_.size(); ++i) {
      energy.layer_pj.push_back(chunks[static_cast<std::size_t>(accelerator_.places[i].chunk)].of(traffic_[i]) +
                                (store ? store->of(traffic_[i]) : 0));
      energy.batch_pj += energy.layer_pj.back();
    }
    energy.batch_pj += static_cast<double>(cost_.ii_cycles) * leakage_pj_per_cycle(energy.leakage_nw, platform_);
    return energy;
  }

  const Accelerator& accelerator_;
  const Platform& platform_;
  std::span<const StoreUse> uses_;
  std::vector<bool> adds_residual_;
  std::vector<Traffic> traffic_;  // by layer, where the platform has tables for energy
  Cost cost_;
};

}  // namespace

std::vector<StoreUse> store_uses(const Network& network, const Accelerator& accelerator) {
  std::vector<StoreUse> uses(network.layers.size());
  if (!accelerator.store) {
    return uses;
  }
  const auto in_store = [&](int writer) {
    return writer >= 0 && accelerator.places[static_cast<std::size_t>(writer)].writes_store;
  };
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const Layer& layer = network.layers[i];
    StoreUse& use = uses[i];
    use.turns = store_turns(accelerator.chunks.size());
    use.word_bits = store_word_bits(*accelerator.store, accelerator.chunks.size());
    const std::vector<int> read = maps_read(layer);
    for (std::size_t map = 0; map < read.size(); ++map) {
      use.inputs |= in_store(read[map]) ? map_bit(static_cast<int>(map)) : 0;
    }
    use.residual = layer.residual && in_store(*layer.residual);
    use.output = in_store(static_cast<int>(i));
  }
  return uses;
}

Cost evaluate(std::span<const LayerShape> shapes, const Accelerator& accelerator, const Platform& platform,
              std::span<const StoreUse> uses) {
  CostSum sum(accelerator, platform, uses);
  for (const LayerShape& shape : shapes) {
    sum.add(shape);
  }
  return sum.finish();
}

Cost evaluate(const Network& network, const Accelerator& accelerator, const Platform& platform) {
  const std::vector<StoreUse> uses = accelerator.store ? store_uses(network, accelerator) : std::vector<StoreUse>();
  CostSum sum(accelerator, platform, uses);
  visit_layer_shapes(network, [&](const LayerShape& shape) { sum.add(shape); });
  return sum.finish();
}

double external_bytes(const Network& network, const Accelerator& accelerator, std::span<const StoreUse> uses) {
  double bytes = 0;
  std::size_t layer = 0;
  visit_layer_shapes(network, [&](const LayerShape& shape) {
    const LayerPlace& place = accelerator.places[layer];
    const Chunk& chunk = accelerator.chunks[static_cast<std::size_t>(place.chunk)];
    const StoreUse use = uses.empty() ? StoreUse{} : uses[layer];
    const Traffic traffic = layer_traffic(shape, chunk, place.mapping, accelerator.batch, use);
    bytes += static_cast<double>((traffic.loaded_words + traffic.stored_words) * chunk.port_bits) / 8;
    ++layer;
  });
  return bytes / accelerator.batch;
}

}  // namespace autonba
