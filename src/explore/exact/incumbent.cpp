#include "explore/exact/incumbent.hpp"

#include <algorithm>
#include <numeric>

#include "explore/exact/constants.hpp"
#include "explore/exact/energy_design.hpp"
#include "explore/exact/makespan.hpp"

namespace autonba {
namespace {

constexpr std::int64_t assignment_nodes_most = 20'000;
constexpr int descent_steps_most = 400;

Resources used_by(const Instance& instance, const Region& region, std::size_t slot, const Amounts& amounts,
                  bool adds_residual) {
  return chunk_resources(chunk_at(instance.class_of(region, slot), amounts), adds_residual, instance.platform());
}

Resources used_by(const Instance& instance, const Region& region, std::size_t slot, const Amounts& amounts) {
  return used_by(instance, region, slot, amounts, adds_residual_at(instance.class_of(region, slot), amounts));
}

Resources used_at_upper_ends(const Instance& instance, const Region& region) {
  Resources used;
  for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
    used = used + used_by(instance, region, s, region.slots[s].high);
  }
  return used;
}

/// What the layers of one kind take on its chunks.
struct LayerTimes {
  std::vector<std::vector<double>> of_chunk;  // by place in the kind's layers
  std::vector<const double*> rows;
};

LayerTimes layer_times(const Instance& instance, const Region& region, std::size_t kind) {
  const Layout& layout = instance.layout_of(region);
  const KindPart& part = instance.kind(kind);
  LayerTimes times;
  std::vector<double> of_items;
  for (std::size_t chunk = 0; chunk < layout.counts[kind]; ++chunk) {
    const std::size_t slot = layout.first_slot(kind) + chunk;
    instance.times(region, slot, region.slots[slot].high, Instance::Lanes::exact, of_items);
    std::vector<double>& row = times.of_chunk.emplace_back();
    for (const std::size_t item : part.item_of) {
      row.push_back(of_items[item] / part.items[item].count);
    }
  }
  for (const std::vector<double>& row : times.of_chunk) {
    times.rows.push_back(row.data());
  }
  return times;
}

/// The layers of one kind on its chunks, with the least makespan (latency: sum) and a proven bound of it.
struct Placed {
  double cycles = 0;
  double bound = 0;
  std::vector<std::uint8_t> chunk_of;
};

Placed fastest_each(const LayerTimes& times, std::size_t layers) {
  Placed placed;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const auto faster = [&](const double* a, const double* b) { return a[layer] < b[layer]; };
    const auto best = std::min_element(times.rows.begin(), times.rows.end(), faster);
    placed.chunk_of.push_back(static_cast<std::uint8_t>(best - times.rows.begin()));
    placed.cycles += (*best)[layer];
  }
  placed.bound = placed.cycles;
  return placed;
}

/// `enough`: cycles that other kinds take anyway.
Placed place(const Instance& instance, const Region& region, std::size_t kind, const LayerTimes& times, double enough,
             bool prove) {
  const std::size_t layers = instance.kind(kind).layers.size();
  if (instance.problem().objective == Objective::latency) {
    return fastest_each(times, layers);
  }
  const Layout& layout = instance.layout_of(region);
  const MachineTimes rows = times.rows;
  std::array<double, slots_most> prices = region.prices;
  const std::span own = std::span(prices).subspan(layout.first_slot(kind), layout.counts[kind]);
  const double bound = makespan_bound(rows, layers, own, infinity);
  Assignment assignment = assign(rows, layers, own);
  if (!prove || assignment.makespan <= std::max(enough, bound * (1 + 1e-12))) {
    return {assignment.makespan, bound, std::move(assignment.machine_of)};
  }
  ProvenAssignment proven = best_assignment(rows, layers, own, std::move(assignment), assignment_nodes_most);
  return {proven.best.makespan, proven.bound, std::move(proven.best.machine_of)};
}

bool combine_as_sum(const Instance& instance) {
  return instance.problem().objective == Objective::latency;
}

bool in_time(const Instance& instance, const Region& region, double cycles) {
  return instance.problem().objective != Objective::area ||
         cycles <= instance.cycles(region, instance.problem().most_seconds) * (1 + 1e-12);
}

/// A chunk has what residuals need only if a layer on it adds one, and is not built without layers.
struct AsBuilt {
  Resources used;
  bool is_as_flagged = true;  // each chunk that was made for residuals adds one
};

AsBuilt as_built(const Instance& instance, const Region& region, const Found& found) {
  const Layout& layout = instance.layout_of(region);
  AsBuilt built;
  for (std::size_t s = 0; s < layout.slots(); ++s) {
    const std::size_t kind = layout.kind_of(s);
    const KindPart& part = instance.kind(kind);
    bool residual = false;
    bool has_layers = false;
    for (std::size_t layer = 0; layer < part.layers.size(); ++layer) {
      if (found.chunk_of[kind][layer] + layout.first_slot(kind) == s) {
        has_layers = true;
        residual = residual || part.items[part.item_of[layer]].adds_residual;
      }
    }
    const bool flagged = adds_residual_at(instance.class_of(region, s), region.slots[s].high);
    built.is_as_flagged = built.is_as_flagged && residual == flagged;
    built.used = has_layers ? built.used + used_by(instance, region, s, region.slots[s].high, residual) : built.used;
  }
  return built;
}

/// With the layers of all kinds placed as their times say.
Best place_all(const Instance& instance, const Region& region, std::span<const LayerTimes> times, bool prove) {
  const Layout& layout = instance.layout_of(region);
  Found found{.layout = region.layout, .slots = region.slots};
  double cycles = 0;
  double bound = 0;
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    if (layout.counts[kind] == 0) {
      continue;
    }
    // No better than others take anyway, or than the time that there is.
    const double enough = instance.problem().objective == Objective::area
                              ? instance.cycles(region, instance.problem().most_seconds)
                              : cycles;
    Placed placed = place(instance, region, kind, times[kind], enough, prove);
    cycles = combine_as_sum(instance) ? cycles + placed.cycles : std::max(cycles, placed.cycles);
    bound = combine_as_sum(instance) ? bound + placed.bound : std::max(bound, placed.bound);
    found.chunk_of[kind] = std::move(placed.chunk_of);
  }
  const bool is_area = instance.problem().objective == Objective::area;
  Best best{.found = std::nullopt, .bound = infinity};
  if (bound < infinity && in_time(instance, region, bound)) {
    best.bound = is_area ? 0 : instance.seconds(region, bound);
  }
  if (cycles < infinity && in_time(instance, region, cycles)) {
    const AsBuilt built = as_built(instance, region, found);
    const bool fitting = fits(built.used, instance.platform());
    found.value = is_area ? static_cast<double>(built.used.area_um2) * 1e-6 : instance.seconds(region, cycles);
    best.is_as_built = fitting && (!is_area || built.is_as_flagged);
    best.found = fitting ? std::optional(std::move(found)) : std::nullopt;
  }
  return best;
}

std::array<LayerTimes, kind_count> all_times(const Instance& instance, const Region& region) {
  return {layer_times(instance, region, 0), layer_times(instance, region, 1)};
}

/// Where a chunk was made for residuals, but adds none: with one residual or another forced onto a chunk.
std::optional<Found> with_forced_residual(const Instance& instance, const Region& region,
                                          const std::array<LayerTimes, kind_count>& times) {
  std::optional<Found> best;
  const Layout& layout = instance.layout_of(region);
  for (std::size_t s = 0; s < layout.slots(); ++s) {
    const std::size_t kind = layout.kind_of(s);
    const KindPart& part = instance.kind(kind);
    for (std::size_t layer = 0; layer < part.layers.size(); ++layer) {
      if (!part.items[part.item_of[layer]].adds_residual) {
        continue;
      }
      std::array<LayerTimes, kind_count> forced = times;
      for (LayerTimes& of_kind : forced) {
        of_kind.rows.clear();
        for (const std::vector<double>& row : of_kind.of_chunk) {
          of_kind.rows.push_back(row.data());
        }
      }
      for (std::size_t chunk = 0; chunk < layout.counts[kind]; ++chunk) {
        if (chunk + layout.first_slot(kind) != s) {
          forced[kind].of_chunk[chunk][layer] = infinity;
        }
      }
      const Best placed = place_all(instance, region, forced, true);
      if (placed.found && (!best || placed.found->value < best->value)) {
        best = placed.found;
      }
    }
  }
  return best;
}

/// Memories of few words are made of LUTs: where these are scarce, more words may be better than are needed. At least
/// so many that they are in blocks, up to `most`.
Amounts in_blocks(const ChunkClass& chunks, Amounts amounts, const Amounts& most) {
  for (const auto& [amount, deepest_in_luts] :
       {std::pair(Amount::depth_input, lutram_depth / 2), std::pair(Amount::depth_weight, lutram_depth / 2),
        std::pair(Amount::depth_output, lutram_depth)}) {
    const std::vector<int>& depths = chunks.lists[static_cast<std::size_t>(amount)];
    const auto first = std::upper_bound(depths.begin(), depths.end(), deepest_in_luts) - depths.begin();
    at(amounts, amount) = std::max(at(amounts, amount), std::min(at(most, amount), static_cast<std::uint8_t>(first)));
  }
  return amounts;
}

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

/// One way down: the upper end of one amount of one slot, lower by some places.
class Descent {
 public:
  Descent(const Instance& instance, const Region& region)
      : instance_(instance), region_(region), slots_(instance.layout_of(region).slots()) {
    for (std::size_t s = 0; s < slots_; ++s) {
      read(s);
      used_[s] = used_by(instance_, region_, s, region_.slots[s].high);
    }
  }

  /// Until it fits. False where there is no way.
  bool run() {
    for (int step = 0; step < descent_steps_most; ++step) {
      const double now = excess(total(), instance_.platform());
      if (now <= 0) {
        return fits_at_upper_ends(instance_, region_);
      }
      if (!step_down(now)) {
        return false;
      }
    }
    return false;
  }

  const Region& region() const { return region_; }

 private:
  void read(std::size_t s) {
    instance_.times(region_, s, region_.slots[s].high, Instance::Lanes::bounded, times_.of_slot[s]);
    times_.rows[s] = times_.of_slot[s].data();
  }

  Resources total() const {
    return std::accumulate(used_.begin(), used_.begin() + static_cast<std::ptrdiff_t>(slots_), Resources{});
  }

  /// As far as the kind's chunks decide it.
  double cycles(std::size_t kind) {
    const Layout& layout = instance_.layout_of(region_);
    const MachineTimes rows(times_.rows.data() + layout.first_slot(kind), layout.counts[kind]);
    std::array<double, slots_most> prices = region_.prices;
    return makespan_bound(rows, instance_.kind(kind).items.size(),
                          std::span(prices).subspan(layout.first_slot(kind), layout.counts[kind]), infinity);
  }

  bool step_down(double now) {
    double best_rate = 0;
    std::size_t best_slot = 0;
    Amounts best_amounts{};
    std::array<double, kind_count> before{};
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      before[kind] = instance_.layout_of(region_).counts[kind] > 0 ? cycles(kind) : 0;
    }
    const double slowest = std::max(before[0], before[1]);
    for (std::size_t s = 0; s < slots_; ++s) {
      const std::size_t kind = instance_.layout_of(region_).kind_of(s);
      const Slot kept = region_.slots[s];
      const std::vector<double> kept_times = times_.of_slot[s];
      for (std::size_t a = 0; a < amount_count; ++a) {
        for (int down = 1; down <= kept.high[a] - kept.low[a]; down *= 2) {
          region_.slots[s].high[a] = static_cast<std::uint8_t>(kept.high[a] - down);
          const double freed = now - excess_with(s);
          if (freed > 0) {
            read(s);
            const double after = std::max(cycles(kind), before[1 - kind]);
            const double rate = freed / (std::max(after - slowest, 0.0) + 1e-6 * slowest);
            if (after < infinity && rate > best_rate) {
              best_rate = rate;
              best_slot = s;
              best_amounts = region_.slots[s].high;
            }
          }
        }
        region_.slots[s].high = kept.high;
      }
      times_.of_slot[s] = kept_times;
      times_.rows[s] = times_.of_slot[s].data();
    }
    if (best_rate <= 0) {
      return false;
    }
    region_.slots[best_slot].high = best_amounts;
    read(best_slot);
    used_[best_slot] = used_by(instance_, region_, best_slot, best_amounts);
    return true;
  }

  /// With the slot as it is now.
  double excess_with(std::size_t s) {
    const Resources kept = used_[s];
    used_[s] = used_by(instance_, region_, s, region_.slots[s].high);
    const double with = excess(total(), instance_.platform());
    used_[s] = kept;
    return with;
  }

  const Instance& instance_;
  Region region_;
  std::size_t slots_;
  SlotTimes times_;
  std::array<Resources, slots_most> used_;
};

}  // namespace

bool fits_at_upper_ends(const Instance& instance, const Region& region) {
  return fits(used_at_upper_ends(instance, region), instance.platform());
}

std::optional<Region> fitting_upper_ends(const Instance& instance, const Region& region) {
  if (fits_at_upper_ends(instance, region)) {
    return region;
  }
  Region needed = region;
  Region in_blocks_only = region;
  std::vector<double> times;
  for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
    Amounts least{};
    instance.times(region, s, region.slots[s].high, Instance::Lanes::exact, times, &least);
    for (std::size_t a = 0; a < amount_count; ++a) {
      least[a] = std::clamp(least[a], region.slots[s].low[a], region.slots[s].high[a]);
    }
    needed.slots[s].high = least;
    in_blocks_only.slots[s].high = in_blocks(instance.class_of(region, s), least, region.slots[s].high);
  }
  for (const Region& tried : {needed, in_blocks_only}) {
    if (fits_at_upper_ends(instance, tried)) {
      return tried;
    }
  }
  return std::nullopt;
}

Best best_at_upper_ends(const Instance& instance, const Region& region) {
  const std::array<LayerTimes, kind_count> times = all_times(instance, region);
  Best best = place_all(instance, region, times, true);
  if (best.bound < infinity && !best.is_as_built) {
    std::optional<Found> forced = with_forced_residual(instance, region, times);
    if (forced && (!best.found || forced->value < best.found->value)) {
      best.found = std::move(forced);
    }
  }
  return best;
}

std::optional<Found> descend(const Instance& instance, const Region& region, double limit) {
  if (counts_energy(instance.problem().objective)) {
    return good_energy(instance, region, limit);
  }
  Descent descent(instance, region);
  if (!descent.run()) {
    return std::nullopt;
  }
  return place_all(instance, descent.region(), all_times(instance, descent.region()), false).found;
}

Accelerator accelerator_of(const Instance& instance, const Found& found) {
  Region region{.layout = found.layout, .slots = found.slots};
  const Layout& layout = instance.layout_of(region);
  Accelerator accelerator{.batch = instance.batch_of(region)};
  accelerator.places.resize(instance.kind(0).layers.size() + instance.kind(1).layers.size());
  for (std::size_t s = 0; s < layout.slots(); ++s) {
    const std::size_t kind = layout.kind_of(s);
    const KindPart& part = instance.kind(kind);
    bool is_used = false;
    for (std::size_t layer = 0; layer < part.layers.size(); ++layer) {
      if (found.chunk_of[kind][layer] + layout.first_slot(kind) == s) {
        accelerator.places[part.layers[layer]].chunk = static_cast<int>(accelerator.chunks.size());
        if (!found.mappings[kind].empty()) {
          accelerator.places[part.layers[layer]].mapping = found.mappings[kind][layer];
        }
        is_used = true;
      }
    }
    if (is_used) {
      accelerator.chunks.push_back(chunk_at(instance.class_of(region, s), found.slots[s].high));
    }
  }
  return accelerator;
}

}  // namespace autonba
