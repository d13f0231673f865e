#include "explore/exact/split.hpp"

#include <algorithm>

#include "explore/exact/constants.hpp"
#include "explore/exact/layer_places.hpp"

namespace autonba {
namespace {

/// Of one slot: Σ of its shares of the resources of which all slots together use more than the platform has.
double share_of_scarce(const Resources& slot, const Resources& all, const Platform& platform) {
  const auto of_slot = use_of(slot, platform);
  const auto of_all = use_of(all, platform);
  double sum = 0;
  for (std::size_t i = 0; i < of_all.size(); ++i) {
    const auto [name, used, available] = of_all[i];
    if (used > available) {
      sum += static_cast<double>(of_slot[i].used) / static_cast<double>(std::max<std::int64_t>(available, 1));
    }
  }
  return sum;
}

/// What is gained where a slot's chunks, which take `most` of all, have less.
double gain(const Instance& instance, const Region& region, const Resources& most, const Resources& less,
            const Resources& all) {
  if (instance.problem().objective == Objective::area) {
    return static_cast<double>(most.area_um2 - less.area_um2);
  }
  double gain = share_of_scarce(most, all, instance.platform()) - share_of_scarce(less, all, instance.platform());
  if (instance.layout_of(region).has_store()) {  // what the store could have
    gain += 1e-6 * static_cast<double>(most.bram18 - less.bram18 + most.area_um2 - less.area_um2);
  }
  return gain;
}

}  // namespace

std::optional<SlotAmount> amount_to_split(const Instance& instance, const Region& region) {
  const std::size_t slots = instance.layout_of(region).slots();
  std::array<Resources, slots_most> used{};
  Resources all;
  for (std::size_t s = 0; s < slots; ++s) {
    used[s] = used_by(instance, region, s, region.slots[s].high);
    all = all + used[s];
  }
  double most = -infinity;
  std::optional<SlotAmount> choice;
  for (std::size_t s = 0; s < slots; ++s) {
    const Slot& slot = region.slots[s];
    for (std::size_t a = 0; a < amount_count; ++a) {
      if (slot.low[a] == slot.high[a]) {
        continue;
      }
      Amounts lower = slot.high;
      lower[a] = slot.low[a];
      const double score = a == static_cast<std::size_t>(Amount::stride_max)
                               ? infinity
                               : gain(instance, region, used[s], used_by(instance, region, s, lower), all);
      if (!choice || score > most) {
        most = score;
        choice = {s, a};
      }
    }
  }
  return choice;
}

}  // namespace autonba
