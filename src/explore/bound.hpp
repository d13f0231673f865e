#pragma once

#include <cstdint>

#include "accel/cycles.hpp"
#include "explore/tilings.hpp"

namespace autonba {

/// A lower bound of layer_cycles in a few dozen operations: the sums that layer_cycles takes step by step, over all
/// steps at once. Where it takes max(port, compute) for each step, the bound takes the larger of the two sums; how runs
/// are aligned is left out. `use`: the layer's maps in the feature store.
class CycleBound {
 public:
  CycleBound(const LayerShape& shape, const Chunk& chunk, int batch, const Platform& platform,
             const StoreUse& use = {});

  /// What of_any() knows of the layer's tilings on the chunk.
  struct LeastLoads {
    std::int64_t rows = 0;          // input rows that all tiles load together, at least
    std::int64_t cols = 0;          // the same of columns
    double first_share = 0;         // of its equal part of these, that the first tile loads at least: padding clips it
    bool always = false;            // no tile lies in the padding, without anything to load
    bool all_channels_fit = false;  // a tile may have all channels of a group
  };

  /// A map, or several, on one way: cycles, but not less than the bits take in long runs.
  struct MapTerms {
    std::int64_t cycles = 0;
    std::int64_t bits = 0;
  };

  /// What tiles of output channels `m` and input channels `n` fix. Cycles, unless said otherwise.
  struct ChannelTerms {
    bool keeps = false;       // n is all input channels, so that one loop order keeps inputs, the other weights
    bool long_runs = false;   // a tile may take all channels of an input map: one run spans pixels
    std::int64_t tiles = 0;   // of channels, groups included: output tiles at one place
    std::int64_t steps = 0;   // the same times tiles of input channels
    std::int64_t sweeps = 0;  // U_m groups of all output channels
    std::int64_t sweep_cycles = 0;
    std::int64_t tile_cycles = 0;
    MapTerms input;                 // from external memory, a pixel, each input channel once
    MapTerms stored_input;          // from the feature store
    std::int64_t input_passes = 0;  // times that all input channels are loaded unless they are kept
    std::int64_t constants = 0;     // weights and parameters, loaded once
    std::int64_t outputs = 0;       // all pixels, wherever they are stored
    std::int64_t residuals = 0;     // all pixels, wherever they are loaded from
    std::int64_t first_constants = 0;
    std::int64_t first_input = 0;  // a pixel of the first tile
    std::int64_t last_output = 0;  // a pixel of the last tile
  };
  ChannelTerms channel_terms(const TileSize& m, const TileSize& n) const;

  /// Of every mapping with these channels, rows and columns.
  std::int64_t of(const ChannelTerms& channels, const TileSize& rows, const TileSize& cols, LoopOrder order) const;

  /// Of every mapping at all, from the number of its tiles only; inputs all in one place.
  double of_any(const LeastLoads& loads) const;

 private:
  /// What maps take on the ways that they are moved, each value once.
  struct Moved {
    double port = 0;
    double read = 0;     // the store's side that is read
    double outputs = 0;  // wherever they are written
    double residuals = 0;
  };
  /// What of_any() adds up, in cycles.
  struct Volumes {
    double compute = 0;
    double input = 0;      // through the port, each once
    double constants = 0;  // weights and parameters, each once
    Moved once;
    Moved in_output_tiles;  // where output channels are in two tiles or more,
    Moved in_input_tiles;   // and where input channels are
    double input_here = 0;  // these four: of one group of one image; inputs as clipped as those of the first tile
    double constants_here = 0;
    double weights_here = 0;
    double stored_here = 0;
  };
  /// Where maps are moved: words of 2^shift bits, `turns` cycles each.
  struct Way {
    bool is_store = false;
    int shift = 5;
    std::int64_t turns = 1;
    std::int64_t latency = 0;  // of a load
    /// At least, of runs of so many bits together.
    std::int64_t cycles(std::int64_t bits) const { return turns * ((bits + (std::int64_t{1} << shift) - 1) >> shift); }
  };
  double map_volume(std::int64_t pixels, std::int64_t channels, std::int64_t tiles, std::int64_t segments, int bits,
                    std::int64_t words, const Way& way) const;
  double input_volume(const LeastLoads& loads, std::int64_t tiles) const;
  Moved moved_in(const LeastLoads& loads, std::int64_t output_tiles, std::int64_t input_tiles) const;
  Volumes volumes(const LeastLoads& loads) const;
  std::int64_t port_words(std::int64_t bits) const { return (bits + port_bits_ - 1) >> port_shift_; }
  std::int64_t map_cycles(const TileSize& channels, std::int64_t pixels, int bits, int words, const Way& way) const;
  static std::int64_t run_cycles(const TileSize& channels, int bits, const Way& way);
  std::int64_t input_cycles(const MapTerms& input, std::int64_t pixels, bool long_runs, const Way& way) const;
  void set_inputs(const TileSize& in, ChannelTerms& terms) const;
  std::int64_t parameter_cycles(std::int64_t channels) const;

  std::int64_t fixed_cycles_ = 0;  // C0 + C_B
  std::int64_t read_latency_ = 0;
  std::int64_t write_latency_ = 0;  // of the output's way
  Way port_;
  Way store_;
  Way residual_;             // one of these two
  Way output_;               // likewise
  int stored_inputs_ = 0;    // channels of all groups that lie in the store,
  int external_inputs_ = 0;  // and in external memory
  bool uses_store_ = false;
  bool depthwise_ = false;     // or pooling
  bool several_maps_ = false;  // that are read, so that a tile of some channels may be all of one
  std::int64_t m_ = 1;         // channels of a group
  std::int64_t n_ = 1;
  std::int64_t rows_ = 1;  // that tiles divide
  int unroll_m_ = 1;
  int unroll_n_ = 1;
  int unroll_p_ = 1;
  int unroll_in_ = 1;  // channels in a word of the input buffer
  int port_bits_ = 32;
  int port_shift_ = 5;               // its logarithm
  std::int64_t pipeline_depth_ = 0;  // D
  int bits_in_ = 8;
  int bits_out_ = 8;
  int bits_residual_ = 0;         // 0: no residual
  std::int64_t segments_in_ = 1;  // of all groups
  std::int64_t segments_out_ = 1;
  std::int64_t segments_residual_ = 0;
  std::int64_t groups_ = 1;
  std::int64_t images_ = 1;  // that tiles cannot span: 1 for flattened layers
  std::int64_t columns_out_ = 1;
  std::int64_t pixels_out_ = 1;  // of all images
  std::int64_t kernel_area_ = 1;
  int output_words_ = 1;             // e
  std::int64_t requant_cycles_ = 1;  // R
  std::int64_t weight_words_ = 0;    // port words of one word of the weight buffer; 0 for pooling
};

}  // namespace autonba
