#include "explore/exact/relaxation.hpp"

#include <algorithm>
#include <cmath>

#include "explore/exact/constants.hpp"
#include "explore/exact/energy_bound.hpp"
#include "explore/exact/makespan.hpp"
#include "explore/exact/store_bound.hpp"

namespace autonba {
namespace {

constexpr int rounds_most = 4;  // of tightening; what is left after that is split

/// Σ over slots of what their chunks take at least.
struct LeastTotal {
  PartialResources parts;
  int port_bits = 0;
};

/// With what sums in another order may round differently.
bool fits_least(const LeastTotal& total, const Platform& platform, double most_area_um2) {
  const auto within_budget = [](double amount, double budget) { return amount <= budget * (1 + 1e-12); };
  return within_budget(total.parts.dsp, static_cast<double>(platform.dsp)) &&
         within_budget(total.parts.bram18, static_cast<double>(platform.bram18)) &&
         within_budget(total.parts.lut, static_cast<double>(platform.lut)) &&
         within_budget(total.parts.ff, static_cast<double>(platform.ff)) &&
         total.port_bits <= platform.memory_bits_per_cycle && within_budget(total.parts.area_um2, most_area_um2);
}

/// A chunk's area is rounded up.
PartialResources with_whole_area(PartialResources part) {
  part.area_um2 = std::ceil(part.area_um2 * (1 - 1e-12));
  return part;
}

/// The makespans of a region's kinds, from the rows of its slots.
class Makespans {
 public:
  Makespans(const Instance& instance, Region& region, const SlotRows& rows)
      : instance_(instance), region_(region), rows_(rows) {}

  MachineTimes rows(std::size_t kind) const {
    const Layout& layout = instance_.layout_of(region_);
    return MachineTimes(rows_.data() + layout.first_slot(kind), layout.counts[kind]);
  }
  std::span<double> prices(std::size_t kind) const {
    const Layout& layout = instance_.layout_of(region_);
    return std::span(region_.prices).subspan(layout.first_slot(kind), layout.counts[kind]);
  }
  std::size_t items(std::size_t kind) const { return instance_.kind(kind).items.size(); }

  /// Of the slowest chunk, in cycles; no better than `enough`. `changed`: the only kind to look at, if not all.
  double bound(double enough, std::optional<std::size_t> changed) const {
    double most = 0;
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      if (rows(kind).empty()) {
        continue;
      }
      if (!changed || kind == *changed) {
        region_.kind_bounds[kind] = makespan_bound(rows(kind), items(kind), prices(kind), enough);
      }
      most = std::max(most, region_.kind_bounds[kind]);
    }
    return most;
  }

  /// Of all layers one after the other, each on its fastest chunk.
  double sum() const {
    double cycles = 0;
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      for (std::size_t item = 0; item < items(kind); ++item) {
        double least = infinity;
        for (const double* row : rows(kind)) {
          least = std::min(least, row[item]);
        }
        cycles += least;
      }
    }
    return cycles;
  }

  bool reaches(std::size_t kind, double limit) const {
    return makespan_reaches(rows(kind), items(kind), prices(kind), limit);
  }

 private:
  const Instance& instance_;
  Region& region_;
  const SlotRows& rows_;
};

/// Cycles are whole; this much is lost to rounding at most.
double whole_cycles(double cycles) {
  return std::ceil(cycles * (1 - 1e-10));
}

/// From the times on the chunks of the slots and what these take.
double value_bound(const Instance& instance, const Region& region, const Makespans& makespans, const LeastTotal& total,
                   double limit, std::optional<std::size_t> changed = {}) {
  const Problem& problem = instance.problem();
  switch (problem.objective) {
    case Objective::latency:
      return instance.seconds(region, whole_cycles(makespans.sum()));
    case Objective::area: {
      const double most = instance.cycles(region, problem.most_seconds);
      const double cycles = whole_cycles(makespans.bound(most * (1 + 1e-6) + 2, changed));
      return cycles > most * (1 + 1e-12) ? infinity : total.parts.area_um2 * 1e-6;
    }
    case Objective::energy:
    case Objective::edp:
      return loose_energy_bound(instance, region, whole_cycles(makespans.bound(infinity, changed)));
    default:
      return instance.seconds(region,
                              whole_cycles(makespans.bound(instance.cycles(region, limit) * (1 + 1e-9), changed)));
  }
}

/// Area that a design may take to matter: to fit the platform, and to be better than `limit`.
double most_area(const Instance& instance, double limit) {
  const Platform& platform = instance.platform();
  const double budget = platform.asic ? static_cast<double>(platform.asic->area_um2) : 0;
  return instance.problem().objective == Objective::area ? std::min(budget, limit * 1e6) : budget;
}

/// Makes a region of single classes smaller.
class Tightening {
 public:
  Tightening(const Instance& instance, Region& region, double limit, double& settled)
      : instance_(instance),
        region_(region),
        limit_(limit),
        settled_(settled),
        slots_(instance.layout_of(region).slots()),
        makespans_(instance, region, times_.rows) {}

  double bound() {
    double bound = bound_with_maps_anywhere();
    if (!instance_.layout_of(region_).has_store()) {
      return bound;
    }
    for (int round = 0; round < rounds_most && bound < limit_; ++round) {
      sum_up();
      bound = std::max(bound, bound_with_capacity(instance_, region_, total_.parts, limit_));
      if (bound >= limit_ || limit_ == infinity || !raise_store()) {
        break;
      }
      if (!lower_upper_ends()) {
        return infinity;
      }
      read_times();
      bound = std::max(bound, value());
    }
    return bound;
  }

 private:
  double bound_with_maps_anywhere() {
    sum_up();
    read_times();
    double bound = value();
    for (int round = 0; round < rounds_most && bound < limit_; ++round) {
      if (!lower_upper_ends()) {
        return infinity;
      }
      read_times();
      bound = value();
      if (bound >= limit_ || limit_ == infinity || !raise_lower_ends()) {
        break;
      }
    }
    return bound;
  }

  Slot& slot(std::size_t index) { return region_.slots[index]; }

  void sum_up() {
    total_ = {};
    store_ = least_store_resources(instance_.layout_of(region_), instance_.platform(), region_.store_words);
    for (std::size_t s = 0; s < slots_; ++s) {
      parts_[s] = with_whole_area(
          least_resources(instance_.class_of(region_, s), slot(s).low, slot(s).high, instance_.platform()));
      total_.parts = total_.parts + parts_[s];
      total_.port_bits += instance_.class_of(region_, s).base.port_bits;
    }
  }

  double value() { return value_bound(instance_, region_, makespans_, total_, limit_); }

  /// On the chunks with most of everything.
  void read_times() {
    for (std::size_t s = 0; s < slots_; ++s) {
      instance_.times(region_, s, slot(s).high, Instance::Lanes::bounded, times_.of_slot[s]);
      times_.rows[s] = times_.of_slot[s].data();
    }
  }

  /// Takes away what would leave too little for the others. False if nothing fits.
  bool lower_upper_ends() {
    sum_up();
    if (!fits_least({total_.parts + store_, total_.port_bits}, instance_.platform(), most_area(instance_, infinity))) {
      return false;
    }
    // No smaller than the total: what is over the limit already is left to its bound.
    const double area = std::max(most_area(instance_, limit_), total_.parts.area_um2);
    for (std::size_t s = 0; s < slots_; ++s) {
      LeastTotal others{store_, total_.port_bits};
      for (std::size_t o = 0; o < slots_; ++o) {
        others.parts = o == s ? others.parts : others.parts + parts_[o];
      }
      for (std::size_t a = 0; a < amount_count; ++a) {
        const auto fits_from = [&](std::uint8_t least) {
          Amounts low = slot(s).low;
          low[a] = least;
          LeastTotal with = others;
          with.parts =
              with.parts + least_resources(instance_.class_of(region_, s), low, slot(s).high, instance_.platform());
          return fits_least(with, instance_.platform(), area);
        };
        const std::uint8_t high = last_that(slot(s).low[a], slot(s).high[a], fits_from);
        if (high < slot(s).high[a] && instance_.problem().objective == Objective::area) {
          settled_ = std::min(settled_, limit_);  // it may have been too large for the limit only
        }
        slot(s).high[a] = high;
      }
    }
    return true;
  }

  /// Takes away what is no better than the limit even with most of everything else. False if there was no such thing.
  bool raise_lower_ends() {
    bool raised = false;
    for (std::size_t s = 0; s < slots_; ++s) {
      for (std::size_t a = 0; a < amount_count; ++a) {
        const std::uint8_t low = slot(s).low[a];
        const std::uint8_t high = slot(s).high[a];
        const auto too_little = [&](std::uint8_t most) { return is_too_little(s, a, most); };
        if (low == high || !too_little(low)) {
          continue;
        }
        slot(s).low[a] = static_cast<std::uint8_t>(last_that(low, static_cast<std::uint8_t>(high - 1), too_little) + 1);
        raised = true;
        if (instance_.problem().objective != Objective::area) {  // where it would have been too slow for any limit
          settled_ = std::min(settled_, limit_);
        }
      }
    }
    return raised;
  }

  /// The same of the words of a store.
  bool raise_store() {
    const std::int64_t words = least_store_words(instance_, region_, total_.parts, limit_);
    if (words <= region_.store_words) {
      return false;
    }
    region_.store_words = words;
    settled_ = std::min(settled_, limit_);
    return true;
  }

  /// The largest value for which `holds`, which it does for the lowest and up to some value.
  template <typename Holds>
  static std::uint8_t last_that(std::uint8_t low, std::uint8_t high, Holds holds) {
    if (low == high || holds(high)) {
      return high;
    }
    while (high - low > 1) {
      const auto middle = static_cast<std::uint8_t>((low + high) / 2);
      (holds(middle) ? low : high) = middle;
    }
    return low;
  }

  /// Whether all designs with no more of this amount are too slow.
  bool is_too_little(std::size_t s, std::size_t amount, std::uint8_t most) {
    Amounts amounts = slot(s).high;
    amounts[amount] = most;
    instance_.times(region_, s, amounts, Instance::Lanes::bounded, fewer_);
    times_.rows[s] = fewer_.data();
    const bool too_little = is_too_slow(instance_.layout_of(region_).kind_of(s));
    times_.rows[s] = times_.of_slot[s].data();
    return too_little;
  }

  bool is_too_slow(std::size_t kind) {
    const Problem& problem = instance_.problem();
    switch (problem.objective) {
      case Objective::latency:
        return instance_.seconds(region_, whole_cycles(makespans_.sum())) >= limit_;
      case Objective::area:
        return makespans_.reaches(kind, instance_.cycles(region_, problem.most_seconds) * (1 + 1e-9) + 1e-3);
      default:
        return makespans_.reaches(kind, instance_.cycles(region_, limit_) * (1 + 1e-9));
    }
  }

  const Instance& instance_;
  Region& region_;
  double limit_;
  double& settled_;
  std::size_t slots_;
  SlotTimes times_;
  Makespans makespans_;
  std::vector<double> fewer_;
  std::array<PartialResources, slots_most> parts_;
  LeastTotal total_;  // of the chunks
  PartialResources store_;
};

/// By item, what the tree knows of any chunk that the slot may have; with a store in the best mode, in `scratch`.
const double* tree_row(const Instance& instance, const Region& region, std::size_t slot, std::vector<double>& scratch) {
  const KindPart& kind = instance.kind_of(region, slot);
  const Layout& layout = instance.layout_of(region);
  const std::size_t items = kind.items.size();
  const std::size_t node = region.slots[slot].node;
  if (!layout.has_store()) {
    return kind.least_times[layout.batch_place]->row(node);
  }
  const double* by_mode = kind.least_times_by_mode[layout.batch_place]->row(node);
  const double* of_store = kind.store_times[layout.store_place].data();
  scratch.resize(items);
  for (std::size_t item = 0; item < items; ++item) {
    double least = infinity;
    for (std::size_t place = item * modes; place < (item + 1) * modes; ++place) {
      least = std::min(least, std::max(by_mode[place], of_store[place]));
    }
    scratch[item] = least;
  }
  return scratch.data();
}

}  // namespace

double loose_bound(const Instance& instance, Region& region, double limit, std::optional<std::size_t> changed,
                   double share) {
  SlotTimes times;
  LeastTotal total;
  const Layout& layout = instance.layout_of(region);
  for (std::size_t s = 0; s < layout.slots(); ++s) {
    const ClassTree::Node& node = instance.node_of(region, s);
    total.parts = total.parts + with_whole_area(node.least);
    total.port_bits += node.least_port_bits;
  }
  const LeastTotal scaled{total.parts * (1 / share), total.port_bits};
  if (!fits_least(scaled, instance.platform(), most_area(instance, infinity))) {
    return infinity;
  }
  for (std::size_t s = 0; s < layout.slots(); ++s) {
    times.rows[s] = tree_row(instance, region, s, times.of_slot[s]);
  }
  const Makespans makespans(instance, region, times.rows);
  double bound = value_bound(instance, region, makespans, total, limit, changed);
  if (!layout.has_store()) {
    return bound;
  }
  for (std::size_t s = 0; s < layout.slots() && bound < limit; ++s) {
    if (is_single(instance.node_of(region, s))) {
      times.rows[s] = instance.least_of_class(region, s).of_item.data();
      bound = value_bound(instance, region, makespans, total, limit, layout.kind_of(s));
    }
  }
  if (bound >= limit) {
    return bound;
  }
  return std::max(bound, loose_bound_with_capacity(instance, region, scaled.parts, limit));
}

double tight_bound(const Instance& instance, Region& region, double limit, double& settled) {
  if (counts_energy(instance.problem().objective)) {
    return tight_energy_bound(instance, region, limit, settled);
  }
  return Tightening(instance, region, limit, settled).bound();
}

}  // namespace autonba
