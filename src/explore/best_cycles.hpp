#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "accel/cycles.hpp"
#include "explore/layer_front.hpp"

namespace autonba {

/// Best cycles of some layer shapes on a chunk for all depths of its buffers at once. Keeps lists of tiles; one for
/// each thread.
class BestCycles {
 public:
  static constexpr std::int32_t none = std::numeric_limits<std::int32_t>::max();  // no tile fits, or it cannot run

  /// References are kept.
  BestCycles(std::span<const LayerShape> shapes, const BufferDepths& depths, const Platform& platform);

  /// Writes [input][weight][output][shape], `row` entries for all shapes of which those beyond the shapes stay `none`.
  /// Throws WorkError if a layer takes 2³¹ cycles.
  void fill(const Chunk& chunk, int batch, std::size_t row, std::int32_t* cycles);

 private:
  std::span<const LayerShape> shapes_;
  const BufferDepths& depths_;
  std::vector<Tilings> tilings_;
  LayerFronts fronts_;
};

}  // namespace autonba
