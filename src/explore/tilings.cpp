#include "explore/tilings.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace autonba {
namespace {

int ceil_div(int a, int b) {
  return (a + b - 1) / b;
}

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

/// One spatial dimension of a layer.
struct Extent {
  int in = 1;
  int out = 1;
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  int dilation = 1;
};

/// Adds what tiles of an unflattened dimension load. `only_used`: a strided 1×1 leaves out the rows between.
void count_loads(TileSize& tile, const Extent& extent, bool only_used) {
  for (int index = 0; index < tile.tiles; ++index) {
    const int first_out = index * tile.size;
    const int last_out = std::min(first_out + tile.size, extent.out) - 1;
    std::int64_t loaded = last_out - first_out + 1;
    if (!only_used) {
      const int first = std::max(0, first_out * extent.stride - extent.padding);
      const int last =
          std::min(extent.in - 1, last_out * extent.stride - extent.padding + (extent.kernel - 1) * extent.dilation);
      loaded = std::max(0, last - first + 1);
    }
    tile.loaded_most = std::max(tile.loaded_most, loaded);
    tile.loaded_sum += loaded;
    if (index == 0) {
      tile.loaded_first = loaded;
    }
  }
}

std::vector<TileSize> spatial_tiles(const Extent& extent, int unroll, bool only_used) {
  std::vector<int> sizes;
  const int steps = ceil_div(extent.out, unroll);
  for (const int count : tile_counts(steps)) {
    sizes.push_back(std::min(extent.out, unroll * ceil_div(steps, count)));
  }
  std::vector<TileSize> tiles;
  for (const int size : descending_once(std::move(sizes))) {
    tiles.push_back(cut(extent.out, size, unroll));
    count_loads(tiles.back(), extent, only_used);
  }
  return tiles;
}

}  // namespace

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
  const Extent width = shape.flattened ? Extent{}
                                       : Extent{.in = shape.input.width,
                                                .out = shape.output.width,
                                                .kernel = shape.kernel_width,
                                                .stride = shape.stride_cols,
                                                .padding = shape.padding,
                                                .dilation = shape.dilation};
  columns_ = spatial_tiles(width, 1, false);
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
    const Extent height = shape_.flattened ? Extent{.in = rows, .out = rows}
                                           : Extent{.in = shape_.input.height,
                                                    .out = rows,
                                                    .kernel = shape_.kernel_height,
                                                    .stride = shape_.stride_rows,
                                                    .padding = shape_.padding,
                                                    .dilation = shape_.dilation};
    tiles = spatial_tiles(height, unroll, shape_.kernel_height == 1 && shape_.kernel_width == 1);
  }
  return tiles;
}

}  // namespace autonba
