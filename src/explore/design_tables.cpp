#include "explore/design_tables.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/ceil_div.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "explore/best_cycles.hpp"
#include "explore/design_cost.hpp"

namespace autonba {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t cache_line = 64;
constexpr std::size_t row_multiple = 8;  // entries, half a cache line

std::size_t rounded_up(std::size_t value, std::size_t multiple) {
  return ceil_div(value, multiple) * multiple;
}

/// Which memories of a chunk are made of LUTs (docs/cost-model.md, Resources), 0 to 11: of the output buffer's, two or
/// one word a place deep, none, the shallower, or both.
std::size_t lutram_case(int input, int weight, int output) {
  const auto in_luts = [](int depth) { return depth <= lutram_depth ? 1U : 0U; };
  return in_luts(2 * input) * 6 + in_luts(2 * weight) * 3 + in_luts(2 * output) + in_luts(output);
}

}  // namespace

void DesignTables::Free::operator()(std::int32_t* memory) const {
  std::free(memory);
}

/// Every chunk but for its depths, and the different ones among those without their multipliers.
void DesignTables::list_chunks(Kind& kind, const ChunkSpace& space) const {
  kind.chunks_min = std::max(1, space.chunks_min);
  kind.chunks_max = space.chunks_max;
  kind.depths = {space.depth_input, space.depth_weight, space.depth_output};
  Chunk chunk{.kind = kind.kind};
  const auto add = [&] {
    bool is_new = true;
    for (const MacKind mac : space.mac) {
      chunk.mac = mac;
      if (!defect(chunk)) {
        if (std::exchange(is_new, false)) {
          kind.blocks.push_back(chunk);
        }
        kind.datapaths.push_back({.chunk = chunk, .block = static_cast<std::uint32_t>(kind.blocks.size() - 1)});
      }
    }
  };
  const auto over = [](const auto& values, auto& field, const auto& inner) {
    for (const auto value : values) {
      field = value;
      inner();
    }
  };
  over(space.bits, chunk.bits, [&] {
    over(space.stride_max, chunk.stride_max, [&] {
      over(space.unroll_p, chunk.unroll_p, [&] {
        over(space.unroll_m, chunk.unroll_m, [&] {
          over(space.unroll_n, chunk.unroll_n, [&] {
            over(space.requant_lanes, chunk.requant_lanes, [&] {
              over(space.accumulator, chunk.accumulator, [&] { over(space.port_bits, chunk.port_bits, add); });
            });
          });
        });
      });
    });
  });
}

/// What chunk_resources says of chunks with these depths, split into what each depth adds.
void DesignTables::list_resources(Kind& kind) const {
  const auto [inputs, weights, outputs] = kind.depths;
  const auto whole = [](std::int64_t count) { return static_cast<std::int32_t>(count); };
  for (Datapath& datapath : kind.datapaths) {
    Chunk chunk = datapath.chunk;
    const auto taken = [&](int input, int weight, int output, bool residual) {
      chunk.depth_input = input;
      chunk.depth_weight = weight;
      chunk.depth_output = output;
      return chunk_resources(chunk, residual, platform_);
    };
    datapath.dsp = whole(taken(0, 0, 0, false).dsp);
    for (const bool residual : {false, true}) {
      datapath.ff[residual ? 1 : 0] = whole(taken(0, 0, 0, residual).ff);
      datapath.bram18[residual ? 1 : 0] = whole(taken(0, 0, 0, residual).bram18);
      for (const int input : {0, lutram_depth}) {
        for (const int weight : {0, lutram_depth}) {
          for (const int output : {0, lutram_depth, 2 * lutram_depth}) {
            datapath.lut[(residual ? 12U : 0U) + lutram_case(input, weight, output)] =
                whole(taken(input, weight, output, residual).lut);
          }
        }
      }
    }
    for (const int depth : inputs) {
      kind.bram18.push_back(whole(taken(depth, 0, 0, false).bram18) - datapath.bram18[0]);
    }
    for (const int depth : weights) {
      kind.bram18.push_back(whole(taken(0, depth, 0, false).bram18) - datapath.bram18[0]);
    }
    for (const bool residual : {false, true}) {
      for (const int depth : outputs) {
        kind.bram18.push_back(whole(taken(0, 0, depth, residual).bram18) - datapath.bram18[residual ? 1 : 0]);
      }
    }
  }
}

DesignTables::DesignTables(const DesignSpace& space, std::span<const LayerShape> shapes, const Platform& platform,
                           int threads, std::size_t most_bytes)
    : platform_(platform), batches_(space.batch), layers_(shapes.size()) {
  if (platform.asic) {
    throw input_error("{}: tables of designs are for FPGAs; they hold no area", platform.name);
  }
  for (const ChunkKind chunk_kind : {ChunkKind::conv, ChunkKind::depthwise}) {
    Kind& kind = kinds_[static_cast<std::size_t>(chunk_kind)];
    kind.kind = chunk_kind;
    for (std::size_t layer = 0; layer < shapes.size(); ++layer) {
      if (is_depthwise_kind(shapes[layer]) == (chunk_kind == ChunkKind::depthwise)) {
        const auto known = std::find(kind.shapes.begin(), kind.shapes.end(), shapes[layer]);
        kind.column_of.push_back(static_cast<std::uint32_t>(known - kind.shapes.begin()));
        if (known == kind.shapes.end()) {
          kind.shapes.push_back(shapes[layer]);
        }
        kind.layers.push_back(layer);
        kind.residual.push_back(shapes[layer].residual.segments.empty() ? 0 : 1);
      }
    }
    if (kind.shapes.empty()) {
      kind.chunks_min = kind.chunks_max = 0;
      continue;
    }
    list_chunks(kind, chunk_kind == ChunkKind::conv ? space.conv : space.depthwise);
    list_resources(kind);
    kind.row = rounded_up(kind.shapes.size(), row_multiple);
  }
  if (bytes() > most_bytes) {
    throw work_error("tables of the design space {} for this network would take {} MB, more than {}", space.name,
                     bytes() >> 20, most_bytes >> 20);
  }
  for (Kind& kind : kinds_) {
    const std::size_t block = kind.cells() * kind.row;
    const std::size_t size = batches_.size() * kind.blocks.size() * block * sizeof(std::int32_t);
    if (size == 0) {
      continue;
    }
    void* memory = std::aligned_alloc(huge_page, rounded_up(size, huge_page));
    if (memory == nullptr) {
      throw std::bad_alloc();
    }
    madvise(memory, rounded_up(size, huge_page), MADV_HUGEPAGE);  // a wish: without it all works, slower
    kind.cycles.reset(static_cast<std::int32_t*>(memory));
    share_out(batches_.size() * kind.blocks.size(), threads, [&] {
      return [&, best = BestCycles(kind.shapes, kind.depths, platform_)](std::size_t i) mutable {
        best.fill(kind.blocks[i % kind.blocks.size()], batches_[i / kind.blocks.size()], kind.row,
                  kind.cycles.get() + i * block);
      };
    });
  }
}

std::int64_t DesignTables::configurations(ChunkKind kind) const {
  const Kind& tables = kinds_[static_cast<std::size_t>(kind)];
  return static_cast<std::int64_t>(tables.datapaths.size() * tables.cells());
}

std::size_t DesignTables::bytes() const {
  std::size_t entries = 0;
  for (const Kind& kind : kinds_) {
    entries += batches_.size() * kind.blocks.size() * kind.cells() * kind.row;
  }
  return entries * sizeof(std::int32_t);
}

const std::int32_t* DesignTables::row_of(const Kind& kind, std::size_t batch, const TableDesign::Place& place) const {
  const std::size_t block = batch * kind.blocks.size() + kind.datapaths[place.datapath].block;
  const std::size_t cell = (place.input * kind.depths[1].size() + place.weight) * kind.depths[2].size() + place.output;
  return kind.cycles.get() + (block * kind.cells() + cell) * kind.row;
}

void DesignTables::draw(TableDesign& design, Rng& rng) const {
  const auto below = [&](std::size_t count) { return static_cast<std::uint32_t>(uniform_index(rng, count)); };
  design.chunk_of.resize(layers_);
  design.batch = below(batches_.size());
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    const Kind& kind = kinds_[k];
    if (kind.shapes.empty()) {
      design.counts[k] = 0;
      continue;
    }
    design.counts[k] = static_cast<std::size_t>(kind.chunks_min) +
                       below(static_cast<std::size_t>(kind.chunks_max - kind.chunks_min) + 1);
    for (std::size_t chunk = 0; chunk < design.counts[k]; ++chunk) {
      design.chunks[k][chunk] = {below(kind.datapaths.size()), below(kind.depths[0].size()),
                                 below(kind.depths[1].size()), below(kind.depths[2].size())};
    }
    std::uint64_t bits = 0;  // 16 for each layer
    for (std::size_t i = 0; i < kind.layers.size(); ++i) {
      bits = i % 4 == 0 ? next_bits(rng) : bits >> 16;
      design.chunk_of[kind.layers[i]] = static_cast<std::uint8_t>((bits & 0xffff) * design.counts[k] >> 16);
    }
  }
}

void DesignTables::fetch(const TableDesign& design) const {
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    for (std::size_t chunk = 0; chunk < design.counts[k]; ++chunk) {
      const std::int32_t* row = row_of(kinds_[k], design.batch, design.chunks[k][chunk]);
      for (std::size_t i = 0; i < kinds_[k].row; i += cache_line / sizeof(*row)) {
        __builtin_prefetch(row + i);
      }
    }
  }
}

Resources DesignTables::resources_of(const Kind& kind, const TableDesign::Place& place, bool residual) const {
  const Datapath& datapath = kind.datapaths[place.datapath];
  const std::size_t inputs = kind.depths[0].size();
  const std::size_t weights = kind.depths[1].size();
  const std::size_t outputs = kind.depths[2].size();
  const std::int32_t* bram18 = kind.bram18.data() + place.datapath * (inputs + weights + 2 * outputs);
  const std::size_t lut =
      lutram_case(kind.depths[0][place.input], kind.depths[1][place.weight], kind.depths[2][place.output]);
  return {.dsp = datapath.dsp,
          .bram18 = datapath.bram18[residual ? 1 : 0] + bram18[place.input] + bram18[inputs + place.weight] +
                    bram18[inputs + weights + (residual ? outputs : 0) + place.output],
          .lut = datapath.lut[(residual ? 12U : 0U) + lut],
          .ff = datapath.ff[residual ? 1 : 0],
          .port_bits = datapath.chunk.port_bits};
}

TableCost DesignTables::cost(const TableDesign& design) const {
  TableCost cost;
  cost.runs = true;
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    const Kind& kind = kinds_[k];
    std::array<const std::int32_t*, TableDesign::chunks_most> rows{};
    std::array<std::int64_t, TableDesign::chunks_most> cycles{};
    std::array<char, TableDesign::chunks_most> residual{};
    std::int32_t most = 0;
    for (std::size_t chunk = 0; chunk < design.counts[k]; ++chunk) {
      rows[chunk] = row_of(kind, design.batch, design.chunks[k][chunk]);
    }
    for (std::size_t i = 0; i < kind.layers.size(); ++i) {
      const std::size_t chunk = design.chunk_of[kind.layers[i]];
      const std::int32_t layer = rows[chunk][kind.column_of[i]];
      cycles[chunk] += layer;
      most = std::max(most, layer);
      residual[chunk] = static_cast<char>(residual[chunk] | kind.residual[i]);
    }
    cost.runs = cost.runs && most != BestCycles::none;
    for (std::size_t chunk = 0; chunk < design.counts[k]; ++chunk) {
      if (cycles[chunk] > 0) {  // has layers
        cost.ii_cycles = std::max(cost.ii_cycles, cycles[chunk]);
        cost.latency_cycles += cycles[chunk];
        cost.resources = cost.resources + resources_of(kind, design.chunks[k][chunk], residual[chunk] != 0);
      }
    }
  }
  cost.fits = fits(cost.resources, platform_);
  return cost;
}

Chunk DesignTables::chunk_at(const Kind& kind, const TableDesign::Place& place) const {
  Chunk chunk = kind.datapaths[place.datapath].chunk;
  chunk.depth_input = kind.depths[0][place.input];
  chunk.depth_weight = kind.depths[1][place.weight];
  chunk.depth_output = kind.depths[2][place.output];
  return chunk;
}

Design DesignTables::spelled_out(const TableDesign& design) const {
  Design whole;
  whole.batch = batches_[design.batch];
  whole.chunk_of.assign(layers_, not_chosen);
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    for (std::size_t chunk = 0; chunk < design.counts[k]; ++chunk) {
      bool used = false;
      for (const std::size_t layer : kinds_[k].layers) {
        if (design.chunk_of[layer] == chunk) {
          whole.chunk_of[layer] = static_cast<int>(whole.chunks.size());
          used = true;
        }
      }
      if (used) {
        whole.chunks.push_back(chunk_at(kinds_[k], design.chunks[k][chunk]));
      }
    }
  }
  return whole;
}

}  // namespace autonba
