#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "explore/energy_front.hpp"

namespace autonba {

/// A layer and the chunk that it runs on.
struct FrontOnChunk {
  std::size_t chunk = 0;
  std::shared_ptr<const EnergyFront> front;  // not empty
};

/// A mapping for every layer of a design.
struct EnergyChoice {
  std::vector<std::size_t> picks;  // by layer, of its front
  std::vector<double> chunk_cycles;
  std::vector<double> chunk_pj;  // without leakage
};

/// The mappings with the least energy of a batch, or with `times_cycles` the least energy times cycles, in steady
/// state: Σ over layers of their energy + leakage · II, II being the cycles of the slowest chunk. The layers of a chunk
/// are mapped for one price of a cycle; over all prices of all chunks the least is found. With one chunk that is the
/// least of all mappings (docs/engines.md, Energy).
EnergyChoice least_energy(std::span<const FrontOnChunk> layers, std::size_t chunks, double leakage_pj_per_cycle,
                          bool times_cycles);

}  // namespace autonba
