#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "accel/accelerator.hpp"
#include "accel/layout.hpp"
#include "accel/platform.hpp"
#include "accel/resources.hpp"

namespace autonba {

/// What a batch takes in steady state (docs/cost-model.md, ASIC).
struct Energy {
  double batch_pj = 0;           // all layers, and leakage for ii_cycles
  std::vector<double> layer_pj;  // without leakage, in the network's order
  double leakage_nw = 0;         // of all chunks
  friend bool operator==(const Energy&, const Energy&) = default;
};

/// Of an image in steady state.
double energy_mj(const Energy& energy, int batch);

/// pJ that leak in a cycle.
double leakage_pj_per_cycle(double leakage_nw, const Platform& platform);

/// What a network costs on an accelerator (docs/cost-model.md).
struct Cost {
  std::int64_t ii_cycles = 0;              // a batch, steady state: the slowest chunk's sum
  std::int64_t latency_cycles = 0;         // sum of all layers, a batch alone in the accelerator
  std::vector<std::int64_t> layer_cycles;  // a batch, in the network's order
  std::vector<std::int64_t> chunk_cycles;
  Resources resources;
  std::optional<Energy> energy;  // where the platform has tables for it
  friend bool operator==(const Cost&, const Cost&) = default;
};

/// Images a second at `batch` images every ii_cycles.
double fps(std::int64_t ii_cycles, int batch, const Platform& platform);

/// For every layer, which of the maps that it reads and writes lie in the store.
std::vector<StoreUse> store_uses(const Network& network, const Accelerator& accelerator);

/// Exact cycles and resources, and energy from the platform's tables. Requires that every layer can run where it is
/// placed and that its tile fits.
Cost evaluate(const Network& network, const Accelerator& accelerator, const Platform& platform);

/// The same from the shapes of the network's layers. `uses`: none, or one for each layer.
Cost evaluate(std::span<const LayerShape> shapes, const Accelerator& accelerator, const Platform& platform,
              std::span<const StoreUse> uses = {});

/// Bytes of an image that the ports of all chunks load and store, in whole words. `uses`: none, or one for each layer.
double external_bytes(const Network& network, const Accelerator& accelerator, std::span<const StoreUse> uses);

}  // namespace autonba
