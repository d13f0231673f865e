#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accel/chunk.hpp"

namespace autonba {

/// The values that each parameter of a chunk may take, ascending, and how many chunks of the kind there may be. Not
/// every combination can be built: defect(chunk) says.
struct ChunkSpace {
  int chunks_min = 1;
  int chunks_max = 1;
  std::vector<int> bits;
  std::vector<int> unroll_m;
  std::vector<int> unroll_n;
  std::vector<int> unroll_p;
  std::vector<MacKind> mac;
  std::vector<int> requant_lanes;
  std::vector<int> stride_max;
  std::vector<int> depth_input;
  std::vector<int> depth_weight;
  std::vector<int> depth_output;
  std::vector<bool> accumulator;
  std::vector<int> port_bits;
  friend bool operator==(const ChunkSpace&, const ChunkSpace&) = default;
};

/// The feature store that an accelerator may have. Its depth follows from the maps that lie in it: the least at which
/// they fit.
struct StoreSpace {
  std::vector<int> port_bits;  // w_f
  int depth_max = 0;           // words
  friend bool operator==(const StoreSpace&, const StoreSpace&) = default;
};

/// The space of accelerators, γ: every choice is one of a list.
struct DesignSpace {
  std::string name;
  std::vector<int> batch;  // B
  int chunks_max = 32;     // of both kinds together
  ChunkSpace conv;
  ChunkSpace depthwise;             // unroll_n {1}, accumulator {false}
  std::optional<StoreSpace> store;  // none: all maps lie in external memory
  friend bool operator==(const DesignSpace&, const DesignSpace&) = default;
};

/// Reads a space: the name of a file in configs/accelerator without its ending, or a path. Throws InputError.
DesignSpace load_design_space(const std::string& name_or_path);

}  // namespace autonba
