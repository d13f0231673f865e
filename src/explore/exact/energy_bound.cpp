#include "explore/exact/energy_bound.hpp"

#include <algorithm>
#include <vector>

#include "explore/exact/constants.hpp"
#include "explore/exact/energy_cuts.hpp"

namespace autonba {
namespace {

constexpr int rounds_most = 3;  // of tightening; what is left after that is split

/// A region of single classes with what its slots take.
class EnergyRegion {
 public:
  EnergyRegion(const Instance& instance, Region& region)
      : instance_(instance),
        region_(region),
        slots_(instance.layout_of(region).slots()),
        rows_(slots_),
        cuts_(instance, region) {}

  /// From the amounts as they are now; takes away buffers that no tiling needs.
  double bound() {
    for (std::size_t s = 0; s < slots_; ++s) {
      Amounts needed{};
      energy_row(instance_, region_, s, slot(s).low, slot(s).high, Instance::Lanes::bounded, rows_[s], &needed);
      slot(s).high = needed;
      leakage_[s] = leakage(s, slot(s).low, slot(s).high);
    }
    cuts_.find(rows_, leakage_);
    return cuts_.value();
  }

  /// If a slot had these amounts.
  double bound_with(std::size_t s, const Amounts& low, const Amounts& high) {
    energy_row(instance_, region_, s, low, high, Instance::Lanes::bounded, changed_);
    return cuts_.value_with(s, changed_, leakage(s, low, high));
  }

  /// Takes away what would leave too little area for the others. False if nothing fits.
  bool leave_area() {
    const Platform& platform = instance_.platform();
    const double budget = static_cast<double>(platform.asic->area_um2) * (1 + 1e-12);  // sums round differently
    double all = 0;
    std::array<double, slots_most> areas{};
    int port_bits = 0;
    for (std::size_t s = 0; s < slots_; ++s) {
      areas[s] = area(s, slot(s).low);
      all += areas[s];
      port_bits += instance_.class_of(region_, s).base.port_bits;
    }
    if (all > budget || port_bits > platform.memory_bits_per_cycle) {
      return false;
    }
    for (std::size_t s = 0; s < slots_; ++s) {
      for (std::size_t a = 0; a < amount_count; ++a) {
        Amounts low = slot(s).low;
        low[a] = slot(s).high[a];
        while (low[a] > slot(s).low[a] && all - areas[s] + area(s, low) > budget) {
          --low[a];
        }
        slot(s).high[a] = low[a];
      }
    }
    return true;
  }

  /// Takes away what is no better than the limit. False if there was no such thing.
  bool leave_out(double limit) {
    bool changed = false;
    for (std::size_t s = 0; s < slots_; ++s) {
      for (std::size_t a = 0; a < amount_count; ++a) {
        while (slot(s).low[a] < slot(s).high[a]) {  // what has no more of it than the lower end
          Amounts high = slot(s).high;
          high[a] = slot(s).low[a];
          if (bound_with(s, slot(s).low, high) < limit) {
            break;
          }
          ++slot(s).low[a];
          changed = true;
        }
        while (slot(s).low[a] < slot(s).high[a]) {  // what has as much as the upper end
          Amounts low = slot(s).low;
          low[a] = slot(s).high[a];
          if (bound_with(s, low, slot(s).high) < limit) {
            break;
          }
          --slot(s).high[a];
          changed = true;
        }
      }
    }
    return changed;
  }

  /// Of the two halves, the lower first.
  std::pair<double, double> split_bounds(std::size_t s, std::size_t a) {
    const auto middle = static_cast<std::uint8_t>((slot(s).low[a] + slot(s).high[a]) / 2);
    Amounts low = slot(s).low;
    Amounts high = slot(s).high;
    low[a] = static_cast<std::uint8_t>(middle + 1);
    high[a] = middle;
    const double upper = bound_with(s, low, slot(s).high);
    const double lower = bound_with(s, slot(s).low, high);
    return {std::min(upper, lower), std::max(upper, lower)};
  }

  const Slot& slot(std::size_t s) const { return region_.slots[s]; }
  std::size_t slots() const { return slots_; }

 private:
  Slot& slot(std::size_t s) { return region_.slots[s]; }

  double area(std::size_t s, const Amounts& low) const {
    return least_resources(instance_.class_of(region_, s), low, region_.slots[s].high, instance_.platform()).area_um2;
  }
  double leakage(std::size_t s, const Amounts& low, const Amounts& high) const {
    return least_leakage(instance_.class_of(region_, s), low, high, instance_.platform());
  }

  const Instance& instance_;
  Region& region_;
  std::size_t slots_;
  std::vector<EnergyRow> rows_;
  std::array<double, slots_most> leakage_{};
  EnergyRow changed_;
  EnergyCuts cuts_;
};

}  // namespace

double loose_energy_bound(const Instance& instance, const Region& region, double cycles) {
  const Layout& layout = instance.layout_of(region);
  EnergyCut energy{.with_pj = 1};
  double leakage_pj = 0;
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    const KindPart& part = instance.kind(kind);
    const std::size_t first = layout.first_slot(kind);
    for (std::size_t slot = first; slot < first + layout.counts[kind]; ++slot) {
      leakage_pj += part.least_leakage_pj[region.slots[slot].node];
    }
    for (std::size_t item = 0; layout.counts[kind] > 0 && item < part.items.size(); ++item) {
      double least = infinity;
      for (std::size_t slot = first; slot < first + layout.counts[kind]; ++slot) {
        least = std::min(least, part.least_pj[layout.batch_place]->row(region.slots[slot].node)[item]);
      }
      energy.value += least;
    }
  }
  if (energy.value == infinity || cycles == infinity) {
    return infinity;
  }
  const double value = least_value(instance.problem().objective, std::span(&energy, 1), leakage_pj, cycles);
  return EnergyCuts(instance, region).in_unit(value * (1 - 1e-12));
}

double tight_energy_bound(const Instance& instance, Region& region, double limit, double& settled) {
  EnergyRegion energies(instance, region);
  double bound = infinity;
  for (int round = 0; round < rounds_most; ++round) {
    if (!energies.leave_area()) {
      return infinity;
    }
    bound = energies.bound();
    if (bound >= limit || limit == infinity || !energies.leave_out(limit)) {
      break;
    }
    settled = std::min(settled, limit);
  }
  return bound;
}

std::optional<std::pair<std::size_t, std::size_t>> best_energy_split(const Instance& instance, const Region& region) {
  Region here = region;
  EnergyRegion energies(instance, here);
  energies.bound();
  std::optional<std::pair<std::size_t, std::size_t>> best;
  std::pair<double, double> most;
  for (std::size_t s = 0; s < energies.slots(); ++s) {
    for (std::size_t a = 0; a < amount_count; ++a) {
      if (region.slots[s].low[a] == region.slots[s].high[a]) {
        continue;
      }
      const std::pair<double, double> bounds =
          here.slots[s].low[a] < here.slots[s].high[a] ? energies.split_bounds(s, a) : std::pair(infinity, infinity);
      if (!best || bounds > most) {
        most = bounds;
        best = {s, a};
      }
    }
  }
  return best;
}

}  // namespace autonba
