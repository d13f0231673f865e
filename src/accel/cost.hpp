#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accel/accelerator.hpp"
#include "accel/layout.hpp"
#include "accel/platform.hpp"
#include "accel/resources.hpp"

namespace autonba {

/// What a network costs on an accelerator (docs/cost-model.md).
struct Cost {
  std::int64_t ii_cycles = 0;              // a batch, steady state: the slowest chunk's sum
  std::int64_t latency_cycles = 0;         // sum of all layers, a batch alone in the accelerator
  std::vector<std::int64_t> layer_cycles;  // a batch, in the network's order
  std::vector<std::int64_t> chunk_cycles;
  Resources resources;
  friend bool operator==(const Cost&, const Cost&) = default;
};

/// Images a second at `batch` images every ii_cycles.
double fps(std::int64_t ii_cycles, int batch, const Platform& platform);

/// Exact cycles and resources. Requires that every layer can run where it is placed and that its tile fits.
Cost evaluate(const Network& network, const Accelerator& accelerator, const Platform& platform);

/// The same from the shapes of the network's layers.
Cost evaluate(std::span<const LayerShape> shapes, const Accelerator& accelerator, const Platform& platform);

}  // namespace autonba
