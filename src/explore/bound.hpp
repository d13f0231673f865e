#pragma once

#include <cstdint>

#include "accel/cycles.hpp"
#include "explore/tilings.hpp"

namespace autonba {

/// A lower bound of layer_cycles that costs a few dozen operations: the sums that layer_cycles takes step by step, over
/// all steps at once. Where it takes max(port, compute) for each step, the bound takes the larger of the two sums;
/// alignment of runs is left out.
class CycleBound {
 public:
  CycleBound(const LayerShape& shape, const Chunk& chunk, int batch, const Platform& platform);

  /// Of every mapping with these tiles: output channels, input channels, rows, columns.
  std::int64_t of(const TileSize& m, const TileSize& n, const TileSize& r, const TileSize& c, LoopOrder order) const;

 private:
  std::int64_t port_words(std::int64_t bits) const { return (bits + port_bits_ - 1) / port_bits_; }
  /// Port cycles to move `pixels` pixels of a map, tile of channels by tile of channels; `words`: buffer words of a value.
  std::int64_t map_cycles(const TileSize& channels, std::int64_t pixels, int bits, int words) const;
  /// The same for one tile of `channels` channels in ⌈channels / unroll⌉ buffer words.
  std::int64_t tile_cycles(std::int64_t channels, int unroll, std::int64_t pixels, int bits, int words) const;
  std::int64_t parameter_cycles(std::int64_t channels) const;

  std::int64_t fixed_cycles_ = 0;  // C0 + C_B
  std::int64_t read_latency_ = 0;
  std::int64_t write_latency_ = 0;
  bool depthwise_ = false;  // or pooling
  int unroll_m_ = 1;
  int unroll_in_ = 1;       // channels in a word of the input buffer
  int port_bits_ = 32;
  std::int64_t pipeline_depth_ = 0;  // D
  int bits_in_ = 8;
  int bits_out_ = 8;
  int bits_residual_ = 0;            // 0: no residual
  std::int64_t groups_ = 1;
  std::int64_t images_ = 1;          // that tiles cannot span: 1 for flattened layers
  std::int64_t columns_out_ = 1;
  std::int64_t pixels_out_ = 1;      // of all images
  std::int64_t kernel_area_ = 1;
  int output_words_ = 1;             // e
  std::int64_t requant_cycles_ = 1;  // R
  std::int64_t weight_words_ = 0;    // port words of one word of the weight buffer; 0 for pooling
};

}  // namespace autonba
