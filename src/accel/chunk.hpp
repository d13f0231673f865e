#pragma once

#include "model/network.hpp"

namespace autonba {

enum class ChunkKind { conv, depthwise };
enum class MacKind { dsp1, dsp2, lut };

/// One engine of the accelerator (docs/cost-model.md, Template). Depths are words in each half of a ping-pong buffer.
struct Chunk {
  ChunkKind kind = ChunkKind::conv;
  int bits = 8;       // datapath; runs layers of up to as many bits
  int unroll_m = 1;   // U_m, output channels
  int unroll_n = 1;   // U_n, input channels; 1 for depthwise
  int unroll_p = 1;   // U_p, output rows
  MacKind mac = MacKind::dsp1;
  int requant_lanes = 1;  // Q
  int stride_max = 1;     // s_max
  int depth_input = 0;    // d_in
  int depth_weight = 0;   // d_w
  int depth_output = 0;   // d_out
  bool accumulator = false;  // without one, t_n must be all input channels of the group
  int port_bits = 32;        // w, memory port width in bits a cycle
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

/// D(kind, U_n): cycles from the last operand to the result.
int pipeline_depth(ChunkKind kind, int unroll_n);

enum class LoopOrder { rows_outer, channels_outer };

/// How a layer runs on a chunk: tile sizes in output channels, input channels of the group, output rows and columns.
struct Mapping {
  int tile_m = 1;
  int tile_n = 1;
  int tile_rows = 1;
  int tile_cols = 1;
  LoopOrder order = LoopOrder::rows_outer;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

}  // namespace autonba
