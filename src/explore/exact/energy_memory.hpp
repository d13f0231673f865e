#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "explore/exact/class_tree.hpp"
#include "explore/exact/energy_tilings.hpp"

namespace autonba {

using ShapeId = std::int32_t;  // as in explore/mapper.hpp

/// What the engine `exact` works out of a design space where energy counts, whatever the network. For several threads
/// at once. The results are the same whatever is remembered. On a platform with tables.
class EnergyMemory {
 public:
  /// References are kept. `trees`: by kind.
  EnergyMemory(const std::array<ClassTree, 2>& trees, const Platform& platform);
  ~EnergyMemory();

  /// Of the class `index` of a tree.
  const ClassEnergy& energy(std::size_t kind, std::size_t index) const { return energies_[kind][index]; }

  /// As energy_tilings().
  std::shared_ptr<const EnergyTilings> tilings(ShapeId id, const LayerShape& shape, std::size_t kind, std::size_t index,
                                               std::size_t lanes_place, int batch);

  /// For every class of a tree what one such layer takes at least on any of its chunks, in pJ without leakage.
  const std::vector<double>& least_energies(ShapeId id, const LayerShape& shape, std::size_t kind, int batch);

 private:
  using Key = std::array<std::int32_t, 5>;
  using Worker = std::map<ShapeId, Tilings>;
  std::unique_ptr<Worker> take_worker();

  const std::array<ClassTree, 2>& trees_;
  const Platform& platform_;
  std::array<std::vector<ClassEnergy>, 2> energies_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const EnergyTilings>> tilings_;
  std::size_t remembered_ = 0;  // tilings in all lists
  std::map<std::pair<ShapeId, int>, std::vector<double>> least_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

}  // namespace autonba
