#include "explore/exact/store_moves.hpp"

#include <algorithm>
#include <limits>

namespace autonba {
namespace {

// Shares of the changes; the rest are of the layout.
constexpr double placement_share = 0.45;
constexpr double amount_share = 0.4;
constexpr double class_share = 0.14;

constexpr double several_share = 0.1;  // of changes of the placement: groups of maps that follow one another
constexpr std::size_t several = 10;
constexpr double pair_share = 0.5;  // of the others: a second group anywhere

void forget_times(const Instance& instance, StoreCandidate& candidate, std::size_t slot) {
  candidate.mode_times[slot].assign(instance.kind_of(candidate.region, slot).items.size() * modes,
                                    std::numeric_limits<double>::quiet_NaN());
}

std::size_t random_slot(const Instance& instance, const StoreCandidate& candidate, Rng& rng) {
  return uniform_index(rng, instance.layout_of(candidate.region).slots());
}

/// One or two places up or down a list, `value`'s own at its ends.
int near(const std::vector<int>& list, int value, Rng& rng) {
  const auto here = std::lower_bound(list.begin(), list.end(), value) - list.begin();
  const std::ptrdiff_t by = uniform(rng) < 0.7 ? 1 : 2;
  const std::ptrdiff_t to = uniform(rng) < 0.5 ? here + by : here - by;
  return list[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(to, 0, std::ssize(list) - 1))];
}

bool change_placement(StoreCandidate& candidate, Rng& rng) {
  std::vector<char>& stored = candidate.stored;
  if (stored.empty()) {
    return false;
  }
  const std::size_t first = uniform_index(rng, stored.size());
  const char other = stored[first] == 0 ? 1 : 0;
  if (uniform(rng) < several_share) {
    const std::size_t end = std::min(first + several, stored.size());
    std::fill(stored.begin() + static_cast<std::ptrdiff_t>(first), stored.begin() + static_cast<std::ptrdiff_t>(end),
              other);
    return true;
  }
  stored[first] = other;
  if (uniform(rng) < pair_share) {
    const std::size_t second = uniform_index(rng, stored.size());
    stored[second] = stored[second] == 0 ? 1 : 0;
  }
  return true;
}

/// By one, two, four or eight places of its list.
bool change_amount(const Instance& instance, StoreCandidate& candidate, Rng& rng) {
  const std::size_t slot = random_slot(instance, candidate, rng);
  const std::size_t amount = uniform_index(rng, amount_count);
  const int step = 1 << uniform_index(rng, 4);
  Region all = candidate.region;
  instance.open(all, slot);
  std::uint8_t& place = candidate.region.slots[slot].high[amount];
  const auto to = static_cast<std::uint8_t>(
      std::clamp(uniform(rng) < 0.5 ? place + step : place - step, 0, int{all.slots[slot].high[amount]}));
  if (to == place) {
    return false;
  }
  place = to;
  forget_times(instance, candidate, slot);
  return true;
}

/// A chunk near by in unrolling, or with another multiplier or another port.
Chunk chunk_near(const ChunkSpace& space, Chunk chunk, Rng& rng) {
  const std::uint64_t what = uniform_index(rng, 5);
  if (what == 3) {
    chunk.mac = space.mac[uniform_index(rng, space.mac.size())];
  } else if (what == 4) {
    chunk.port_bits = near(space.port_bits, chunk.port_bits, rng);
  } else {
    const std::array<std::pair<int*, const std::vector<int>*>, 3> unrolls = {
        {{&chunk.unroll_m, &space.unroll_m}, {&chunk.unroll_n, &space.unroll_n}, {&chunk.unroll_p, &space.unroll_p}}};
    for (const std::uint64_t which : {what, uniform_index(rng, 3)}) {  // one or two
      if (!unrolls[which].second->empty()) {
        *unrolls[which].first = near(*unrolls[which].second, *unrolls[which].first, rng);
      }
    }
  }
  return chunk;
}

/// The same amounts in another class, or the next larger ones, within what is left open there.
Amounts carried_over(const ChunkClass& from, const Amounts& amounts, const ChunkClass& to, const Amounts& most) {
  Amounts carried{};
  for (std::size_t a = 0; a < amount_count; ++a) {
    const auto place = std::lower_bound(to.lists[a].begin(), to.lists[a].end(), from.lists[a][amounts[a]]);
    carried[a] = static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(place - to.lists[a].begin(), most[a]));
  }
  return carried;
}

bool change_class(const Instance& instance, StoreCandidate& candidate, Rng& rng) {
  const std::size_t s = random_slot(instance, candidate, rng);
  const KindPart& kind = instance.kind_of(candidate.region, s);
  const DesignSpace& space = instance.problem().space;
  const ChunkClass& from = instance.class_of(candidate.region, s);
  const Chunk chunk = chunk_near(kind.kind == ChunkKind::conv ? space.conv : space.depthwise, from.base, rng);
  const std::optional<std::uint32_t> leaf = leaf_of(*kind.tree, chunk);
  Slot& slot = candidate.region.slots[s];
  if (!leaf || *leaf == slot.node) {
    return false;
  }
  const Amounts amounts = slot.high;
  slot.node = *leaf;
  instance.open(candidate.region, s);
  slot.high = carried_over(from, amounts, instance.class_of(candidate.region, s), slot.high);
  forget_times(instance, candidate, s);
  return true;
}

/// Twice or half the batch or the store's port.
bool change_layout(const Instance& instance, StoreCandidate& candidate, Rng& rng) {
  const Layout& from = instance.layout_of(candidate.region);
  int batch = from.batch;
  int port = from.store_port;
  int& changed = uniform(rng) < 0.5 ? batch : port;
  changed = uniform(rng) < 0.5 ? 2 * changed : changed / 2;
  const std::vector<Layout>& layouts = instance.layouts();
  const auto to = std::find_if(layouts.begin(), layouts.end(), [&](const Layout& layout) {
    return layout.batch == batch && layout.store_port == port && layout.has_store() && layout.counts == from.counts;
  });
  if (to == layouts.end()) {
    return false;
  }
  candidate.region.layout = static_cast<std::uint32_t>(to - layouts.begin());
  for (std::size_t slot = 0; slot < to->slots(); ++slot) {
    forget_times(instance, candidate, slot);
  }
  return true;
}

}  // namespace

std::optional<StoreCandidate> candidate_of(const Instance& instance, const Found& found) {
  const std::vector<Layout>& layouts = instance.layouts();
  const Layout& its_own = layouts[found.layout];
  std::optional<std::uint32_t> layout;
  for (std::uint32_t i = 0; i < layouts.size(); ++i) {
    const auto rank = [&](std::uint32_t of) { return std::pair(-layouts[of].batch, layouts[of].store_port); };
    if (layouts[i].has_store() && layouts[i].counts == its_own.counts && (!layout || rank(i) > rank(*layout))) {
      layout = i;
    }
  }
  if (!layout) {
    return std::nullopt;
  }
  StoreCandidate candidate;
  candidate.region = instance.whole(its_own.has_store() ? found.layout : *layout);
  candidate.region.slots = found.slots;
  candidate.stored = found.stored;
  candidate.stored.resize(instance.groups().count, 0);
  for (std::size_t slot = 0; slot < its_own.slots(); ++slot) {
    forget_times(instance, candidate, slot);
  }
  return candidate;
}

bool change_something(const Instance& instance, StoreCandidate& candidate, Rng& rng) {
  const double what = uniform(rng);
  if (what < placement_share) {
    return change_placement(candidate, rng);
  }
  if (what < placement_share + amount_share) {
    return change_amount(instance, candidate, rng);
  }
  return what < placement_share + amount_share + class_share ? change_class(instance, candidate, rng)
                                                             : change_layout(instance, candidate, rng);
}

}  // namespace autonba
