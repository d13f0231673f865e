#pragma once

#include <algorithm>

#include "accel/chunk.hpp"
#include "accel/layout.hpp"
#include "base/ceil_div.hpp"

namespace autonba {

/// Rows or columns of one tile: those that it computes and those that it loads.
struct Extent {
  int first_out = 0;
  int outputs = 0;
  int first_in = 0;
  int inputs = 0;  // loaded, after clipping to the map; 0 where the tile lies in the padding
};

/// How many tiles there are; those from `head` to before `tail` are whole and not clipped: they differ in place only.
struct TileRange {
  int tiles = 1;
  int head = 0;
  int tail = 0;
};

/// Rows or columns of a layer, divided into tiles.
struct Axis {
  int outputs = 1;
  int inputs = 1;
  int tile = 1;
  int kernel = 1;
  int stride = 1;
  int padding = 0;  // before the first input
  int dilation = 1;
  bool used_only = false;  // load the inputs that are used, not all from the first to the last (rows of strided 1×1)

  TileRange range() const {
    if (tile >= outputs) {
      return {1, 1, 1};
    }
    const int tiles = ceil_div(outputs, tile);
    const int head = std::min(tiles, (padding + tile * stride - 1) / (tile * stride));
    const int last_in = (tile - 1) * stride + dilation * (kernel - 1) - padding;  // of tile 0
    const int unclipped = inputs - 1 < last_in ? 0 : (inputs - 1 - last_in) / (tile * stride) + 1;
    return {tiles, head, std::clamp(unclipped, head, std::max(head, outputs / tile))};
  }

  Extent extent(int index) const {
    const int first = index * tile;
    const int count = std::min(tile, outputs - first);
    int begin = first * stride - padding;
    int end = begin + (count - 1) * stride + dilation * (kernel - 1) + 1;
    if (used_only) {
      const int clipped_begin = begin < 0 ? begin + ceil_div(-begin, stride) * stride : begin;
      end = std::min(end, inputs);
      return {first, count, clipped_begin, end > clipped_begin ? (end - 1 - clipped_begin) / stride + 1 : 0};
    }
    begin = std::clamp(begin, 0, inputs);
    end = std::clamp(end, 0, inputs);
    return {first, count, begin, end - begin};
  }
};

/// Rows of a layer (of the flattened layer: all pixels of the batch) in tiles of `tile` rows.
Axis row_axis(const LayerShape& shape, int tile, int batch);
Axis col_axis(const LayerShape& shape, int tile);

/// The most inputs that a tile loads.
int largest_load(const Axis& axis);

}  // namespace autonba
