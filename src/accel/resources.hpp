#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "accel/chunk.hpp"
#include "accel/platform.hpp"
#include "accel/store.hpp"

namespace autonba {

/// What an accelerator takes: of an FPGA DSP, BRAM18, LUT and FF, of an ASIC area; the others are 0.
struct Resources {
  std::int64_t dsp = 0;
  std::int64_t bram18 = 0;
  std::int64_t lut = 0;
  std::int64_t ff = 0;
  std::int64_t port_bits = 0;
  std::int64_t area_um2 = 0;
  friend bool operator==(const Resources&, const Resources&) = default;
};

Resources operator+(const Resources& a, const Resources& b);

/// Multiply-accumulates a cycle.
std::int64_t mac_count(const Chunk& chunk);

/// Inputs of the crossbar between banks and lanes, in bits, one for each bank beyond the first.
double crossbar_inputs(const Chunk& chunk);

/// `count` equal memories of `depth` words.
struct BufferMemories {
  std::int64_t count = 0;
  std::int64_t width_bits = 0;
  std::int64_t depth = 0;
};

/// The memories of a chunk's buffers.
struct ChunkMemories {
  BufferMemories input;
  BufferMemories weight;
  BufferMemories output;  // and residuals
  BufferMemories accumulator;
  BufferMemories parameters;
  std::array<BufferMemories, 5> all() const { return {input, weight, output, accumulator, parameters}; }
};
ChunkMemories chunk_memories(const Chunk& chunk, bool adds_residual);

/// What a part of a chunk takes, not rounded up.
struct PartialResources {
  double dsp = 0;
  double bram18 = 0;
  double lut = 0;
  double ff = 0;
  double area_um2 = 0;
};

PartialResources operator+(const PartialResources& a, const PartialResources& b);
PartialResources operator*(const PartialResources& a, double factor);

/// The parts of a chunk: its memories, and everything else.
PartialResources memory_resources(const BufferMemories& memory, const Platform& platform);
PartialResources logic_resources(const Chunk& chunk, const Platform& platform);

/// What a chunk takes (docs/cost-model.md, Resources and ASIC): the sum of its parts. `adds_residual`: some layer on it
/// adds a residual, so its output buffer is two memories.
Resources chunk_resources(const Chunk& chunk, bool adds_residual, const Platform& platform);

/// The store of so many chunks: one memory.
BufferMemories store_memory(const Store& store, std::size_t chunks);

/// Its memory, and for every chunk what packs and unpacks its words, as for a port of w_f bits.
Resources store_resources(const Store& store, std::size_t chunks, const Platform& platform);

/// BRAM18 of one memory of `width_bits` by `depth` words: the best aspect ratio; 0 for up to lutram_depth words, which
/// are made of LUTs instead.
std::int64_t memory_bram18(std::int64_t width_bits, std::int64_t depth);
inline constexpr int lutram_depth = 64;

/// Of one resource: what is used, and what the platform has.
struct ResourceUse {
  std::string_view name;
  std::int64_t used = 0;
  std::int64_t available = 0;
};

/// Of DSP, BRAM18, LUT, FF, bits of memory a cycle (the ports) and area in um2.
std::array<ResourceUse, 6> use_of(const Resources& resources, const Platform& platform);

/// Whether no more is used of any resource than the platform has.
bool fits(const Resources& resources, const Platform& platform);

}  // namespace autonba
