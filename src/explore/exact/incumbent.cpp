#include "explore/exact/incumbent.hpp"

#include <algorithm>
#include <numeric>

#include "explore/exact/constants.hpp"
#include "explore/exact/descent.hpp"
#include "explore/exact/energy_design.hpp"
#include "explore/exact/layer_places.hpp"
#include "explore/exact/store_design.hpp"

namespace autonba {
namespace {

Resources used_at_upper_ends(const Instance& instance, const Region& region) {
  Resources used;
  for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
    used = used + used_by(instance, region, s, region.slots[s].high);
  }
  return used;
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
  if (instance.layout_of(region).has_store()) {
    return descend_with_store(instance, region, limit);
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
  if (std::find(found.stored.begin(), found.stored.end(), 1) != found.stored.end()) {
    accelerator.store = Store{0, layout.store_port};
    accelerator.starts = found.starts;
    for (std::size_t layer = 0; layer < accelerator.places.size(); ++layer) {
      accelerator.places[layer].writes_store =
          (mode_in(instance.groups().layers[layer], found.stored) & output_stored) != 0;
    }
  }
  return accelerator;
}

Accelerator mapped(const Instance& instance, const Found& found, Mapper& mapper) {
  Accelerator accelerator = accelerator_of(instance, found);
  if (counts_energy(instance.problem().objective)) {
    return accelerator;
  }
  const Network& network = instance.problem().network;
  const std::vector<ShapeId> shapes = mapper.intern(network);
  const std::vector<StoreUse> uses = store_uses(network, accelerator);
  for (std::size_t layer = 0; layer < shapes.size(); ++layer) {
    LayerPlace& place = accelerator.places[layer];
    const Chunk& chunk = accelerator.chunks[static_cast<std::size_t>(place.chunk)];
    place.mapping = mapper.best(shapes[layer], chunk, accelerator.batch, uses[layer])->mapping;
  }
  fit_store(network, instance.platform(), accelerator);
  return accelerator;
}

}  // namespace autonba
