#include "brute_force.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "accel/asic.hpp"
#include "accel/cycles.hpp"
#include "stated_mappings.hpp"

namespace autonba {
namespace {

/// Of one layer, or of the layers of a chunk: their mappings, with what a batch takes.
struct Choice {
  std::int64_t cycles = 0;
  double pj = 0;                  // without leakage; 0 where only time counts
  std::vector<Mapping> mappings;  // in the network's order
};

/// Choices of which none is beaten by another in both cycles and energy: cycles ascend, energy falls. No others are
/// needed: no value becomes smaller when some layer takes more cycles or more energy, all else alike.
using Front = std::vector<Choice>;

Front front_of(std::vector<Choice> choices) {
  std::sort(choices.begin(), choices.end(),
            [](const Choice& a, const Choice& b) { return std::pair(a.cycles, a.pj) < std::pair(b.cycles, b.pj); });
  Front front;
  for (Choice& choice : choices) {
    if (front.empty() || choice.pj < front.back().pj) {
      front.push_back(std::move(choice));
    }
  }
  return front;
}

/// Of the layers of both, one after the other.
Front joined(const Front& a, const Front& b) {
  std::vector<Choice> choices;
  for (const Choice& first : a) {
    for (const Choice& second : b) {
      choices.push_back({first.cycles + second.cycles, first.pj + second.pj, first.mappings});
      choices.back().mappings.insert(choices.back().mappings.end(), second.mappings.begin(), second.mappings.end());
    }
  }
  return front_of(std::move(choices));
}

bool counts_energy(Objective objective) {
  return objective == Objective::energy || objective == Objective::edp;
}

/// Empty where the chunk cannot run the layer.
Front layer_front(const LayerShape& shape, const Chunk& chunk, bool adds_residual, int batch, const Problem& problem) {
  std::vector<Choice> choices;
  if (!can_run(chunk, shape)) {
    return choices;
  }
  std::optional<ChunkEnergy> energy;
  if (counts_energy(problem.objective)) {
    energy.emplace(chunk, adds_residual, *problem.platform.asic);
  }
  for (const Mapping& mapping : stated_mappings(shape, chunk, batch)) {
    if (tile_fits(chunk, shape, mapping, batch)) {
      choices.push_back({layer_cycles(shape, chunk, mapping, batch, problem.platform),
                         energy ? energy->of(layer_traffic(shape, chunk, mapping, batch)) : 0.0,
                         {mapping}});
    }
  }
  return front_of(std::move(choices));
}

/// Bit i: layer i of the network.
using LayerSet = unsigned;

/// A chunk with the layers that run on it.
struct LoadedChunk {
  Chunk chunk;
  LayerSet layers = 0;
  Resources resources;
  double leakage_pj = 0;  // a cycle
  Front front;            // not empty
};

/// Every chunk of a kind with every set of layers that it can run.
std::vector<LoadedChunk> every_loaded_chunk(const Problem& problem, std::span<const LayerShape> shapes, ChunkKind kind,
                                            int batch) {
  const ChunkSpace& space = kind == ChunkKind::conv ? problem.space.conv : problem.space.depthwise;
  std::vector<LoadedChunk> loaded;
  for (const Chunk& chunk : every_chunk(space, kind)) {
    for (const bool adds_residual : {false, true}) {  // its memories, and so its energies, depend on it
      const Resources resources = chunk_resources(chunk, adds_residual, problem.platform);
      const double leakage_pj =
          problem.platform.asic
              ? leakage_pj_per_cycle(ChunkEnergy(chunk, adds_residual, *problem.platform.asic).leakage_nw(),
                                     problem.platform)
              : 0.0;
      std::vector<Front> fronts(std::size_t{1} << shapes.size());  // by set of layers
      std::vector<bool> adds(fronts.size(), false);
      fronts[0] = {Choice{}};
      for (std::size_t layer = 0; layer < shapes.size(); ++layer) {
        const LayerSet bit = 1U << layer;
        const bool with_residual = !shapes[layer].residual.segments.empty();
        Front own;
        const auto equal =
            std::find(shapes.begin(), shapes.begin() + static_cast<std::ptrdiff_t>(layer), shapes[layer]);
        if (const auto seen = static_cast<std::size_t>(equal - shapes.begin()); seen < layer) {
          own = fronts[1U << seen];
        } else if (!with_residual || adds_residual) {
          own = layer_front(shapes[layer], chunk, adds_residual, batch, problem);
        }
        for (LayerSet others = 0; others < bit; ++others) {
          fronts[others | bit] = joined(fronts[others], own);
          adds[others | bit] = adds[others] || with_residual;
        }
      }
      for (LayerSet layers = 1; layers < fronts.size(); ++layers) {
        if (adds[layers] == adds_residual && !fronts[layers].empty()) {
          loaded.push_back({chunk, layers, resources, leakage_pj, std::move(fronts[layers])});
        }
      }
    }
  }
  return loaded;
}

/// Chunks that run all layers of their kind, each layer on one of them.
using Group = std::vector<const LoadedChunk*>;

/// Every way to run the layers in `left` on up to `most` chunks besides those of `group`.
void spread(LayerSet left, int most, const std::vector<LoadedChunk>& loaded, Group& group, std::vector<Group>& groups) {
  if (left == 0) {
    groups.push_back(group);
    return;
  }
  const LayerSet first = left & -left;  // each chunk takes the first layer that is left, so that no group comes twice
  for (const LoadedChunk& chunk : loaded) {
    if (most > 0 && (chunk.layers & first) != 0 && (chunk.layers & ~left) == 0) {
      group.push_back(&chunk);
      spread(left & ~chunk.layers, most - 1, loaded, group, groups);
      group.pop_back();
    }
  }
}

std::vector<Group> every_group(LayerSet layers, int most, const std::vector<LoadedChunk>& loaded) {
  Group group;
  std::vector<Group> groups;
  spread(layers, most, loaded, group, groups);
  return groups;
}

/// The least energy within `most_cycles`; none if the fastest choice takes longer.
const Choice* last_within(const Front& front, std::int64_t most_cycles) {
  const Choice* last = nullptr;
  for (const Choice& choice : front) {
    if (choice.cycles <= most_cycles) {
      last = &choice;
    }
  }
  return last;
}

/// A choice for each chunk of a design, and the value they make.
struct Priced {
  double value = std::numeric_limits<double>::infinity();
  std::vector<const Choice*> choices;
};

Priced price_of_time(const Group& design, const Resources& resources, int batch, const Problem& problem) {
  Priced priced;
  std::int64_t slowest = 0;
  std::int64_t all = 0;
  for (const LoadedChunk* chunk : design) {
    priced.choices.push_back(&chunk->front.front());
    slowest = std::max(slowest, chunk->front.front().cycles);
    all += chunk->front.front().cycles;
  }
  const double cycles_a_second = problem.platform.clock_mhz * 1e6 * batch;  // for each image of the batch
  if (problem.objective == Objective::latency) {
    priced.value = static_cast<double>(all) / cycles_a_second;
    return priced;
  }
  priced.value = static_cast<double>(slowest) / cycles_a_second;
  if (problem.objective == Objective::area) {
    priced.value = priced.value <= problem.most_seconds ? static_cast<double>(resources.area_um2) / 1e6
                                                        : std::numeric_limits<double>::infinity();
  }
  return priced;
}

/// With II bounded by T, each chunk takes the least energy within T. Some chunk sets II, so that of all T only the
/// cycles of the chunks' choices are tried; where II falls short of T, the value is found again with a smaller T.
Priced price_of_energy(const Group& design, int batch, const Problem& problem) {
  Priced best;
  double leakage_pj = 0;
  for (const LoadedChunk* chunk : design) {
    leakage_pj += chunk->leakage_pj;
  }
  for (const LoadedChunk* slowest : design) {
    for (const Choice& limit : slowest->front) {
      Priced priced;
      double pj = leakage_pj * static_cast<double>(limit.cycles);
      for (const LoadedChunk* chunk : design) {
        priced.choices.push_back(last_within(chunk->front, limit.cycles));
        pj += priced.choices.back() == nullptr ? std::numeric_limits<double>::infinity() : priced.choices.back()->pj;
      }
      priced.value = pj / 1e12 / batch;
      if (problem.objective == Objective::edp) {
        priced.value *= static_cast<double>(limit.cycles) / (problem.platform.clock_mhz * 1e6 * batch);
      }
      if (priced.value < best.value) {
        best = std::move(priced);
      }
    }
  }
  return best;
}

Accelerator accelerator_of(const Group& design, const Priced& priced, int batch, std::size_t layers) {
  Accelerator accelerator{.batch = batch, .places = std::vector<LayerPlace>(layers)};
  for (std::size_t c = 0; c < design.size(); ++c) {
    accelerator.chunks.push_back(design[c]->chunk);
    auto mapping = priced.choices[c]->mappings.begin();
    for (std::size_t layer = 0; layer < layers; ++layer) {
      if ((design[c]->layers >> layer & 1U) != 0) {
        accelerator.places[layer] = {static_cast<int>(c), *mapping++};
      }
    }
  }
  return accelerator;
}

void try_out(const Group& design, int batch, const Problem& problem, Enumeration& all) {
  ++all.designs;
  Resources resources;
  for (const LoadedChunk* chunk : design) {
    resources = resources + chunk->resources;
  }
  if (!fits(resources, problem.platform)) {
    return;
  }
  ++all.fitting;
  const Priced priced = counts_energy(problem.objective) ? price_of_energy(design, batch, problem)
                                                         : price_of_time(design, resources, batch, problem);
  if (priced.value == std::numeric_limits<double>::infinity()) {
    return;
  }
  ++all.feasible;
  if (!all.accelerator || priced.value < all.value) {
    all.value = priced.value;
    all.accelerator = accelerator_of(design, priced, batch, problem.network.layers.size());
  }
}

template <typename Value>
std::vector<Chunk> with_each(const std::vector<Chunk>& chunks, Value Chunk::*field, const std::vector<Value>& values) {
  std::vector<Chunk> all;
  for (Chunk chunk : chunks) {
    for (const Value value : values) {
      chunk.*field = value;
      all.push_back(chunk);
    }
  }
  return all;
}

}  // namespace

std::vector<Chunk> every_chunk(const ChunkSpace& space, ChunkKind kind) {
  std::vector<Chunk> chunks = {Chunk{.kind = kind}};
  chunks = with_each(chunks, &Chunk::bits, space.bits);
  chunks = with_each(chunks, &Chunk::unroll_m, space.unroll_m);
  chunks = with_each(chunks, &Chunk::unroll_n, space.unroll_n);
  chunks = with_each(chunks, &Chunk::unroll_p, space.unroll_p);
  chunks = with_each(chunks, &Chunk::mac, space.mac);
  chunks = with_each(chunks, &Chunk::requant_lanes, space.requant_lanes);
  chunks = with_each(chunks, &Chunk::stride_max, space.stride_max);
  chunks = with_each(chunks, &Chunk::depth_input, space.depth_input);
  chunks = with_each(chunks, &Chunk::depth_weight, space.depth_weight);
  chunks = with_each(chunks, &Chunk::depth_output, space.depth_output);
  chunks = with_each(chunks, &Chunk::accumulator, space.accumulator);
  chunks = with_each(chunks, &Chunk::port_bits, space.port_bits);
  std::erase_if(chunks, [](const Chunk& chunk) { return defect(chunk).has_value(); });
  return chunks;
}

Enumeration brute_force(const Problem& problem) {
  const std::vector<LayerShape> shapes = layer_shapes(problem.network);
  LayerSet depthwise = 0;
  for (std::size_t layer = 0; layer < shapes.size(); ++layer) {
    depthwise |= is_depthwise_kind(shapes[layer]) ? 1U << layer : 0U;
  }
  const LayerSet conv = ((1U << shapes.size()) - 1) & ~depthwise;
  Enumeration all;
  for (const int batch : problem.objective == Objective::latency ? std::vector{1} : problem.space.batch) {
    const auto conv_chunks = every_loaded_chunk(problem, shapes, ChunkKind::conv, batch);
    const auto depthwise_chunks = every_loaded_chunk(problem, shapes, ChunkKind::depthwise, batch);
    const std::vector<Group> depthwise_groups =
        every_group(depthwise, problem.space.depthwise.chunks_max, depthwise_chunks);
    for (const Group& group : every_group(conv, problem.space.conv.chunks_max, conv_chunks)) {
      for (const Group& others : depthwise_groups) {
        if (static_cast<int>(group.size() + others.size()) <= problem.space.chunks_max) {
          Group design = group;
          design.insert(design.end(), others.begin(), others.end());
          try_out(design, batch, problem, all);
        }
      }
    }
  }
  return all;
}

}  // namespace autonba
