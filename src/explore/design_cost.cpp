#include "explore/design_cost.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace autonba {
namespace {

/// Σ of log(used / available) over what is used up.
double excess_of(const Resources& used, const Platform& platform) {
  const auto over = [](std::int64_t count, int available) {
    return count <= available ? 0.0 : std::log(static_cast<double>(count) / std::max(available, 1));
  };
  return over(used.dsp, platform.dsp) + over(used.bram18, platform.bram18) + over(used.lut, platform.lut) +
         over(used.ff, platform.ff) + over(used.port_bits, platform.memory_bits_per_cycle);
}

bool adds_residual(const Design& design, std::size_t chunk, std::span<const ShapeId> layers, const Mapper& mapper) {
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    if (design.chunk_of[layer] == static_cast<int>(chunk) && !mapper.shape(layers[layer]).residual.segments.empty()) {
      return true;
    }
  }
  return false;
}

DesignCost resources_of(const Design& design, std::span<const ShapeId> layers, const Mapper& mapper) {
  DesignCost cost;
  for (std::size_t chunk = 0; chunk < design.chunks.size(); ++chunk) {
    const bool residual = adds_residual(design, chunk, layers, mapper);
    cost.chunk_resources.push_back(chunk_resources(design.chunks[chunk], residual, mapper.platform()));
  }
  const Resources used = total(cost.chunk_resources);
  cost.excess = excess_of(used, mapper.platform());
  cost.fits = fits(used, mapper.platform());
  cost.chunk_cycles.assign(design.chunks.size(), 0.0);
  return cost;
}

double seconds_of(const DesignCost& cost, int batch, Objective objective, const Platform& platform) {
  const std::vector<double>& chunks = cost.chunk_cycles;
  const double cycles = objective == Objective::fps ? *std::max_element(chunks.begin(), chunks.end())
                                                    : std::accumulate(chunks.begin(), chunks.end(), 0.0);
  return cycles / (platform.clock_mhz * 1e6 * batch);
}

}  // namespace

Resources total(std::span<const Resources> chunks) {
  Resources sum;
  for (const Resources& chunk : chunks) {
    sum = sum + chunk;
  }
  return sum;
}

DesignCost cost_below(double limit, const Design& design, std::span<const ShapeId> layers, Objective objective,
                      Mapper& mapper) {
  DesignCost cost = resources_of(design, layers, mapper);
  const bool limited = limit < std::numeric_limits<double>::infinity();
  if (limited && !cost.fits) {
    return cost;
  }
  cost.runs = true;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const auto chunk = static_cast<std::size_t>(design.chunk_of[layer]);
    const ImaginedTime time = time_on(design.chunks[chunk], layers[layer], design.batch, mapper);
    cost.chunk_cycles[chunk] += time.cycles;
    cost.places.push_back({static_cast<int>(chunk), time.mapping});
    cost.runs = cost.runs && time.runs;
    cost.value = seconds_of(cost, design.batch, objective, mapper.platform());
    if (limited && (!cost.runs || cost.value >= limit)) {
      cost.runs = false;
      break;
    }
  }
  cost.log_cost = std::log(cost.value) + excess_penalty * cost.excess + (feasible(cost) ? 0 : infeasible_penalty);
  return cost;
}

DesignCost cost_of(const Design& design, std::span<const ShapeId> layers, Objective objective, Mapper& mapper) {
  return cost_below(std::numeric_limits<double>::infinity(), design, layers, objective, mapper);
}

Accelerator accelerator_of(const Design& design, const DesignCost& cost) {
  return {.batch = design.batch, .chunks = design.chunks, .places = cost.places};
}

}  // namespace autonba
