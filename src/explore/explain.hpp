#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accel/accelerator.hpp"
#include "accel/cycles.hpp"
#include "explore/mapper.hpp"

namespace autonba {

/// A way to tile a layer on its chunk.
struct ExplainedTiling {
  Mapping mapping;
  CycleTerms terms;
  TileWords words;                  // of the chunk's buffers
  std::optional<double> energy_pj;  // a batch, without leakage; where the platform has tables
};

/// What the layer would take at best if one thing about its chunk were larger.
struct Relaxation {
  std::string what;  // "twice the input buffer"
  std::int64_t cycles = 0;
};

/// What the layer would take on another chunk of the accelerator.
struct Elsewhere {
  std::size_t chunk = 0;
  std::int64_t chunk_cycles = 0;       // that the chunk works for its own layers
  std::optional<std::int64_t> cycles;  // at best; none if it cannot run there,
  std::string why_not;                 // for this reason
};

/// Why a layer is mapped as it is.
struct Explanation {
  std::size_t layer = 0;
  std::size_t chunk = 0;
  ExplainedTiling chosen;
  std::int64_t rank = 1;                // of the chosen tiling among those that fit, by cycles, from 1
  std::int64_t fitting = 0;             // tilings of the mapper's space that the chunk's buffers hold
  std::vector<ExplainedTiling> others;  // the fastest of them besides the chosen one, fastest first
  std::int64_t fastest_cycles = 0;      // of these and the chosen one
  std::int64_t least_cycles = 0;        // of arithmetic, if every multiplier worked all the time
  std::vector<Relaxation> relaxations;  // with the mapping solved anew
  std::vector<Elsewhere> elsewhere;
};

/// Explains layer number `layer` of the network on an accelerator whose layers all run, with up to `others` runner-up
/// tilings. `mapper` is one for the platform.
Explanation explain(const Network& network, const Accelerator& accelerator, std::size_t layer, std::size_t others,
                    Mapper& mapper);

/// The number of the layer with this id. Throws InputError that names the nearest ids.
std::size_t layer_named(const Network& network, const std::string& id);

}  // namespace autonba
