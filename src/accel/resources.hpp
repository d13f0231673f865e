#pragma once

#include <cstdint>

#include "accel/chunk.hpp"
#include "accel/platform.hpp"

namespace autonba {

struct Resources {
  std::int64_t dsp = 0;
  std::int64_t bram18 = 0;
  std::int64_t lut = 0;
  std::int64_t ff = 0;
  std::int64_t port_bits = 0;
  friend bool operator==(const Resources&, const Resources&) = default;
};

Resources operator+(const Resources& a, const Resources& b);

/// What a chunk takes (docs/cost-model.md, Resources). `adds_residual`: some layer on it adds a residual, so its output
/// buffer is two memories.
Resources chunk_resources(const Chunk& chunk, bool adds_residual, const Platform& platform);

/// BRAM18 of one memory of `width_bits` by `depth` words: the best aspect ratio; 0 for up to lutram_depth words, which
/// are made of LUTs instead.
std::int64_t memory_bram18(std::int64_t width_bits, std::int64_t depth);
inline constexpr int lutram_depth = 64;

/// Whether DSP, BRAM18, LUT, FF and the sum of the ports are within what the platform has.
bool fits(const Resources& resources, const Platform& platform);

}  // namespace autonba
