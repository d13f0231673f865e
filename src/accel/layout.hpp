#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/network.hpp"

namespace autonba {

/// One image of a map in external memory (docs/cost-model.md, External memory). It starts on 256 bits and so does each
/// of its rows.
struct StoredMap {
  int index = 0;  // among the maps of the view, from 0
  int channels = 0;
  std::int64_t pixel_bits = 0;  // all segments, each padded to a granule
  std::int64_t row_bits = 0;    // all pixels of a row, padded to 256 bits
  friend bool operator==(const StoredMap&, const StoredMap&) = default;
};

/// Channels that lie next to each other in a stored map, padded to a granule.
struct Segment {
  StoredMap map;
  int group = 0;  // of the layer whose view this is
  int channels = 0;
  std::int64_t offset_bits = 0;  // from the start of the pixel
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// What one layer reads or writes: the segments of group 0, of group 1, and so on. Several maps where the layer reads a
/// concatenation. Depthwise and pooling: all in group 0, in the order of the output.
struct MapView {
  int bits = 0;
  int height = 0;
  int width = 0;
  std::vector<Segment> segments;
  friend bool operator==(const MapView&, const MapView&) = default;
};

/// All that the cycles of a layer depend on besides chunk, mapping, batch and platform. Layers of equal shape have
/// equal cycles under equal mappings, so results can be shared.
struct LayerShape {
  LayerOp op = LayerOp::conv;
  int groups = 1;  // 1 for depthwise and pooling, whose channels are all `m`
  int m = 0;       // M, output channels of a group
  int n = 0;       // N, input channels of a group; 1 for depthwise and pooling
  int kernel_height = 1;
  int kernel_width = 1;
  int stride_rows = 1;  // 1 where there is one output row
  int stride_cols = 1;  // 1 where there is one output column
  int padding_top = 0;  // below and to the right: as far as the output's size says
  int padding_left = 0;
  int dilation_rows = 1;
  int dilation_cols = 1;
  bool flattened = false;  // all pixels of the batch count as rows of width 1
  MapView input;
  MapView output;
  MapView residual;  // no segments where there is none
  friend bool operator==(const LayerShape&, const LayerShape&) = default;
};

std::size_t hash_value(const LayerShape& shape);

/// Depthwise chunks run these.
inline bool is_depthwise_kind(const LayerShape& shape) {
  return shape.op == LayerOp::depthwise || shape.op == LayerOp::avgpool || shape.op == LayerOp::maxpool;
}

inline bool is_pooling(const LayerShape& shape) {
  return shape.op == LayerOp::avgpool || shape.op == LayerOp::maxpool;
}

inline constexpr int granule_bits = 32;

/// Values of `bits` bits that a granule holds.
inline int granule_values(int bits) {
  // 32 / bits, looked up: it is asked for in the innermost loops.
  static constexpr std::array<std::int8_t, 33> values = {0, 32, 16, 10, 8, 6, 5, 4, 4, 3, 3, 2, 2, 2, 2, 2, 2,
                                                         1, 1,  1,  1,  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  return values[static_cast<std::size_t>(bits)];
}

/// Rows that tiles divide: output rows, or all pixels of the batch where the layer is flattened.
inline int tiled_rows(const LayerShape& shape, int batch) {
  return shape.flattened ? batch * shape.output.height * shape.output.width : shape.output.height;
}

/// Columns that tiles divide.
inline int tiled_cols(const LayerShape& shape) {
  return shape.flattened ? 1 : shape.output.width;
}

/// Shapes of all layers of a network, the layouts of its maps worked out (classes, segments, padding). Throws
/// InputError where a map has no layout: a layer reads other bits than were written, or a channel twice, or adds a map
/// whose channels are bound to another order.
std::vector<LayerShape> layer_shapes(const Network& network);

/// A segment with its channels in the order in which they lie in memory, numbered as the map's writer counts them.
struct LaidOutSegment {
  std::int64_t offset_bits = 0;  // from the start of the pixel
  std::vector<int> channels;
  /// Grouped convolutions that read or write these channels, or channels tied to them in other maps: layer, its group.
  std::vector<std::pair<int, int>> groups;
};

/// One image of a map, for those who place values by address.
struct LaidOutMap {
  int bits = 0;
  int height = 0;
  int width = 0;
  StoredMap stored;
  std::vector<LaidOutSegment> segments;
};

/// Maps in the order of their writers: those of the host's operations from the last to the first (without channels
/// where an operation writes none), the input's, then those of all layers. Throws as layer_shapes does.
std::vector<LaidOutMap> lay_out_maps(const Network& network);

/// Writers of the maps that a layer reads, residual apart, in the order of StoredMap::index.
std::vector<int> maps_read(const Layer& layer);

/// Calls `visit` with the shape of every layer in turn, without keeping them: each is overwritten by the next.
void visit_layer_shapes(const Network& network, const std::function<void(const LayerShape&)>& visit);

}  // namespace autonba
