#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "accel/accelerator.hpp"
#include "explore/engine.hpp"

namespace autonba {

/// Every chunk of a kind that can be built of the values in the space.
std::vector<Chunk> every_chunk(const ChunkSpace& space, ChunkKind kind);

/// What the designs of a space come to. A design: a batch, chunks with at least one layer each, of each kind and of
/// both together as many as the space allows at most, and a chunk for every layer.
struct Enumeration {
  std::int64_t designs = 0;                // of which every layer runs on its chunk, in a tile that the buffers hold
  std::int64_t fitting = 0;                // of these, those within the platform
  std::int64_t feasible = 0;               // of these, those that are in time for Objective::area
  double value = 0;                        // the least of all designs and all mappings (stated_mappings.hpp)
  std::optional<Accelerator> accelerator;  // that has it; none if no design is feasible
};

/// Tries every design, by plain loops that share no code with src/explore. For up to five layers or so.
Enumeration brute_force(const Problem& problem);

}  // namespace autonba
