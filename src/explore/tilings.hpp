#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "accel/cycles.hpp"

namespace autonba {

/// A way to cut one dimension of a layer into tiles of `size`, the last of which may be smaller.
struct TileSize {
  int size = 0;
  std::int64_t tiles = 0;
  int last = 0;                   // size of the last tile
  std::int64_t unrolled = 0;      // Σ over tiles of ⌈tile / unroll⌉
  std::int64_t loaded_most = 0;   // rows and columns only: input rows (columns) that the largest tile loads,
  std::int64_t loaded_least = 0;  // the smallest load: 0 where a tile lies in the padding,
  std::int64_t loaded_sum = 0;    // that all tiles load,
  std::int64_t loaded_first = 0;  // and that the first one loads
};

/// The mapper's space of tilings. With n the size of a dimension, U its unrolling and k = 1, 2, …, 8, 10, 12, 14, 16,
/// 20, 24, … (four counts for each doubling) up to ⌈n/U⌉, and ⌈n/U⌉ itself:
/// - channels: ⌈n/k⌉ (balanced) and U·⌈⌈n/U⌉/k⌉ (full lanes), the first rounded up and the second rounded down to a
///   size at which external memory can be cut (docs/cost-model.md: granules and segments) and parameters fit;
/// - rows: U·⌈⌈n/U⌉/k⌉, n at most; flattened layers: all pixels of the batch are rows;
/// - columns (U = 1): ⌈n/k⌉, k = 1, 2, 4, 8, … and n;
/// - loop orders: loop_orders().
/// Sizes that a chunk's buffers do not hold are left out.
/// One object for each layer shape; it keeps the lists that it has made.
class Tilings {
 public:
  explicit Tilings(const LayerShape& shape);

  const std::vector<TileSize>& output_channels(int unroll);
  const std::vector<TileSize>& input_channels(int unroll);  // of one group; depthwise and pooling: only 1
  const std::vector<TileSize>& rows(int unroll, int batch);
  const std::vector<TileSize>& columns() const { return columns_; }

 private:
  LayerShape shape_;
  std::vector<int> sizes_out_;  // sizes to which channels may be cut, ascending
  std::vector<int> sizes_in_;
  std::map<int, std::vector<TileSize>> output_channels_;
  std::map<int, std::vector<TileSize>> input_channels_;
  std::map<std::pair<int, int>, std::vector<TileSize>> rows_;
  std::vector<TileSize> columns_;
};

/// Both orders where each keeps something that the other loads again: inputs or weights of several tiles of output
/// channels that sum all input channels. Else channels_outer, which keeps weights if anything can be kept.
std::span<const LoopOrder> loop_orders(bool depthwise, const TileSize& output_channels, const TileSize& input_channels);

/// Numbers of tiles that are tried for a dimension of `most` unrolled steps, ascending, `most` included.
std::vector<int> tile_counts(int most);

}  // namespace autonba
