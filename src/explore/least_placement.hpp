#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accel/placement.hpp"

namespace autonba {

/// What a layer costs by which of its maps lie in the store: a bit each for inputs, residual and output.
inline constexpr std::size_t modes = 8;
inline constexpr std::size_t input_stored = 1;
inline constexpr std::size_t residual_stored = 2;
inline constexpr std::size_t output_stored = 4;

/// What a store of these turns and words is to a layer in a mode, and back; inputs are all or none.
StoreUse store_use(std::size_t mode, const StoreUse& store);
std::size_t mode_of(const StoreUse& use);

/// The mode of a layer, if the groups marked in `stored` lie in the store.
std::size_t mode_in(const LayerGroups& groups, const std::vector<char>& stored);

/// Finds, of all placements of a network's maps, the one of least cost: the sum of what its layers cost and of the
/// prices of what lies in the store. Exact, by dynamic programming over the layers in their order: of the maps before a
/// layer only those matter that later layers read too.
class LeastPlacement {
 public:
  explicit LeastPlacement(const PlacementGroups& groups);

  /// `costs`: by layer, `modes` each. `prices`: by group, of lying in the store. `in_store`, where given: by group.
  double find(std::span<const double> costs, std::span<const double> prices,
              std::vector<char>* in_store = nullptr) const;

 private:
  /// The groups that matter have a bit each of a state. A step lets a group in, adds what a layer costs, or lets a
  /// group go, whose better place is then known for every state of the others.
  enum class Act : std::uint8_t { let_in, add_layer, let_go };
  struct Step {
    Act act = Act::add_layer;
    std::size_t index = 0;    // of the group or layer
    std::uint32_t bit = 0;    // of the group
    std::uint32_t input = 0;  // bits of a layer's groups; 0 for external memory
    std::uint32_t residual = 0;
    std::uint32_t output = 0;
  };
  std::vector<Step> steps_;
  std::size_t states_ = 1;
};

}  // namespace autonba
