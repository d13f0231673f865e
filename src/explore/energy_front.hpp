#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "accel/asic.hpp"
#include "explore/tilings.hpp"

namespace autonba {

/// A mapping of a layer with what it takes of a batch.
struct PricedMapping {
  std::int64_t cycles = 0;
  double energy_pj = 0;  // without leakage
  Mapping mapping;
};

/// Every mapping that no other beats in both cycles and energy, by ascending cycles and falling energy.
using EnergyFront = std::vector<PricedMapping>;

/// Exactly, over the space of tilings of explore/tilings.hpp. Empty if no tile fits. Requires can_run.
EnergyFront energy_front(const LayerShape& shape, Tilings& tilings, const Chunk& chunk, const ChunkEnergy& energy,
                         int batch, const Platform& platform);

/// The corners of the front's lower convex hull, in the front's order: what is best for some price of a cycle in pJ.
std::vector<std::size_t> hull_of(const EnergyFront& front);

/// Fronts that were found, by layer shape, chunk and batch. A chunk's memories, and so its energies, depend on whether
/// some layer on it adds a residual.
class EnergyFronts {
 public:
  std::shared_ptr<const EnergyFront> of(std::int32_t shape_id, const LayerShape& shape, Tilings& tilings,
                                        const Chunk& chunk, bool adds_residual, int batch, const Platform& platform);

 private:
  using Key = std::array<std::int32_t, 16>;
  std::map<Key, std::shared_ptr<const EnergyFront>> fronts_;
};

}  // namespace autonba
