#pragma once

#include <cstdint>

#include "accel/chunk.hpp"
#include "accel/cycle_terms.hpp"
#include "accel/layout.hpp"
#include "accel/platform.hpp"
#include "accel/store.hpp"

namespace autonba {

/// Whether the chunk has the kind, the bits and the stride for the layer.
bool can_run(const Chunk& chunk, const LayerShape& shape);

/// Whether tiles of `tile` output channels cover whole segments, or granules of one. Always so for tile = M.
bool output_tile_fits(const LayerShape& shape, int tile);

/// Whether tiles of `tile` input channels cover whole segments, or parts of one. Always so for tile = N.
bool input_tile_fits(const LayerShape& shape, int tile);

/// Words that the largest tile takes of each half of a buffer.
struct TileWords {
  std::int64_t input = 0;
  std::int64_t weight = 0;
  std::int64_t output = 0;
};
TileWords tile_words(const Chunk& chunk, const LayerShape& shape, const Mapping& mapping, int batch);

/// Whether the tile is within the layer, covers segments as it must, and the buffers of the chunk hold the largest one.
/// Requires can_run.
bool tile_fits(const Chunk& chunk, const LayerShape& shape, const Mapping& mapping, int batch);

/// Cycles of the layer for a batch, exact (docs/cost-model.md, Cycles). Requires can_run and tile_fits. Its time does
/// not grow with the number of tiles, only with the number of kinds of tiles. `use`: the layer's maps in the store.
std::int64_t layer_cycles(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                          const Platform& platform, const StoreUse& use = {});

/// The same cycles by what they are spent on: total(layer_terms(…)) = layer_cycles(…).
CycleTerms layer_terms(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                       const Platform& platform, const StoreUse& use = {});

}  // namespace autonba
