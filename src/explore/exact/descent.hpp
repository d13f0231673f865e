#pragma once

#include <array>
#include <vector>

#include "explore/exact/instance.hpp"

namespace autonba {

/// A placement of maps, and the words of the store that it takes.
struct StoreLevel {
  std::vector<char> stored;  // by group
  std::int64_t words = 0;
};

/// One way down from the upper ends of a region of single classes: the upper end of one amount of one slot, lower by
/// some places, or a lower level of the store, until the chunks and the store fit; each time what frees most for the
/// time that it costs.
class Descent {
 public:
  /// `levels`: of a layout with a store, at least one, by falling words; otherwise none. References are kept.
  Descent(const Instance& instance, const Region& region, std::vector<StoreLevel> levels = {});

  /// False where there is no way.
  bool run();

  const Region& region() const { return region_; }
  /// The level of the store that was come to.
  const StoreLevel& level() const { return levels_[level_]; }

 private:
  struct Step {
    double rate = 0;
    std::size_t level = 0;
    std::size_t slot = 0;
    Amounts amounts{};  // of the slot
  };
  void read(std::size_t slot);
  void pick_modes(std::size_t slot);
  Resources total() const;
  double excess_now() const;
  double cycles(std::size_t kind);
  bool step_down(double now);
  void try_amounts(double now, const std::array<double, kind_count>& before, Step& best);
  void try_levels(double now, const std::array<double, kind_count>& before, Step& best);
  double excess_with(std::size_t slot);

  const Instance& instance_;
  Region region_;
  std::size_t slots_;
  std::vector<StoreLevel> levels_;
  std::size_t level_ = 0;
  SlotTimes times_;                                         // by item, or by place in the kind's layers with a store
  std::array<std::vector<double>, slots_most> mode_times_;  // with a store: of all layers of each item
  std::array<Resources, slots_most> used_;
};

}  // namespace autonba
