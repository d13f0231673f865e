#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "accel/cycles.hpp"
#include "explore/tilings.hpp"

namespace autonba {

/// Depths that buffers may have, ascending: input, weight, output.
using BufferDepths = std::array<std::vector<int>, 3>;

/// Best cycles of some layer shapes on a chunk for all depths of its buffers at once. Keeps lists of tiles; one for
/// each thread.
class BestCycles {
 public:
  static constexpr std::int32_t none = std::numeric_limits<std::int32_t>::max();  // no tile fits, or it cannot run

  /// Up to 127 depths of each buffer; references are kept.
  BestCycles(std::span<const LayerShape> shapes, const BufferDepths& depths, const Platform& platform);

  /// Writes [input][weight][output][shape], `row` entries for all shapes of which those beyond the shapes stay `none`.
  /// Throws WorkError if a layer takes 2³¹ cycles.
  void fill(const Chunk& chunk, int batch, std::size_t row, std::int32_t* cycles);

 private:
  /// Places of the least depths that hold a tile, in three bytes.
  using Cell = std::uint32_t;
  struct Candidate {
    std::int64_t bound = 0;
    Cell cell = 0;
    Mapping mapping;
  };
  struct Best {
    std::int64_t cycles = 0;
    Cell cell = 0;
  };
  void list(std::size_t shape, const Chunk& chunk, int batch);
  void find_front(std::size_t shape, const Chunk& chunk, int batch);
  std::size_t place(std::size_t buffer, std::int64_t words) const;

  std::span<const LayerShape> shapes_;
  const BufferDepths& depths_;
  const Platform& platform_;
  std::vector<Tilings> tilings_;
  std::vector<Candidate> candidates_;  // scratch
  std::vector<std::pair<std::int64_t, std::uint32_t>> order_;
  std::vector<Best> front_;  // of the last shape
};

}  // namespace autonba
