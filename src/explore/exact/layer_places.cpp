#include "explore/exact/layer_places.hpp"

#include <algorithm>

#include "explore/exact/constants.hpp"
#include "explore/exact/makespan.hpp"

namespace autonba {
namespace {

constexpr std::int64_t assignment_nodes_most = 20'000;

/// The layers of one kind on its chunks, with the least makespan (latency: sum) and a proven bound of it.
struct Placed {
  double cycles = 0;
  double bound = 0;
  std::vector<std::uint8_t> chunk_of;
};

/// `enough`: cycles that other kinds take anyway.
Placed place(const Instance& instance, const Region& region, std::size_t kind, const LayerTimes& times, double enough,
             bool prove) {
  const std::size_t layers = instance.kind(kind).layers.size();
  const MachineTimes rows = times.rows;
  if (instance.problem().objective == Objective::latency) {
    Assignment each = fastest_each(rows, layers);
    return {each.makespan, each.makespan, std::move(each.machine_of)};
  }
  const Layout& layout = instance.layout_of(region);
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

}  // namespace

Resources used_by(const Instance& instance, const Region& region, std::size_t slot, const Amounts& amounts,
                  bool adds_residual) {
  return chunk_resources(chunk_at(instance.class_of(region, slot), amounts), adds_residual, instance.platform());
}

Resources used_by(const Instance& instance, const Region& region, std::size_t slot, const Amounts& amounts) {
  return used_by(instance, region, slot, amounts, adds_residual_at(instance.class_of(region, slot), amounts));
}

LayerTimes layer_times(const Instance& instance, const Region& region, std::size_t kind,
                       const std::vector<char>* stored) {
  const Layout& layout = instance.layout_of(region);
  const KindPart& part = instance.kind(kind);
  LayerTimes times;
  std::vector<double> found;
  for (std::size_t chunk = 0; chunk < layout.counts[kind]; ++chunk) {
    const std::size_t slot = layout.first_slot(kind) + chunk;
    const Amounts& amounts = region.slots[slot].high;
    if (stored == nullptr) {
      instance.times(region, slot, amounts, Instance::Lanes::exact, found);
    } else {
      instance.mode_times(region, slot, amounts, Instance::Lanes::exact, found);
    }
    std::vector<double>& row = times.of_chunk.emplace_back();
    for (std::size_t i = 0; i < part.layers.size(); ++i) {
      const std::size_t item = part.item_of[i];
      const std::size_t place =
          stored == nullptr ? item : item * modes + mode_in(instance.groups().layers[part.layers[i]], *stored);
      row.push_back(found[place] / part.items[item].count);
    }
  }
  for (const std::vector<double>& row : times.of_chunk) {
    times.rows.push_back(row.data());
  }
  return times;
}

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

std::array<LayerTimes, kind_count> all_times(const Instance& instance, const Region& region,
                                             const std::vector<char>* stored) {
  return {layer_times(instance, region, 0, stored), layer_times(instance, region, 1, stored)};
}

}  // namespace autonba
