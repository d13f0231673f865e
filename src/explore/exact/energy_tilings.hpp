#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "accel/asic.hpp"
#include "explore/exact/chunk_classes.hpp"
#include "explore/layer_front.hpp"

namespace autonba {

/// pJ of a word that is read from a memory or written to it.
struct WordEnergy {
  double read = 0;
  double write = 0;
};

/// What the chunks of a class pay for what they do. Of memories: by the place of their depth; no
/// deeper memory takes less for a word.
struct ClassEnergy {
  double operation_pj = 0;
  double port_word_pj = 0;
  std::vector<WordEnergy> input;
  std::vector<WordEnergy> weight;
  std::array<std::vector<WordEnergy>, 2> output;  // without and with residuals, for which memories are half as deep
  std::vector<WordEnergy> accumulator;            // by the place of the output depth
  std::vector<WordEnergy> parameters;             // by the place of the lanes
  WordEnergy least_parameters;
};

ClassEnergy class_energy(const ChunkClass& chunks, const AsicTables& tables);

/// A way to run a layer for a batch: what it needs, and how often it does what costs energy.
struct EnergyTiling {
  Cell needs = 0;
  double cycles = 0;
  double port_words = 0;
  WordEnergy input;  // reads and writes, here and below
  WordEnergy weight;
  WordEnergy output;
  double accumulated = 0;  // words that are written, and read again
  WordEnergy parameters;
  Mapping mapping;
};

struct EnergyTilings {
  std::vector<EnergyTiling> tilings;
  double operations = 0;
  double groups = 0;  // as in DatapathFront
};

/// Places that energies depend on.
struct EnergyPlaces {
  std::size_t input = 0;
  std::size_t weight = 0;
  std::size_t output = 0;
  bool residual = false;
};

/// Without operations and parameters, which are the same for all places.
inline double energy_at(const EnergyTiling& tiling, const ClassEnergy& energy, const EnergyPlaces& places) {
  const auto of = [](const WordEnergy& words, const WordEnergy& each) {
    return words.read * each.read + words.write * each.write;
  };
  const WordEnergy& sums = energy.accumulator[places.output];
  return tiling.port_words * energy.port_word_pj + of(tiling.input, energy.input[places.input]) +
         of(tiling.weight, energy.weight[places.weight]) +
         of(tiling.output, energy.output[places.residual ? 1 : 0][places.output]) +
         tiling.accumulated * (sums.read + sums.write);
}

inline double parameter_energy(const EnergyTiling& tiling, const WordEnergy& each) {
  return tiling.parameters.read * each.read + tiling.parameters.write * each.write;
}

/// What tilings of one layer shape are for.
struct TilingsFor {
  const LayerShape& shape;
  const ChunkClass& chunks;
  std::size_t lanes_place = 0;
  int batch = 1;
  const Platform& platform;
};

/// Of the space of explore/tilings.hpp every tiling that may be best on some chunk of the class with these lanes: left
/// out is what another one, on every chunk that can hold it, beats or equals in cycles and in energy. The same if
/// requantisation takes longer than that of the lanes.
EnergyTilings energy_tilings(const TilingsFor& wanted, Tilings& tilings, const ClassEnergy& energy);

/// A lower bound of the energy of a layer on any chunk of the class in any tiling, in pJ without leakage; infinity
/// where none can run it.
double least_energy(const LayerShape& shape, Tilings& tilings, const ChunkClass& chunks, const ClassEnergy& energy,
                    int batch);

}  // namespace autonba
