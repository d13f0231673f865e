#pragma once

#include <cstdint>
#include <vector>

#include "accel/chunk.hpp"
#include "accel/platform.hpp"

namespace autonba {

/// How a map lies in external memory, as one layer sees it (docs/cost-model.md, External memory). Bits from the start of a
/// pixel; a map starts on 256 bits and so does each of its rows.
struct MapView {
  struct Segment {
    std::int64_t offset_bits = 0;  // from the start of the pixel
    int channels = 0;
    friend bool operator==(const Segment&, const Segment&) = default;
  };
  int bits = 0;
  std::int64_t pixel_bits = 0;  // all segments, each padded to a granule
  std::int64_t row_bits = 0;    // all pixels of a row, padded to 256 bits
  std::vector<std::vector<Segment>> groups;  // the segments of each of the layer's groups, in memory order
  friend bool operator==(const MapView&, const MapView&) = default;
};

/// All that the cycles of a layer depend on besides chunk, mapping, batch and platform. Layers of equal shape have equal
/// cycles under equal mappings, so results can be shared.
struct LayerShape {
  Layer layer;  // with id, inputs, residual and block cleared
  MapView input;
  MapView output;
  bool has_residual = false;  // read with the layout of `output`, at its own bits
  int residual_bits = 0;
  friend bool operator==(const LayerShape&, const LayerShape&) = default;
};

std::size_t hash_value(const LayerShape& shape);

/// Shapes of all layers of a network, the layouts of its maps worked out (classes, segments, padding).
std::vector<LayerShape> layer_shapes(const Network& network);

/// Whether the chunk has the kind, the bits and the stride for the layer.
bool can_run(const Chunk& chunk, const LayerShape& shape);

/// Whether the buffers of the chunk hold the largest tile, and the tile covers whole segments or granules.
bool tile_fits(const Chunk& chunk, const LayerShape& shape, const Mapping& mapping);

/// Cycles of the layer for a batch, exact (docs/cost-model.md, Cycles). Requires can_run and tile_fits.
std::int64_t layer_cycles(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                          const Platform& platform);

}  // namespace autonba
