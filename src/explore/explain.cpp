#include "explore/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "accel/asic.hpp"
#include "accel/cost.hpp"
#include "accel/resources.hpp"
#include "accel/traffic.hpp"
#include "base/ceil_div.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "explore/tilings.hpp"

namespace autonba {
namespace {

/// A layer on the chunk that runs it.
struct Placed {
  const LayerShape& shape;
  const Chunk& chunk;
  int batch;
  const Platform& platform;
  StoreUse use;
  const Accelerator& accelerator;
  bool chunk_adds_residual;
};

std::vector<Mapping> fitting_tilings(const Placed& placed) {
  Tilings tilings(placed.shape);
  std::vector<Mapping> fitting;
  const bool depthwise = is_depthwise_kind(placed.shape);
  for (const TileSize& m : tilings.output_channels(placed.chunk.unroll_m)) {
    for (const TileSize& n : tilings.input_channels(placed.chunk.unroll_n)) {
      for (const TileSize& rows : tilings.rows(placed.chunk.unroll_p, placed.batch)) {
        for (const TileSize& cols : tilings.columns()) {
          for (const LoopOrder order : loop_orders(depthwise, m, n)) {
            const Mapping mapping{m.size, n.size, rows.size, cols.size, order};
            if (tile_fits(placed.chunk, placed.shape, mapping, placed.batch)) {
              fitting.push_back(mapping);
            }
          }
        }
      }
    }
  }
  return fitting;
}

ExplainedTiling explained(const Placed& placed, const Mapping& mapping) {
  const auto& [shape, chunk, batch, platform, use, accelerator, adds_residual] = placed;
  ExplainedTiling tiling{.mapping = mapping,
                         .terms = layer_terms(shape, chunk, mapping, batch, platform, use),
                         .words = tile_words(chunk, shape, mapping, batch)};
  if (platform.asic) {
    const Traffic traffic = layer_traffic(shape, chunk, mapping, batch, use);
    tiling.energy_pj = ChunkEnergy(chunk, adds_residual, *platform.asic).of(traffic);
    if (accelerator.store) {
      *tiling.energy_pj += StoreEnergy(*accelerator.store, accelerator.chunks.size(), *platform.asic).of(traffic);
    }
  }
  return tiling;
}

/// Fills in the rank of the chosen tiling and the fastest others.
void compare_tilings(const Placed& placed, std::size_t others, Explanation& explanation) {
  const Mapping chosen = explanation.chosen.mapping;
  const std::int64_t chosen_cycles = total(explanation.chosen.terms);
  std::vector<std::pair<std::int64_t, Mapping>> timed;
  const std::vector<Mapping> fitting = fitting_tilings(placed);
  explanation.fitting = static_cast<std::int64_t>(fitting.size());
  for (const Mapping& mapping : fitting) {
    if (mapping != chosen) {
      timed.emplace_back(layer_cycles(placed.shape, placed.chunk, mapping, placed.batch, placed.platform, placed.use),
                         mapping);
      explanation.rank += timed.back().first < chosen_cycles ? 1 : 0;
    }
  }
  const std::size_t shown = std::min(others, timed.size());
  std::stable_sort(timed.begin(), timed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  explanation.fastest_cycles = timed.empty() ? chosen_cycles : std::min(chosen_cycles, timed.front().first);
  for (std::size_t i = 0; i < shown; ++i) {
    explanation.others.push_back(explained(placed, timed[i].second));
  }
}

/// The chunk with more of one thing that it is made of, for each where such a chunk can be built.
std::vector<std::pair<std::string, Chunk>> enlarged(const Chunk& chunk) {
  const std::pair<const char*, int Chunk::*> parts[] = {
      {"twice the input buffer", &Chunk::depth_input},        {"twice the weight buffer", &Chunk::depth_weight},
      {"twice the output buffer", &Chunk::depth_output},      {"twice the memory port", &Chunk::port_bits},
      {"twice the requantisation", &Chunk::requant_lanes},    {"twice the output channels at once", &Chunk::unroll_m},
      {"twice the input channels at once", &Chunk::unroll_n}, {"twice the rows at once", &Chunk::unroll_p},
  };
  constexpr int widest_port = 256;
  std::vector<std::pair<std::string, Chunk>> chunks;
  for (const auto& [what, part] : parts) {
    Chunk larger = chunk;
    larger.*part *= 2;
    if (!defect(larger) && larger.port_bits <= widest_port) {
      chunks.emplace_back(what, larger);
    }
  }
  if (!chunk.accumulator && chunk.kind == ChunkKind::conv) {
    chunks.emplace_back("an accumulator buffer", chunk);
    chunks.back().second.accumulator = true;
  }
  return chunks;
}

std::string why_not(const Chunk& chunk, const LayerShape& shape) {
  if ((chunk.kind == ChunkKind::depthwise) != is_depthwise_kind(shape)) {
    return chunk.kind == ChunkKind::depthwise ? "it is for depthwise and pooling" : "it is for convolutions";
  }
  if (std::max(shape.stride_rows, shape.stride_cols) > chunk.stride_max) {
    return fmt::format("its largest stride is {}", chunk.stride_max);
  }
  return can_run(chunk, shape) ? "its buffers hold no tile" : fmt::format("it has {} bits", chunk.bits);
}

std::vector<Relaxation> relaxations_of(const Chunk& chunk, ShapeId shape, int batch, const StoreUse& use,
                                       Mapper& mapper) {
  std::vector<Relaxation> relaxations;
  for (const auto& [what, larger] : enlarged(chunk)) {
    if (const auto best = mapper.best(shape, larger, batch, use)) {
      relaxations.push_back({what, best->cycles});
    }
  }
  return relaxations;
}

Elsewhere on_another_chunk(const Accelerator& accelerator, std::size_t index, std::int64_t chunk_cycles, ShapeId shape,
                           const StoreUse& use, Mapper& mapper) {
  Elsewhere other{.chunk = index, .chunk_cycles = chunk_cycles};
  if (const auto best = mapper.best(shape, accelerator.chunks[index], accelerator.batch, use)) {
    other.cycles = best->cycles;
  } else {
    other.why_not = why_not(accelerator.chunks[index], mapper.shape(shape));
  }
  return other;
}

/// Whether some layer on the chunk adds a residual.
bool adds_residual(std::span<const LayerShape> shapes, const Accelerator& accelerator, int chunk) {
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (accelerator.places[i].chunk == chunk && !shapes[i].residual.segments.empty()) {
      return true;
    }
  }
  return false;
}

std::int64_t least_compute_cycles(const Layer& layer, const Chunk& chunk, int batch) {
  return ceil_div(batch * macs(layer), mac_count(chunk));
}

}  // namespace

std::size_t layer_named(const Network& network, const std::string& id) {
  std::vector<std::string> ids;
  for (const Layer& layer : network.layers) {
    if (layer.id == id) {
      return ids.size();
    }
    ids.push_back(layer.id);
  }
  const auto meant = nearest(id, ids);
  constexpr std::size_t listed = 8;
  const bool some = ids.size() > listed;
  ids.resize(std::min(ids.size(), listed));
  throw input_error("the network has no layer {}; {}", id,
                    meant ? fmt::format("did you mean {}?", *meant)
                          : fmt::format("{} {}", some ? "its first layers are" : "its layers are", any_of(ids)));
}

Explanation explain(const Network& network, const Accelerator& accelerator, std::size_t layer, std::size_t others,
                    Mapper& mapper) {
  const std::vector<LayerShape> shapes = layer_shapes(network);
  const LayerPlace& place = accelerator.places[layer];
  const auto chunk_index = static_cast<std::size_t>(place.chunk);
  const Chunk& chunk = accelerator.chunks[chunk_index];
  const std::vector<StoreUse> uses = store_uses(network, accelerator);
  const StoreUse& use = uses[layer];
  const Placed placed{shapes[layer],
                      chunk,
                      accelerator.batch,
                      mapper.platform(),
                      use,
                      accelerator,
                      adds_residual(shapes, accelerator, place.chunk)};
  Explanation explanation{.layer = layer,
                          .chunk = chunk_index,
                          .chosen = explained(placed, place.mapping),
                          .least_cycles = least_compute_cycles(network.layers[layer], chunk, accelerator.batch)};
  compare_tilings(placed, others, explanation);
  const ShapeId shape = mapper.intern(shapes[layer]);
  explanation.relaxations = relaxations_of(chunk, shape, accelerator.batch, use, mapper);
  const std::vector<std::int64_t> busy = evaluate(shapes, accelerator, mapper.platform(), uses).chunk_cycles;
  for (std::size_t c = 0; c < accelerator.chunks.size(); ++c) {
    if (c != chunk_index) {
      explanation.elsewhere.push_back(on_another_chunk(accelerator, c, busy[c], shape, use, mapper));
    }
  }
  return explanation;
}

}  // namespace autonba
