#include "explore/exact/descent.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "explore/exact/constants.hpp"
#include "explore/exact/layer_places.hpp"
#include "explore/exact/makespan.hpp"

namespace autonba {
namespace {

constexpr int steps_most = 400;

/// Σ of what is used beyond the platform, as shares of what it has.
double excess(const Resources& used, const Platform& platform) {
  double sum = 0;
  for (const ResourceUse& use : use_of(used, platform)) {
    if (use.used > use.available) {
      sum +=
          static_cast<double>(use.used - use.available) / static_cast<double>(std::max<std::int64_t>(use.available, 1));
    }
  }
  return sum;
}

/// What a step is worth: what it frees, for the cycles that it costs.
double rate_of(double freed, double before, double after) {
  return freed / (std::max(after - before, 0.0) + 1e-6 * before);
}

}  // namespace

Descent::Descent(const Instance& instance, const Region& region, std::vector<StoreLevel> levels)
    : instance_(instance), region_(region), slots_(instance.layout_of(region).slots()), levels_(std::move(levels)) {
  for (std::size_t s = 0; s < slots_; ++s) {
    read(s);
    used_[s] = used_by(instance_, region_, s, region_.slots[s].high);
  }
}

bool Descent::run() {
  for (int step = 0; step < steps_most; ++step) {
    const double now = excess_now();
    if (now <= 0) {
      return fits(total(), instance_.platform());
    }
    if (!step_down(now)) {
      return false;
    }
  }
  return false;
}

void Descent::read(std::size_t s) {
  const Amounts& amounts = region_.slots[s].high;
  if (levels_.empty()) {
    instance_.times(region_, s, amounts, Instance::Lanes::bounded, times_.of_slot[s]);
    times_.rows[s] = times_.of_slot[s].data();
  } else {
    instance_.mode_times(region_, s, amounts, Instance::Lanes::bounded, mode_times_[s]);
    pick_modes(s);
  }
}

void Descent::pick_modes(std::size_t s) {
  const KindPart& part = instance_.kind_of(region_, s);
  std::vector<double>& row = times_.of_slot[s];
  row.resize(part.layers.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::size_t item = part.item_of[i];
    const std::size_t mode = mode_in(instance_.groups().layers[part.layers[i]], levels_[level_].stored);
    row[i] = mode_times_[s][item * modes + mode] / part.items[item].count;
  }
  times_.rows[s] = row.data();
}

Resources Descent::total() const {
  const Resources chunks =
      std::accumulate(used_.begin(), used_.begin() + static_cast<std::ptrdiff_t>(slots_), Resources{});
  if (levels_.empty() || levels_[level_].words == 0) {
    return chunks;
  }
  const Platform& platform = instance_.platform();
  const int depth = least_store_depth(levels_[level_].words, platform.asic.has_value());
  return chunks + store_resources({depth, instance_.layout_of(region_).store_port}, slots_, platform);
}

/// Of the platform, and of what the store may have.
double Descent::excess_now() const {
  const double beyond = excess(total(), instance_.platform());
  if (levels_.empty()) {
    return beyond;
  }
  const auto words = static_cast<double>(levels_[level_].words);
  const double most = instance_.problem().space.store->depth_max;
  return beyond + std::max(words / most - 1, 0.0);
}

/// As far as the kind's chunks decide it.
double Descent::cycles(std::size_t kind) {
  const Layout& layout = instance_.layout_of(region_);
  if (layout.counts[kind] == 0) {
    return 0;
  }
  const MachineTimes rows(times_.rows.data() + layout.first_slot(kind), layout.counts[kind]);
  std::array<double, slots_most> prices = region_.prices;
  const KindPart& part = instance_.kind(kind);
  return makespan_bound(rows, levels_.empty() ? part.items.size() : part.layers.size(),
                        std::span(prices).subspan(layout.first_slot(kind), layout.counts[kind]), infinity);
}

bool Descent::step_down(double now) {
  const std::array<double, kind_count> before = {cycles(0), cycles(1)};
  Step best{.level = level_};
  try_amounts(now, before, best);
  try_levels(now, before, best);
  if (best.rate <= 0) {
    return false;
  }
  if (best.level != level_) {
    level_ = best.level;
    for (std::size_t s = 0; s < slots_; ++s) {
      pick_modes(s);
    }
  } else {
    region_.slots[best.slot].high = best.amounts;
    read(best.slot);
    used_[best.slot] = used_by(instance_, region_, best.slot, best.amounts);
  }
  return true;
}

void Descent::try_amounts(double now, const std::array<double, kind_count>& before, Step& best) {
  const double slowest = std::max(before[0], before[1]);
  for (std::size_t s = 0; s < slots_; ++s) {
    const std::size_t kind = instance_.layout_of(region_).kind_of(s);
    const Slot kept = region_.slots[s];
    const std::vector<double> kept_times = times_.of_slot[s];
    const std::vector<double> kept_modes = mode_times_[s];
    for (std::size_t a = 0; a < amount_count; ++a) {
      for (int down = 1; down <= kept.high[a] - kept.low[a]; down *= 2) {
        region_.slots[s].high[a] = static_cast<std::uint8_t>(kept.high[a] - down);
        const double freed = now - excess_with(s);
        if (freed > 0) {
          read(s);
          const double after = std::max(cycles(kind), before[1 - kind]);
          const double rate = rate_of(freed, slowest, after);
          if (after < infinity && rate > best.rate) {
            best = {rate, level_, s, region_.slots[s].high};
          }
        }
      }
      region_.slots[s].high = kept.high;
    }
    times_.of_slot[s] = kept_times;
    times_.rows[s] = times_.of_slot[s].data();
    mode_times_[s] = kept_modes;
  }
}

void Descent::try_levels(double now, const std::array<double, kind_count>& before, Step& best) {
  const std::size_t kept = level_;
  for (std::size_t down = 1; kept + down < levels_.size(); down *= 2) {
    level_ = kept + down;
    const double freed = now - excess_now();
    if (freed > 0) {
      for (std::size_t s = 0; s < slots_; ++s) {
        pick_modes(s);
      }
      const double after = std::max(cycles(0), cycles(1));
      const double rate = rate_of(freed, std::max(before[0], before[1]), after);
      if (after < infinity && rate > best.rate) {
        best = {.rate = rate, .level = level_};
      }
    }
  }
  level_ = kept;
  for (std::size_t s = 0; s < slots_ && !levels_.empty(); ++s) {
    pick_modes(s);
  }
}

/// With the slot as it is now.
double Descent::excess_with(std::size_t s) {
  const Resources kept = used_[s];
  used_[s] = used_by(instance_, region_, s, region_.slots[s].high);
  const double with = excess_now();
  used_[s] = kept;
  return with;
}

}  // namespace autonba
