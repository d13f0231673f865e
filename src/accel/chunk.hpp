#pragma once

#include <optional>
#include <string>

#include "model/network.hpp"

namespace autonba {

enum class ChunkKind { conv, depthwise };
/// `plain`: one multiplier of logic, on ASICs; the others are on FPGAs.
enum class MacKind { dsp1, dsp2, lut, plain };

/// One engine of the accelerator (docs/cost-model.md, Template). Depths are words in each half of a ping-pong buffer.
struct Chunk {
  ChunkKind kind = ChunkKind::conv;
  int bits = 8;      // b, datapath; runs layers of up to as many bits
  int unroll_m = 1;  // U_m, output channels
  int unroll_n = 1;  // U_n, input channels; 1 for depthwise
  int unroll_p = 1;  // U_p, output rows
  MacKind mac = MacKind::dsp1;
  int requant_lanes = 1;     // Q
  int stride_max = 1;        // s_max
  int depth_input = 0;       // d_in
  int depth_weight = 0;      // d_w
  int depth_output = 0;      // d_out
  bool accumulator = false;  // without one, t_n must be all input channels of the group
  int port_bits = 32;        // w, memory port width in bits a cycle
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

/// Why no such chunk can be built, as the end of a sentence ("requant_lanes 3 neither divides ..."); none if it can.
std::optional<std::string> defect(const Chunk& chunk);

/// N_b = U_p·s_max, banks of the input buffer.
int input_banks(const Chunk& chunk);

/// D(kind, U_n): cycles from the address of the first operand to the last result in the output buffer.
int pipeline_depth(ChunkKind kind, int unroll_n);

/// t_m at most: channels that half of the parameter buffer holds.
inline constexpr int parameter_words = 256;
inline constexpr int parameter_bits = 96;  // of one output channel: multipliers, bias and shift

enum class LoopOrder { rows_outer, channels_outer };

/// How a layer runs on a chunk: tile sizes in output channels, input channels of the group, output rows and columns.
/// Depthwise and pooling: tile_n is 1. Flattened layers: rows are pixels of the batch, tile_cols is 1.
struct Mapping {
  int tile_m = 1;
  int tile_n = 1;
  int tile_rows = 1;
  int tile_cols = 1;
  LoopOrder order = LoopOrder::rows_outer;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

}  // namespace autonba
