#pragma once

#include <algorithm>
#include <numeric>
#include <span>

#include "accel/chunk.hpp"
#include "accel/layout.hpp"
#include "accel/tiling.hpp"
#include "accel/transfer.hpp"
#include "base/ceil_div.hpp"

/// What counting cycles and counting traffic share: the tiles of a layer and what each loads and stores.
namespace autonba {

inline constexpr int logit_bits = 32;

/// e: buffer words that an output takes.
inline int words_of_output(const LayerShape& shape, const Chunk& chunk) {
  return shape.output.bits == logit_bits ? ceil_div(logit_bits, chunk.bits) : 1;
}

inline bool adds_residual(const LayerShape& shape) {
  return !shape.residual.segments.empty();
}

inline int lcm_of(int a, int b) {
  return static_cast<int>(std::lcm(a, b));
}

/// The segments of one group within a view.
inline std::span<const Segment> segments_of(const MapView& view, int group, int groups) {
  if (groups == 1) {
    return view.segments;
  }
  const auto of_group = [group](const Segment& segment) { return segment.group == group; };
  const auto begin = std::find_if(view.segments.begin(), view.segments.end(), of_group);
  const auto end = std::find_if_not(begin, view.segments.end(), of_group);
  return {begin, end};
}

/// Channels of a tile within its group.
struct ChannelTile {
  int begin = 0;
  int end = 0;
  int lane_groups = 0;  // ⌈channels / unroll⌉
  int size() const { return end - begin; }
};

inline ChannelTile channel_tile(int index, int tile, int channels, int unroll) {
  const int begin = index * tile;
  const int end = std::min(begin + tile, channels);
  return {begin, end, ceil_div(end - begin, unroll)};
}

/// Rows and columns of a tile.
struct SpatialTile {
  Extent rows;
  Extent cols;
};

/// What a tile loads of the layer's input. `rows`: the axis that the tile's rows are of.
inline Window input_window(const LayerShape& shape, const Axis& rows, const SpatialTile& tile) {
  if (shape.flattened) {
    return {.flattened = true, .first_pixel = tile.rows.first_in, .pixels = tile.rows.inputs};
  }
  const bool rows_adjoin = !rows.used_only || shape.stride_rows == 1 || tile.rows.inputs <= 1;
  return {
      .rows = tile.rows.inputs, .rows_adjoin = rows_adjoin, .first_col = tile.cols.first_in, .cols = tile.cols.inputs};
}

/// What it stores, and loads of a residual.
inline Window output_window(const LayerShape& shape, const SpatialTile& tile) {
  if (shape.flattened) {
    return {.flattened = true, .first_pixel = tile.rows.first_out, .pixels = tile.rows.outputs};
  }
  return {.rows = tile.rows.outputs, .first_col = tile.cols.first_out, .cols = tile.cols.outputs};
}

}  // namespace autonba
