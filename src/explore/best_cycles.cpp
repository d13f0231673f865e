#include "explore/best_cycles.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace autonba {
namespace {

/// Least of each entry and of those one depth below it, of one buffer or another: in this order of rows, the least of
/// all entries with no more depth.
void spread_minima(const BufferDepths& depths, std::size_t row, std::int32_t* cycles) {
  const std::size_t inputs = depths[0].size();
  const std::size_t weights = depths[1].size();
  const std::size_t outputs = depths[2].size();
  const auto lower = [row](std::int32_t* to, const std::int32_t* from) {
    for (std::size_t i = 0; i < row; ++i) {
      to[i] = std::min(to[i], from[i]);
    }
  };
  std::int32_t* entry = cycles;
  for (std::size_t input = 0; input < inputs; ++input) {
    for (std::size_t weight = 0; weight < weights; ++weight) {
      for (std::size_t output = 0; output < outputs; ++output, entry += row) {
        if (output > 0) {
          lower(entry, entry - row);
        }
        if (weight > 0) {
          lower(entry, entry - outputs * row);
        }
        if (input > 0) {
          lower(entry, entry - weights * outputs * row);
        }
      }
    }
  }
}

}  // namespace

BestCycles::BestCycles(std::span<const LayerShape> shapes, const BufferDepths& depths, const Platform& platform)
    : shapes_(shapes), depths_(depths), fronts_(depths, platform) {
  for (const LayerShape& shape : shapes) {
    tilings_.emplace_back(shape);
  }
}

void BestCycles::fill(const Chunk& chunk, int batch, std::size_t row, std::int32_t* cycles) {
  std::fill_n(cycles, depths_[0].size() * depths_[1].size() * depths_[2].size() * row, none);
  for (std::size_t index = 0; index < shapes_.size(); ++index) {
    if (!can_run(chunk, shapes_[index])) {
      continue;
    }
    const std::array strides = {chunk.stride_max};
    for (const FrontTiling& best :
         fronts_.of(shapes_[index], tilings_[index], chunk, chunk.accumulator, strides, batch)) {
      if (best.cycles >= none) {
        throw work_error("a layer takes {} cycles on a chunk of the design space, for which tables have no room",
                         best.cycles);
      }
      const Needs needs = needs_of(best.needs);
      const std::size_t cell = (needs.input[0] * depths_[1].size() + needs.weight) * depths_[2].size() + needs.output;
      std::int32_t& entry = cycles[cell * row + index];
      entry = std::min(entry, static_cast<std::int32_t>(best.cycles));
    }
  }
  spread_minima(depths_, row, cycles);
}

}  // namespace autonba
