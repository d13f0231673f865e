#include "explore/exact/improve.hpp"

#include <algorithm>
#include <utility>

#include "explore/exact/constants.hpp"
#include "explore/exact/relaxation.hpp"
#include "explore/exact/store_design.hpp"

namespace autonba {
namespace {

constexpr int tries_most = 40;  // regions that are looked at closely from one design on

/// Of the chunks of a layout, by the leaves of their classes.
Region with_all_amounts(const Instance& instance, const Found& found) {
  Region region = instance.whole(found.layout);
  for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
    region.slots[s].node = found.slots[s].node;
    instance.open(region, s);
  }
  return region;
}

/// Whether a class is worth a try in place of another: one step or two of its unrolling, another multiplier or width.
bool is_near(const Chunk& a, const Chunk& b) {
  constexpr double near = 2.02;
  if (a.port_bits != b.port_bits) {
    return false;
  }
  int moved = 0;
  for (const auto& [x, y] : {std::pair(a.unroll_m, b.unroll_m), {a.unroll_n, b.unroll_n}, {a.unroll_p, b.unroll_p}}) {
    if (std::max(x, y) > near * std::min(x, y)) {
      return false;
    }
    moved += x != y ? 1 : 0;
  }
  const int others = (a.mac != b.mac ? 1 : 0) + (a.bits != b.bits ? 1 : 0);
  return moved <= 2 && others <= 1 && moved + others > 0;
}

/// Same but for the port.
bool differs_in_port(const Chunk& a, const Chunk& b) {
  return a.port_bits != b.port_bits && a.unroll_m == b.unroll_m && a.unroll_n == b.unroll_n &&
         a.unroll_p == b.unroll_p && a.mac == b.mac && a.bits == b.bits;
}

class Climb {
 public:
  Climb(const Instance& instance, const Found& found) : instance_(instance), best_(found) {}

  std::optional<Found> run() {
    while (step()) {
      has_climbed_ = true;
    }
    return has_climbed_ ? std::optional(best_) : std::nullopt;
  }

 private:
  /// To the first better design among those that promise most.
  bool step() {
    Region here = with_all_amounts(instance_, best_);
    here.bound = loose_bound(instance_, here, infinity);
    std::vector<Region> regions = neighbours(here);
    std::erase_if(regions, [&](const Region& region) { return region.bound >= best_.value; });
    std::stable_sort(regions.begin(), regions.end(),
                     [](const Region& a, const Region& b) { return a.bound < b.bound; });
    regions.resize(std::min(regions.size(), static_cast<std::size_t>(tries_most)));
    return std::any_of(regions.begin(), regions.end(), [&](Region& region) { return is_better(region); });
  }

  /// With loose bounds, no better than the best value.
  std::vector<Region> neighbours(const Region& here) const {
    std::vector<Region> regions;
    const Layout& layout = instance_.layout_of(here);
    const std::size_t slots = layout.slots();
    for (std::size_t a = 0; a < slots; ++a) {
      for (const std::uint32_t leaf : leaves_like(here, a, is_near)) {
        regions.push_back(with(here, a, leaf, layout.kind_of(a)));
      }
      for (const std::uint32_t leaf : leaves_like(here, a, differs_in_port)) {
        const Region changed = with(here, a, leaf, layout.kind_of(a));
        regions.push_back(changed);
        for (std::size_t b = 0; b < slots; ++b) {
          for (const std::uint32_t other :
               b == a ? std::vector<std::uint32_t>{} : leaves_like(here, b, differs_in_port)) {
            const bool of_one_kind = layout.kind_of(a) == layout.kind_of(b);
            regions.push_back(with(changed, b, other, of_one_kind ? std::optional(layout.kind_of(b)) : std::nullopt));
          }
        }
      }
    }
    return regions;
  }

  /// The leaves of the slot's tree that are `like` its own.
  template <typename Like>
  std::vector<std::uint32_t> leaves_like(const Region& region, std::size_t s, Like like) const {
    const ClassTree& tree = *instance_.kind_of(region, s).tree;
    std::vector<std::uint32_t> leaves;
    for (std::uint32_t node = 0; node < tree.nodes.size(); ++node) {
      if (is_single(tree.nodes[node]) &&
          like(tree.classes[tree.nodes[node].first].base, instance_.class_of(region, s).base)) {
        leaves.push_back(node);
      }
    }
    return leaves;
  }

  /// `kind`: the only one that differs from what region.kind_bounds are of.
  Region with(const Region& region, std::size_t s, std::uint32_t leaf, std::optional<std::size_t> kind) const {
    Region changed = region;
    changed.slots[s].node = leaf;
    instance_.open(changed, s);
    changed.bound = loose_bound(instance_, changed, best_.value, kind);
    return changed;
  }

  bool is_better(Region& region) {
    double settled = infinity;
    // With energy it takes long to make a region smaller by a limit.
    const double limit = counts_energy(instance_.problem().objective) ? infinity : best_.value;
    if (tight_bound(instance_, region, limit, settled) >= best_.value) {
      return false;
    }
    std::optional<Found> found = descend(instance_, region, best_.value);
    if (!found || found->value >= best_.value) {
      return false;
    }
    best_ = std::move(*found);
    return true;
  }

  const Instance& instance_;
  Found best_;
  bool has_climbed_ = false;
};

/// The amounts of a chunk, if the class has them.
std::optional<Amounts> amounts_of(const ChunkClass& chunks, const Chunk& chunk, bool adds_residual) {
  const std::array<int, amount_count> values = {chunk.stride_max,      chunk.requant_lanes, chunk.accumulator ? 1 : 0,
                                                adds_residual ? 1 : 0, chunk.depth_input,   chunk.depth_weight,
                                                chunk.depth_output};
  Amounts amounts{};
  for (std::size_t a = 0; a < amount_count; ++a) {
    const auto place = std::find(chunks.lists[a].begin(), chunks.lists[a].end(), values[a]);
    if (place == chunks.lists[a].end()) {
      return std::nullopt;
    }
    amounts[a] = static_cast<std::uint8_t>(place - chunks.lists[a].begin());
  }
  return amounts;
}

}  // namespace

std::optional<Found> design_of(const Instance& instance, const Accelerator& accelerator) {
  std::vector<Chunk> chunks = accelerator.chunks;
  std::stable_sort(chunks.begin(), chunks.end(), [](const Chunk& a, const Chunk& b) { return a.kind < b.kind; });
  const auto convs = static_cast<std::size_t>(
      std::count_if(chunks.begin(), chunks.end(), [](const Chunk& chunk) { return chunk.kind == ChunkKind::conv; }));
  const std::vector<Layout>& layouts = instance.layouts();
  const auto layout = std::find_if(layouts.begin(), layouts.end(), [&](const Layout& candidate) {
    return candidate.batch == accelerator.batch && candidate.counts[0] == convs &&
           candidate.counts[1] == chunks.size() - convs &&
           candidate.store_port == (accelerator.store ? accelerator.store->port_bits : 0);
  });
  if (layout == layouts.end()) {
    return std::nullopt;
  }
  Region region = instance.whole(static_cast<std::uint32_t>(layout - layouts.begin()));
  for (std::size_t s = 0; s < chunks.size(); ++s) {
    const KindPart& kind = instance.kind_of(region, s);
    const std::optional<std::uint32_t> leaf = leaf_of(*kind.tree, chunks[s]);
    if (!leaf) {
      return std::nullopt;
    }
    region.slots[s].node = *leaf;
    const std::optional<Amounts> amounts = amounts_of(instance.class_of(region, s), chunks[s], kind.adds_residuals);
    if (!amounts) {
      return std::nullopt;
    }
    region.slots[s].low = region.slots[s].high = *amounts;
    at(region.slots[s].low, Amount::residual) = 0;  // as it is if no layer on it adds one
  }
  std::optional<Found> found = descend(instance, region, infinity);
  if (layout->has_store() && accelerator.places.size() == instance.groups().layers.size()) {
    std::optional<Found> as_it_was = with_maps_of(instance, region, accelerator);
    if (as_it_was && (!found || as_it_was->value < found->value)) {
      return as_it_was;
    }
  }
  return found;
}

std::optional<Found> improve(const Instance& instance, const Found& found) {
  return Climb(instance, found).run();
}

}  // namespace autonba
