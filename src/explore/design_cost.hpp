#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "explore/expected.hpp"
#include "explore/gamma.hpp"

namespace autonba {

/// What a design costs, also where it cannot be built.
struct DesignCost {
  bool fits = false;    // the platform
  bool runs = false;    // every layer runs on its chunk, with a tile that the buffers hold
  bool in_time = true;  // an image takes no more than the goal says
  double value = 0;     // of the objective; layers that their chunk cannot run take their imagined time and energy
  double excess = 0;    // Σ over DSP, BRAM18, LUT, FF, area, port bits and time of max(0, log(used / available))
  double log_cost = 0;  // log value + penalties: what engines minimise
  std::vector<double> chunk_cycles;
  std::vector<std::int64_t> layer_cycles;  // rounded up; not for `energy` and `edp`
  std::vector<double> chunk_loads;         // what each chunk adds to the objective: pJ for `energy`, else its cycles
  std::vector<Resources> chunk_resources;
  std::vector<LayerPlace> places;  // by layer, with its best mapping
  std::optional<Store> store;      // just deep enough for its maps
  Resources store_resources;
};

/// What designs need to know of a network whose maps they may place in a store.
struct MapsToPlace {
  const Network& network;
  const PlacementGroups& groups;
  int depth_max = 0;  // of the store, words
};

/// Of all chunks and the store.
Resources resources_of(const DesignCost& cost);

/// Added to log value: for each unit of excess, and once if the design does not fit or does not run.
inline constexpr double excess_penalty = 3;
inline constexpr double infeasible_penalty = 0.1;

Resources total(std::span<const Resources> chunks);

inline bool feasible(const DesignCost& cost) {
  return cost.fits && cost.runs && cost.in_time;
}

/// Solves the mapping of every layer and adds up: the fastest, or for `energy` and `edp` those of least_energy().
/// `layers`: shapes of the network's layers. `maps`: needed where the design has a store.
DesignCost cost_of(const Design& design, std::span<const ShapeId> layers, const Goal& goal, Mapper& mapper,
                   const MapsToPlace* maps = nullptr);

/// The same for a design that matters only if it is feasible and its value is below `limit`: a design that does not
/// fit, or of which some layers already take as long as `limit`, is left as it is found then, with `runs` false.
DesignCost cost_below(double limit, const Design& design, std::span<const ShapeId> layers, const Goal& goal,
                      Mapper& mapper, const MapsToPlace* maps = nullptr);

/// What each layer of the design has in the store. Requires a store.
std::vector<StoreUse> store_uses(const Design& design, const PlacementGroups& groups);

/// Time of a layer on a chunk, or for `energy` its energy: least dynamic energy and leakage while it runs, in pJ. Also
/// where the chunk cannot run it.
double load_on(const Chunk& chunk, bool adds_residual, ShapeId layer, int batch, Objective objective, Mapper& mapper,
               const StoreUse& use = {});

/// The accelerator of a design, once its mappings are solved.
Accelerator accelerator_of(const Design& design, const DesignCost& cost);

}  // namespace autonba
