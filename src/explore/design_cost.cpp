#include "explore/design_cost.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "accel/schedule.hpp"
#include "explore/least_energy.hpp"

namespace autonba {
namespace {

/// Σ of log(used / available) over what is used up.
double excess_of(const Resources& used, const Platform& platform) {
  double excess = 0;
  for (const ResourceUse& use : use_of(used, platform)) {
    if (use.used > use.available) {
      excess += std::log(static_cast<double>(use.used) / static_cast<double>(std::max<std::int64_t>(use.available, 1)));
    }
  }
  return excess;
}

bool adds_residual(const Design& design, std::size_t chunk, std::span<const ShapeId> layers, const Mapper& mapper) {
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    if (design.chunk_of[layer] == static_cast<int>(chunk) && !mapper.shape(layers[layer]).residual.segments.empty()) {
      return true;
    }
  }
  return false;
}

DesignCost with_resources(const Design& design, std::span<const ShapeId> layers, const Mapper& mapper) {
  DesignCost cost;
  for (std::size_t chunk = 0; chunk < design.chunks.size(); ++chunk) {
    const bool residual = adds_residual(design, chunk, layers, mapper);
    cost.chunk_resources.push_back(chunk_resources(design.chunks[chunk], residual, mapper.platform()));
  }
  const Resources used = total(cost.chunk_resources);
  cost.excess = excess_of(used, mapper.platform());
  cost.fits = fits(used, mapper.platform());
  cost.chunk_cycles.assign(design.chunks.size(), 0.0);
  return cost;
}

/// Cycles a batch as the objective counts them.
double cycles_of(const DesignCost& cost, Objective objective) {
  const std::vector<double>& chunks = cost.chunk_cycles;
  return objective == Objective::latency ? std::accumulate(chunks.begin(), chunks.end(), 0.0)
                                         : *std::max_element(chunks.begin(), chunks.end());
}

/// With the fastest mapping of every layer. With a limit, layers are left out as soon as the value reaches it.
void map_for_time(double limit, const Design& design, std::span<const ShapeId> layers, std::span<const StoreUse> uses,
                  const Goal& goal, Mapper& mapper, DesignCost& cost) {
  const bool limited = limit < std::numeric_limits<double>::infinity();
  const Platform& platform = mapper.platform();
  const Resources used = total(cost.chunk_resources);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const auto chunk = static_cast<std::size_t>(design.chunk_of[layer]);
    const StoreUse& use = uses[layer];
    const ImaginedTime time = time_on(design.chunks[chunk], layers[layer], design.batch, mapper, use);
    cost.chunk_cycles[chunk] += time.cycles;
    cost.places.push_back({static_cast<int>(chunk), time.mapping, use.output});
    cost.layer_cycles.push_back(static_cast<std::int64_t>(std::ceil(time.cycles)));
    cost.runs = cost.runs && time.runs;
    const double cycles = cycles_of(cost, goal.objective);
    cost.value = value_of(goal.objective, cycles, 0, used, design.batch, platform);
    const double seconds = cycles / (platform.clock_mhz * 1e6 * design.batch);
    cost.in_time = goal.objective != Objective::area || seconds <= goal.most_seconds;
    if (limited && (!cost.runs || !cost.in_time || cost.value >= limit)) {
      cost.runs = false;
      return;
    }
    if (!cost.in_time && layer + 1 == layers.size()) {
      cost.excess += std::log(seconds / goal.most_seconds);
    }
  }
  cost.chunk_loads = cost.chunk_cycles;
}

/// A layer that the chunk cannot run: all multipliers and the port work as long as time_on imagines.
PricedMapping imagined_energy(const Chunk& chunk, ShapeId layer, int batch, Mapper& mapper) {
  const AsicTables& tables = *mapper.platform().asic;
  const double cycles = time_on(chunk, layer, batch, mapper).cycles;
  const double pj_per_cycle = static_cast<double>(mac_count(chunk)) * mac_of(tables, chunk.bits).energy_pj +
                              chunk.port_bits * tables.dram_pj_per_bit;
  return {static_cast<std::int64_t>(cycles), cycles * pj_per_cycle, {}};
}

/// With the mappings of least_energy().
void map_for_energy(const Design& design, std::span<const ShapeId> layers, Objective objective, Mapper& mapper,
                    DesignCost& cost) {
  const Platform& platform = mapper.platform();
  std::vector<bool> residual;
  double leakage_nw = 0;
  for (std::size_t chunk = 0; chunk < design.chunks.size(); ++chunk) {
    residual.push_back(adds_residual(design, chunk, layers, mapper));
    leakage_nw += ChunkEnergy(design.chunks[chunk], residual.back(), *platform.asic).leakage_nw();
  }
  std::vector<FrontOnChunk> fronts;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const auto chunk = static_cast<std::size_t>(design.chunk_of[layer]);
    auto front = mapper.energy_front(layers[layer], design.chunks[chunk], residual[chunk], design.batch);
    if (front->empty()) {
      cost.runs = false;
      front = std::make_shared<const EnergyFront>(
          EnergyFront{imagined_energy(design.chunks[chunk], layers[layer], design.batch, mapper)});
    }
    fronts.push_back({chunk, std::move(front)});
  }
  const double leakage = leakage_pj_per_cycle(leakage_nw, platform);
  EnergyChoice choice = least_energy(fronts, design.chunks.size(), leakage, objective == Objective::edp);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    cost.places.push_back({static_cast<int>(fronts[layer].chunk), (*fronts[layer].front)[choice.picks[layer]].mapping});
  }
  cost.chunk_cycles = std::move(choice.chunk_cycles);
  const double ii_cycles = cycles_of(cost, objective);
  const double batch_pj = std::accumulate(choice.chunk_pj.begin(), choice.chunk_pj.end(), leakage * ii_cycles);
  cost.value = value_of(objective, ii_cycles, batch_pj, total(cost.chunk_resources), design.batch, platform);
  cost.chunk_loads = objective == Objective::energy ? std::move(choice.chunk_pj) : cost.chunk_cycles;
}

/// The store that the design's maps take, which shares the platform with the chunks.
void add_store(const Design& design, std::span<const ShapeId> layers, const Goal& goal, const Mapper& mapper,
               const MapsToPlace& maps, DesignCost& cost) {
  const int word_bits = store_word_bits({0, design.store_port}, design.chunks.size());
  const Accelerator accelerator{.batch = design.batch, .chunks = design.chunks, .places = cost.places};
  std::vector<std::int64_t> slot_words;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    slot_words.push_back(
        cost.places[layer].writes_store ? store_words(mapper.shape(layers[layer]).output, design.batch, word_bits) : 0);
  }
  constexpr int changes = 10;  // more would take longer than the design is worth
  const std::int64_t words =
      make_schedule(maps.network, accelerator, cost.layer_cycles, slot_words, changes).store_words;
  if (words == 0) {
    return;
  }
  const Platform& platform = mapper.platform();
  cost.store = Store{least_store_depth(words, platform.asic.has_value()), design.store_port};
  cost.store_resources = store_resources(*cost.store, design.chunks.size(), platform);
  const Resources used = resources_of(cost);
  cost.excess = excess_of(used, platform);
  cost.fits = fits(used, platform) && cost.store->depth <= maps.depth_max;
  if (cost.store->depth > maps.depth_max) {
    cost.excess += std::log(static_cast<double>(cost.store->depth) / maps.depth_max);
  }
  cost.value = value_of(goal.objective, cycles_of(cost, goal.objective), 0, used, design.batch, platform);
}

}  // namespace

std::vector<StoreUse> store_uses(const Design& design, const PlacementGroups& groups) {
  std::vector<StoreUse> uses(groups.layers.size());
  const auto is_stored = [&](int group) {
    return group != always_external && design.stored[static_cast<std::size_t>(group)] != 0;
  };
  for (std::size_t layer = 0; layer < uses.size(); ++layer) {
    const LayerGroups& of = groups.layers[layer];
    uses[layer] = {.turns = store_turns(design.chunks.size()),
                   .word_bits = store_word_bits({0, design.store_port}, design.chunks.size()),
                   .inputs = is_stored(of.input) ? all_maps : 0,
                   .residual = is_stored(of.residual),
                   .output = is_stored(of.output)};
  }
  return uses;
}

Resources resources_of(const DesignCost& cost) {
  return total(cost.chunk_resources) + cost.store_resources;
}

Resources total(std::span<const Resources> chunks) {
  Resources sum;
  for (const Resources& chunk : chunks) {
    sum = sum + chunk;
  }
  return sum;
}

DesignCost cost_below(double limit, const Design& design, std::span<const ShapeId> layers, const Goal& goal,
                      Mapper& mapper, const MapsToPlace* maps) {
  DesignCost cost = with_resources(design, layers, mapper);
  const bool limited = limit < std::numeric_limits<double>::infinity();
  if (limited && !cost.fits) {
    return cost;
  }
  cost.runs = true;
  if (goal.objective == Objective::energy || goal.objective == Objective::edp) {
    map_for_energy(design, layers, goal.objective, mapper, cost);
  } else {
    const bool stores = maps != nullptr && design.store_port > 0;
    const std::vector<StoreUse> uses = stores ? store_uses(design, maps->groups) : std::vector<StoreUse>(layers.size());
    map_for_time(limit, design, layers, uses, goal, mapper, cost);
    if (stores && cost.places.size() == layers.size()) {
      add_store(design, layers, goal, mapper, *maps, cost);
    }
  }
  cost.log_cost = std::log(cost.value) + excess_penalty * cost.excess + (feasible(cost) ? 0 : infeasible_penalty);
  return cost;
}

DesignCost cost_of(const Design& design, std::span<const ShapeId> layers, const Goal& goal, Mapper& mapper,
                   const MapsToPlace* maps) {
  return cost_below(std::numeric_limits<double>::infinity(), design, layers, goal, mapper, maps);
}

double load_on(const Chunk& chunk, bool adds_residual, ShapeId layer, int batch, Objective objective, Mapper& mapper,
               const StoreUse& use) {
  if (objective != Objective::energy) {
    return time_on(chunk, layer, batch, mapper, use).cycles;
  }
  const auto front = mapper.energy_front(layer, chunk, adds_residual, batch);
  if (front->empty()) {
    return imagined_energy(chunk, layer, batch, mapper).energy_pj;
  }
  const double leakage =
      leakage_pj_per_cycle(ChunkEnergy(chunk, adds_residual, *mapper.platform().asic).leakage_nw(), mapper.platform());
  double least = std::numeric_limits<double>::infinity();
  for (const PricedMapping& mapping : *front) {
    least = std::min(least, mapping.energy_pj + leakage * static_cast<double>(mapping.cycles));
  }
  return least;
}

Accelerator accelerator_of(const Design& design, const DesignCost& cost) {
  return {.batch = design.batch, .chunks = design.chunks, .places = cost.places, .store = cost.store};
}

}  // namespace autonba
