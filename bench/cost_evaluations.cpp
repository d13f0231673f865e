#include "cost_evaluations.hpp"

#include <algorithm>
#include <chrono>

#include "accel/cost.hpp"
#include "accel/cycles.hpp"
#include "base/error.hpp"
#include "model/space.hpp"

namespace autonba {
namespace {

constexpr int classes = 10;

const Chunk conv_chunk{.kind = ChunkKind::conv,
                       .bits = 8,
                       .unroll_m = 16,
                       .unroll_n = 16,
                       .unroll_p = 2,
                       .mac = MacKind::dsp2,
                       .requant_lanes = 8,
                       .stride_max = 2,
                       .depth_input = 2048,
                       .depth_weight = 1024,
                       .depth_output = 2048,
                       .accumulator = true,
                       .port_bits = 64};
const Chunk depthwise_chunk{.kind = ChunkKind::depthwise,
                            .bits = 8,
                            .unroll_m = 16,
                            .unroll_p = 2,
                            .mac = MacKind::dsp2,
                            .requant_lanes = 8,
                            .stride_max = 2,
                            .depth_input = 2048,
                            .depth_weight = 512,
                            .depth_output = 2048,
                            .port_bits = 64};

/// The next smaller tile that covers segments; 0 if there is none.
int smaller_tile(int tile, const auto& fits) {
  for (--tile; tile > 0 && !fits(tile);) {
    --tile;
  }
  return tile;
}

/// All of the layer where it fits, else smaller tiles: rows before output channels, input channels last.
Mapping fitting_mapping(const LayerShape& shape, const Chunk& chunk, int batch) {
  Mapping mapping{shape.m, shape.n, tiled_rows(shape, batch), tiled_cols(shape),
                  shape.flattened ? LoopOrder::channels_outer : LoopOrder::rows_outer};
  while (!tile_fits(chunk, shape, mapping, batch)) {
    if (mapping.tile_rows > 4) {
      mapping.tile_rows = (mapping.tile_rows + 1) / 2;
    } else if (const int m = smaller_tile(mapping.tile_m, [&](int tile) { return output_tile_fits(shape, tile); })) {
      mapping.tile_m = m;
    } else if (const int n = smaller_tile(mapping.tile_n, [&](int tile) { return input_tile_fits(shape, tile); })) {
      mapping.tile_n = n;
    } else {
      throw work_error("no tile of a benchmark's layer fits");
    }
  }
  return mapping;
}

}  // namespace

std::vector<CostCase> cost_cases(const std::string& space, int count, const Platform& platform, std::uint64_t seed) {
  const SearchSpace networks = load_space(space);
  Rng rng = make_rng(seed, "cost cases");
  std::vector<CostCase> cases;
  for (int i = 0; i < count; ++i) {
    CostCase entry{make_network(networks, random_architecture(networks, rng), classes),
                   {1, {conv_chunk, depthwise_chunk}, {}}};
    for (const LayerShape& shape : layer_shapes(entry.network)) {
      const int chunk = is_depthwise_kind(shape) ? 1 : 0;
      const Chunk& runs_on = entry.accelerator.chunks[static_cast<std::size_t>(chunk)];
      entry.accelerator.places.push_back({chunk, fitting_mapping(shape, runs_on, entry.accelerator.batch)});
    }
    if (!fits(evaluate(entry.network, entry.accelerator, platform).resources, platform)) {
      throw work_error("the benchmark's accelerator does not fit {}", platform.name);
    }
    cases.push_back(std::move(entry));
  }
  return cases;
}

double cost_evaluations_per_second(const std::vector<CostCase>& cases, const Platform& platform, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::int64_t evaluations = 0;
  std::int64_t cycles = 0;  // used, so that nothing is optimised away
  double passed = 0;
  do {
    for (const CostCase& entry : cases) {
      cycles += evaluate(entry.network, entry.accelerator, platform).ii_cycles;
      ++evaluations;
    }
    passed = std::chrono::duration<double>(Clock::now() - start).count();
  } while (passed < seconds);
  if (cycles <= 0) {
    throw work_error("the cost model found no cycles");
  }
  return static_cast<double>(evaluations) / passed;
}

}  // namespace autonba
