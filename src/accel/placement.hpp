#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "accel/accelerator.hpp"
#include "accel/platform.hpp"
#include "accel/schedule.hpp"
#include "model/network.hpp"

/// Which maps lie in the feature store (docs/cost-model.md, Feature store).
namespace autonba {

/// For every layer whether its map may lie in the store: layers read it, and the host does not.
std::vector<bool> storable_maps(const Network& network);

/// Where a layer finds and leaves its maps: numbers of groups, or always_external.
inline constexpr int always_external = -1;
struct LayerGroups {
  int input = always_external;
  int residual = always_external;
  int output = always_external;
  std::array<int, 3> all() const { return {input, residual, output}; }
};

/// Groups of maps that engines place together: those that one layer reads, so that it finds all its inputs in one
/// place. Maps that the host writes or reads are in external memory, and so are those read with them; and where more
/// than groups_at_once groups would be alive between two layers, those that came last.
struct PlacementGroups {
  std::vector<LayerGroups> layers;
  std::size_t count = 0;
};
inline constexpr int groups_at_once = 10;
PlacementGroups placement_groups(const Network& network);

/// For every layer the words of the store that a slot of its map takes; 0 for maps in external memory.
std::vector<std::int64_t> slot_words(const Network& network, const Accelerator& accelerator);

/// Makes the store just as deep as the maps need it with the accelerator's starts or those of make_schedule,
/// whichever takes fewer words, and keeps these starts.
void fit_store(const Network& network, const Platform& platform, Accelerator& accelerator);

/// Throws InputError, naming the map, if one lies in the store that may not, or, with the addresses of the schedule, at
/// words that the store does not have. `where` is put before the message.
void check_placement(const Network& network, const Accelerator& accelerator, const Schedule& schedule,
                     const std::string& where);

}  // namespace autonba
