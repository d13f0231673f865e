#include "explore/exact/store_bound.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "explore/exact/constants.hpp"

namespace autonba {
namespace {

constexpr int loose_steps = 6;  // where a region has prices of one around it

/// The kind whose chunks are slower sets the bound.
std::array<double, kind_count> first_shares(const Region& region) {
  if (region.kind_shares[0] + region.kind_shares[1] > 0) {
    return region.kind_shares;
  }
  constexpr double least = 0.03;
  constexpr double sharpness = 8;
  const double most = std::max(region.kind_bounds[0], region.kind_bounds[1]);
  std::array<double, kind_count> shares{};
  for (std::size_t kind = 0; kind < kind_count && most > 0; ++kind) {
    shares[kind] = std::max(least, std::pow(region.kind_bounds[kind] / most, sharpness));
    shares[kind] = region.kind_bounds[kind] > 0 ? shares[kind] : 0;
  }
  const double sum = shares[0] + shares[1];
  return sum > 0 ? std::array{shares[0] / sum, shares[1] / sum} : std::array{0.5, 0.5};
}

}  // namespace

StoreBound::StoreBound(const Instance& instance, const Region& region, const SlotRows& rows)
    : instance_(instance),
      layout_(instance.layout_of(region)),
      rows_(rows),
      is_sum_(instance.problem().objective == Objective::latency),
      no_prices_(instance.groups().count, 0) {
  const std::array<double, kind_count> shares = first_shares(region);
  prices_.word = region.store_price;
  for (std::size_t slot = 0; slot < layout_.slots(); ++slot) {
    prices_.cycles[slot] = is_sum_ ? 1 : region.prices[slot] * shares[layout_.kind_of(slot)];
  }
  const std::size_t layers = instance.groups().layers.size();
  costs_.assign(layers * modes, infinity);
  slot_of_.assign(layers * modes, 0);
  best_placement_.assign(instance.groups().count, 0);
}

double StoreBound::cycles(std::size_t layer, std::size_t slot, std::size_t mode) const {
  const auto [kind, item] = instance_.item_of(layer);
  return rows_[slot][item * modes + mode] / instance_.kind(kind).items[item].count;
}

/// Σ over layers of the least priced time over all placements, of which some words are the price of all words that
/// there are in as many cycles as the batch takes.
double StoreBound::price(const Prices& prices, std::int64_t capacity, Use& use) {
  const PlacementGroups& groups = instance_.groups();
  for (std::size_t layer = 0; layer < groups.layers.size(); ++layer) {
    const auto [kind, item] = instance_.item_of(layer);
    const double share = 1 / instance_.kind(kind).items[item].count;
    const std::size_t first = layout_.first_slot(kind);
    for (std::size_t mode = 0; mode < modes; ++mode) {
      const std::size_t place = layer * modes + mode;
      const double words = prices.word * layout_.mode_words[place];
      double least = infinity;
      for (std::size_t slot = first; slot < first + layout_.counts[kind]; ++slot) {
        const double cost = (prices.cycles[slot] + words) * rows_[slot][item * modes + mode] * share;
        if (cost < least) {
          least = cost;
          slot_of_[place] = static_cast<std::uint8_t>(slot);
        }
      }
      costs_[place] = layout_.mode_words_at_once[place] <= capacity ? least : infinity;
    }
  }
  const double least = instance_.least_placement().find(costs_, no_prices_, &placement_);
  use = {};
  for (std::size_t layer = 0; layer < groups.layers.size() && least < infinity; ++layer) {
    const std::size_t mode = mode_in(groups.layers[layer], placement_);
    const std::size_t slot = slot_of_[layer * modes + mode];
    const double time = cycles(layer, slot, mode);
    use.cycles[slot] += time;
    use.word_cycles += layout_.mode_words[layer * modes + mode] * time;
  }
  use.most_cycles = is_sum_ ? std::accumulate(use.cycles.begin(), use.cycles.end(), 0.0)
                            : *std::max_element(use.cycles.begin(), use.cycles.end());
  return least / (1 + prices.word * static_cast<double>(capacity));
}

/// Prices of what more is used of than there is rise, those of the rest fall.
void StoreBound::follow(const Use& use, std::int64_t capacity, double rate, Prices& prices) const {
  const std::size_t slots = layout_.slots();
  if (!is_sum_) {
    const double all = std::accumulate(use.cycles.begin(), use.cycles.end(), 0.0);
    const double mean = all / static_cast<double>(slots);
    double sum = 0;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      prices.cycles[slot] *= std::exp(rate * std::clamp(use.cycles[slot] / mean - 1, -2.0, 2.0));
      sum += prices.cycles[slot];
    }
    for (std::size_t slot = 0; slot < slots; ++slot) {
      prices.cycles[slot] /= sum;
    }
  }
  const auto words = static_cast<double>(std::max<std::int64_t>(capacity, 1));
  if (prices.word == 0 && use.words() > words) {
    prices.word = 0.1 / words;
  } else {
    prices.word *= std::exp(2 * rate * std::clamp(use.words() / words - 1, -2.0, 2.0));
  }
}

double StoreBound::find(std::int64_t capacity, double enough, int steps) {
  Prices prices = prices_;
  Use use;
  double best = -1;
  double rate = 0.5;
  for (int step = 0; step < steps; ++step, rate *= 0.88) {
    const double bound = price(prices, capacity, use);
    if (bound > best) {
      best = bound;
      prices_ = prices;
      best_placement_ = placement_;
      best_words_ = use.words();
    }
    const bool is_possible = use.words() <= static_cast<double>(capacity);
    if (best >= enough || !(bound < infinity) || (is_possible && enough < infinity && use.most_cycles < enough)) {
      break;  // no prices give more than a use that is possible
    }
    follow(use, capacity, rate, prices);
  }
  return best;
}

/// At any prices the bound falls with the words; where it is `enough`, it is with all smaller stores too. There other
/// prices may be better.
std::int64_t StoreBound::least_words(std::int64_t most, double enough) {
  constexpr int lines = 3;
  constexpr int steps = 10;
  std::int64_t least = 0;
  std::int64_t words = most;
  for (int line = 0; line < lines; ++line) {
    const double bound = find(words, infinity, steps);
    if (!(bound < infinity) || prices_.word <= 0) {
      break;
    }
    const double reached = (bound / enough * (1 + prices_.word * static_cast<double>(words)) - 1) / prices_.word;
    words = static_cast<std::int64_t>(std::clamp(reached * (1 - 1e-9), 0.0, static_cast<double>(most)));
    if (words <= least) {
      break;
    }
    least = words;
  }
  return least;
}

void StoreBound::keep_prices(Region& region) const {
  region.store_price = prices_.word;
  if (is_sum_) {
    return;
  }
  region.kind_shares = {0, 0};
  for (std::size_t slot = 0; slot < layout_.slots(); ++slot) {
    region.kind_shares[layout_.kind_of(slot)] += prices_.cycles[slot];
  }
  for (std::size_t slot = 0; slot < layout_.slots(); ++slot) {
    const double share = region.kind_shares[layout_.kind_of(slot)];
    region.prices[slot] = share > 0 ? prices_.cycles[slot] / share : region.prices[slot];
  }
}

SlotTimes times_by_mode(const Instance& instance, const Region& region, Instance::Lanes lanes) {
  SlotTimes times;
  for (std::size_t slot = 0; slot < instance.layout_of(region).slots(); ++slot) {
    instance.mode_times(region, slot, region.slots[slot].high, lanes, times.of_slot[slot]);
    times.rows[slot] = times.of_slot[slot].data();
  }
  return times;
}

namespace {

/// The store's capacity beside such chunks, if not all maps fit at once.
std::optional<std::int64_t> scarce_capacity(const Instance& instance, const Region& region,
                                            const PartialResources& chunks) {
  const std::int64_t capacity = store_capacity(instance.layout_of(region), instance.problem(), chunks);
  return instance.layout_of(region).all_words <= capacity ? std::nullopt : std::optional(capacity);
}

/// On any chunk that the slots may have.
SlotTimes loose_times_by_mode(const Instance& instance, const Region& region) {
  const Layout& layout = instance.layout_of(region);
  SlotTimes times;
  for (std::size_t slot = 0; slot < layout.slots(); ++slot) {
    if (is_single(instance.node_of(region, slot))) {
      times.rows[slot] = instance.least_of_class(region, slot).by_mode.data();
      continue;
    }
    const KindPart& kind = instance.kind_of(region, slot);
    const std::vector<double>& of_store = kind.store_times[layout.store_place];
    const double* least = kind.least_times_by_mode[layout.batch_place]->row(region.slots[slot].node);
    times.of_slot[slot].resize(of_store.size());
    std::transform(of_store.begin(), of_store.end(), least, times.of_slot[slot].begin(),
                   [](double a, double b) { return std::max(a, b); });
    times.rows[slot] = times.of_slot[slot].data();
  }
  return times;
}

double find_bound(const Instance& instance, Region& region, const SlotRows& rows, std::int64_t capacity, double limit,
                  int steps) {
  StoreBound bound(instance, region, rows);
  const double cycles = bound.find(capacity, instance.cycles(region, limit) * (1 + 1e-9), steps);
  bound.keep_prices(region);
  return instance.seconds(region, std::ceil(cycles * (1 - 1e-10)));
}

}  // namespace

double bound_with_capacity(const Instance& instance, Region& region, const PartialResources& chunks, double limit) {
  const std::optional<std::int64_t> capacity = scarce_capacity(instance, region, chunks);
  if (!capacity) {
    return 0;
  }
  const SlotTimes times = times_by_mode(instance, region, Instance::Lanes::bounded);
  return find_bound(instance, region, times.rows, *capacity, limit, StoreBound::many_steps);
}

std::int64_t least_store_words(const Instance& instance, const Region& region, const PartialResources& chunks,
                               double limit) {
  const SlotTimes times = times_by_mode(instance, region, Instance::Lanes::bounded);
  StoreBound bound(instance, region, times.rows);
  return bound.least_words(store_capacity(instance.layout_of(region), instance.problem(), chunks),
                           instance.cycles(region, limit) * (1 + 1e-9));
}

double loose_bound_with_capacity(const Instance& instance, Region& region, const PartialResources& chunks,
                                 double limit) {
  const std::optional<std::int64_t> capacity = scarce_capacity(instance, region, chunks);
  if (!capacity) {
    return 0;
  }
  const SlotTimes times = loose_times_by_mode(instance, region);
  const bool has_prices = region.kind_shares[0] + region.kind_shares[1] > 0;
  return find_bound(instance, region, times.rows, *capacity, limit, has_prices ? loose_steps : StoreBound::many_steps);
}

}  // namespace autonba
