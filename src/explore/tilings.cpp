#include "explore/tilings.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <utility>

#include "accel/cycles.hpp"
#include "accel/tiling.hpp"
#include "base/ceil_div.hpp"

namespace autonba {
namespace {

std::vector<int> descending_once(std::vector<int> sizes) {
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

TileSize cut(int length, int size, int unroll) {
  const int tiles = ceil_div(length, size);
  const int last = length - (tiles - 1) * size;
  return {.size = size,
          .tiles = tiles,
          .last = last,
          .unrolled = static_cast<std::int64_t>(tiles - 1) * ceil_div(size, unroll) + ceil_div(last, unroll)};
}

std::vector<TileSize> channel_tiles(int channels, int unroll, const std::vector<int>& allowed) {
  std::vector<int> sizes;
  const int steps = ceil_div(channels, unroll);
  for (const int count : tile_counts(steps)) {
    const auto balanced = std::lower_bound(allowed.begin(), allowed.end(), ceil_div(channels, count));
    if (balanced != allowed.end()) {
      sizes.push_back(*balanced);
    }
    const int lanes = std::min(channels, unroll * ceil_div(steps, count));
    const auto full_lanes = std::upper_bound(allowed.begin(), allowed.end(), lanes);
    if (full_lanes != allowed.begin()) {
      sizes.push_back(*std::prev(full_lanes));
    }
  }
  std::vector<TileSize> tiles;
  for (const int size : descending_once(std::move(sizes))) {
    tiles.push_back(cut(channels, size, unroll));
  }
  return tiles;
}

/// `counts`: numbers of tiles to try for ⌈length / unroll⌉ steps; `axis_of(size)`: the dimension in tiles of that size.
template <typename AxisOf>
std::vector<TileSize> spatial_tiles(int length, int unroll, const std::vector<int>& counts, AxisOf axis_of) {
  std::vector<int> sizes;
  const int steps = ceil_div(length, unroll);
  for (const int count : counts) {
    sizes.push_back(std::min(length, unroll * ceil_div(steps, count)));
  }
  std::vector<TileSize> tiles;
  for (const int size : descending_once(std::move(sizes))) {
    TileSize tile = cut(length, size, unroll);
    const Axis axis = axis_of(size);
    tile.loaded_most = largest_load(axis);
    tile.loaded_first = axis.extent(0).inputs;
    tile.loaded_least = tile.loaded_first;
    for (int index = 0; index < tile.tiles; ++index) {
      const int loaded = axis.extent(index).inputs;
      tile.loaded_sum += loaded;
      tile.loaded_least = std::min<std::int64_t>(tile.loaded_least, loaded);
    }
    tiles.push_back(tile);
  }
  return tiles;
}

/// 1, 2, 4, 8, … below `most`, and `most`.
std::vector<int> halvings(int most) {
  std::vector<int> counts;
  for (int count = 1; count < most; count *= 2) {
    counts.push_back(count);
  }
  counts.push_back(most);
  return counts;
}

}  // namespace

std::span<const LoopOrder> loop_orders(bool depthwise, const TileSize& output_channels,
                                       const TileSize& input_channels) {
  static constexpr std::array both = {LoopOrder::channels_outer, LoopOrder::rows_outer};
  const bool worth_both = !depthwise && output_channels.tiles > 1 && input_channels.tiles == 1;
  return std::span(both).first(worth_both ? 2 : 1);
}

std::vector<int> tile_counts(int most) {
  std::vector<int> counts;
  for (unsigned count = 1; count < static_cast<unsigned>(most); count += std::max(1U, std::bit_floor(count) / 4)) {
    counts.push_back(static_cast<int>(count));
  }
  counts.push_back(most);
  return counts;
}

Tilings::Tilings(const LayerShape& shape) : shape_(shape) {
  for (int size = 1; size <= std::min(shape.m, parameter_words); ++size) {
    if (output_tile_fits(shape, size)) {
      sizes_out_.push_back(size);
    }
  }
  for (int size = 1; size <= shape.n; ++size) {
    if (input_tile_fits(shape, size)) {
      sizes_in_.push_back(size);
    }
  }
  columns_ = spatial_tiles(tiled_cols(shape_), 1, halvings(tiled_cols(shape_)),
                           [&](int size) { return col_axis(shape_, size); });
}

const std::vector<TileSize>& Tilings::output_channels(int unroll) {
  std::vector<TileSize>& tiles = output_channels_[unroll];
  if (tiles.empty()) {
    tiles = channel_tiles(shape_.m, unroll, sizes_out_);
  }
  return tiles;
}

const std::vector<TileSize>& Tilings::input_channels(int unroll) {
  std::vector<TileSize>& tiles = input_channels_[unroll];
  if (tiles.empty()) {
    tiles = channel_tiles(shape_.n, unroll, sizes_in_);
  }
  return tiles;
}

const std::vector<TileSize>& Tilings::rows(int unroll, int batch) {
  std::vector<TileSize>& tiles = rows_[{unroll, shape_.flattened ? batch : 1}];
  if (tiles.empty()) {
    const int rows = tiled_rows(shape_, batch);
    tiles = spatial_tiles(rows, unroll, tile_counts(ceil_div(rows, unroll)),
                          [&](int size) { return row_axis(shape_, size, batch); });
  }
  return tiles;
}

}  // namespace autonba
