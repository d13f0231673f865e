#include "explore/exact/store_design.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "accel/fewer_words.hpp"
#include "accel/schedule.hpp"
#include "base/random.hpp"
#include "explore/exact/constants.hpp"
#include "explore/exact/descent.hpp"
#include "explore/exact/layer_places.hpp"
#include "explore/exact/store_bound.hpp"

namespace autonba {
namespace {

constexpr int tries_most = 6;  // placements for the same chunks
constexpr int schedule_changes_tried = 1000;

/// A design with a placement, and whether the store that its maps take fits beside its chunks.
struct Tried {
  std::optional<Found> found;  // none if a layer cannot run
  std::int64_t words = 0;
  bool fits = false;
};

std::vector<std::int64_t> cycles_by_layer(const Instance& instance, const Found& found,
                                          std::span<const LayerTimes> times) {
  std::vector<std::int64_t> cycles(instance.groups().layers.size());
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    const KindPart& part = instance.kind(kind);
    for (std::size_t i = 0; i < part.layers.size(); ++i) {
      cycles[part.layers[i]] = std::llround(times[kind].of_chunk[found.chunk_of[kind][i]][i]);
    }
  }
  return cycles;
}

/// With the words that a good order of the layers takes. `starts`: a first order, or empty.
void check_store(const Instance& instance, const Region& region, std::span<const LayerTimes> times, Tried& tried,
                 const std::vector<std::int64_t>& starts = {}) {
  Found& found = *tried.found;
  const Accelerator accelerator = accelerator_of(instance, found);
  const Platform& platform = instance.platform();
  const Resources chunks = as_built(instance, region, found).used;
  if (!accelerator.store) {
    tried.fits = fits(chunks, platform);
    return;
  }
  if (accelerator.chunks.size() != instance.layout_of(region).slots()) {
    return;  // its turns would be others: a design of another layout
  }
  const Network& network = instance.problem().network;
  const std::vector<std::int64_t> cycles = cycles_by_layer(instance, found, times);
  const std::vector<std::int64_t> slot_words = instance.slot_words(accelerator);
  const auto check = [&](std::int64_t words) {
    tried.words = words;
    const Store store{least_store_depth(tried.words, platform.asic.has_value()), accelerator.store->port_bits};
    tried.fits = store.depth <= instance.problem().space.store->depth_max &&
                 fits(chunks + store_resources(store, accelerator.chunks.size(), platform), platform);
  };
  check(*std::max_element(slot_words.begin(), slot_words.end()));
  if (!tried.fits) {
    return;
  }
  std::int64_t words = make_schedule(network, accelerator, cycles, slot_words, schedule_changes_tried).store_words;
  if (!starts.empty()) {
    const Round round = round_of(network, accelerator, cycles);
    Rng rng = make_rng(0, "starts of a design");
    std::vector<std::int64_t> fewer =
        starts_with_fewer_words(round, slot_words, fitting_starts(round, starts), schedule_changes_tried, rng);
    if (const std::int64_t with_fewer = words_with_starts(round, slot_words, fewer); with_fewer < words) {
      words = with_fewer;
      found.starts = std::move(fewer);
    }
  }
  check(words);
}

/// Nothing that is no better than `limit`.
Tried with_placement(const Instance& instance, const Region& region, const std::vector<char>& stored, double limit,
                     const std::vector<std::int64_t>& starts = {}) {
  const std::array<LayerTimes, kind_count> times = all_times(instance, region, &stored);
  Tried tried{.found = place_all(instance, region, times, false).found};
  if (tried.found && tried.found->value >= limit) {
    tried.found.reset();
  }
  if (tried.found) {
    tried.found->stored = stored;
    check_store(instance, region, times, tried, starts);
  }
  return tried;
}

PartialResources chunks_at_upper_ends(const Instance& instance, const Region& region) {
  PartialResources sum;
  for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
    const Resources used = used_by(instance, region, s, region.slots[s].high);
    sum = sum + PartialResources{static_cast<double>(used.dsp), static_cast<double>(used.bram18),
                                 static_cast<double>(used.lut), static_cast<double>(used.ff),
                                 static_cast<double>(used.area_um2)};
  }
  return sum;
}

/// Placements that are worth their words on the chunks at the upper ends, from all maps to none. Their maps are alive
/// for longer than they must be.
std::vector<StoreLevel> levels_of(const Instance& instance, const Region& region) {
  constexpr std::array shares = {1.0, 0.7, 0.5, 0.35, 0.25, 0.17, 0.12, 0.08, 0.05, 0.03};
  constexpr double waiting = 1.5;
  const Layout& layout = instance.layout_of(region);
  const auto all =
      static_cast<double>(std::min<std::int64_t>(layout.all_words, instance.problem().space.store->depth_max));
  const SlotTimes times = times_by_mode(instance, region, Instance::Lanes::bounded);
  StoreBound bound(instance, region, times.rows);
  std::vector<StoreLevel> levels;
  for (const double share : shares) {
    bound.find(static_cast<std::int64_t>(share * all), infinity);
    const auto words = static_cast<std::int64_t>(waiting * static_cast<double>(bound.words()));
    if (words > 0 && (levels.empty() || words < levels.back().words)) {
      levels.push_back({bound.placement(), words});
    }
  }
  levels.push_back({std::vector<char>(instance.groups().count, 0), 0});
  return levels;
}

/// Of a few layers on single chunks: every placement with every assignment, to the best one.
class EveryDesign {
 public:
  EveryDesign(const Instance& instance, const Region& region)
      : instance_(instance), region_(region), layout_(instance.layout_of(region)) {}

  /// Whether there are few enough, and few enough orders of layers, to try all.
  static bool are_few(const Instance& instance, const Region& region) {
    constexpr double most = 4096;
    const Layout& layout = instance.layout_of(region);
    if (instance.groups().layers.size() > layers_of_every_order) {
      return false;
    }
    double designs = std::exp2(static_cast<double>(instance.groups().count));
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      designs *= std::pow(static_cast<double>(std::max<std::size_t>(layout.counts[kind], 1)),
                          static_cast<double>(instance.kind(kind).layers.size()));
    }
    return designs <= most;
  }

  Best run() {
    const std::size_t groups = instance_.groups().count;
    for (std::uint32_t bits = 0; bits < std::uint32_t{1} << groups; ++bits) {
      std::vector<char> stored;
      for (std::size_t group = 0; group < groups; ++group) {
        stored.push_back(static_cast<char>(bits >> group & 1U));
      }
      times_ = all_times(instance_, region_, &stored);
      found_ = {.layout = region_.layout, .slots = region_.slots};
      found_.stored = stored;
      for (std::size_t kind = 0; kind < kind_count; ++kind) {
        found_.chunk_of[kind].assign(instance_.kind(kind).layers.size(), 0);
      }
      assign(0, 0);
    }
    return {best_, best_ ? best_->value : infinity, true};
  }

 private:
  /// Layers from the `next` one of a kind on.
  void assign(std::size_t kind, std::size_t next) {
    if (kind == kind_count) {
      check();
    } else if (next == found_.chunk_of[kind].size()) {
      assign(kind + 1, 0);
    } else {
      for (std::size_t chunk = 0; chunk < layout_.counts[kind]; ++chunk) {
        if (times_[kind].of_chunk[chunk][next] < infinity) {
          found_.chunk_of[kind][next] = static_cast<std::uint8_t>(chunk);
          assign(kind, next + 1);
        }
      }
    }
  }

  void check() {
    std::array<double, slots_most> loads{};
    double sum = 0;
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      for (std::size_t i = 0; i < found_.chunk_of[kind].size(); ++i) {
        const std::size_t chunk = found_.chunk_of[kind][i];
        loads[layout_.first_slot(kind) + chunk] += times_[kind].of_chunk[chunk][i];
        sum += times_[kind].of_chunk[chunk][i];
      }
    }
    const bool is_sum = instance_.problem().objective == Objective::latency;
    found_.value = instance_.seconds(region_, is_sum ? sum : *std::max_element(loads.begin(), loads.end()));
    if (best_ && found_.value >= best_->value) {
      return;
    }
    Tried tried{.found = found_};
    check_store(instance_, region_, times_, tried);
    if (tried.fits) {
      best_ = found_;
    }
  }

  const Instance& instance_;
  const Region& region_;
  const Layout& layout_;
  std::array<LayerTimes, kind_count> times_;
  Found found_;
  std::optional<Found> best_;
};

}  // namespace

Best best_with_store(const Instance& instance, const Region& region, double limit) {
  const auto slots = static_cast<std::ptrdiff_t>(instance.layout_of(region).slots());
  const bool are_few = EveryDesign::are_few(instance, region);
  if (are_few && std::all_of(region.slots.begin(), region.slots.begin() + slots,
                             [](const Slot& slot) { return slot.low == slot.high; })) {
    return EveryDesign(instance, region).run();
  }
  const std::int64_t capacity =
      store_capacity(instance.layout_of(region), instance.problem(), chunks_at_upper_ends(instance, region));
  const SlotTimes times = times_by_mode(instance, region, Instance::Lanes::exact);
  StoreBound bound(instance, region, times.rows);
  Best best;
  best.bound = instance.seconds(region, std::ceil(bound.find(capacity, infinity) * (1 - 1e-10)));
  auto room = static_cast<double>(capacity);
  for (int i = 0; i < tries_most && best.bound < infinity; ++i) {
    const Tried tried = with_placement(instance, region, bound.placement(), limit);
    if (!tried.found) {
      break;
    }
    if (tried.fits) {
      best.found = tried.found;
      break;
    }
    room *= std::min(0.9, static_cast<double>(capacity) / static_cast<double>(std::max<std::int64_t>(tried.words, 1)));
    bound.find(static_cast<std::int64_t>(room), infinity);
  }
  const bool all_fit = instance.layout_of(region).all_words <= capacity;
  if (all_fit) {
    const Best anywhere = place_all(instance, region, all_times(instance, region), true);
    best.bound = std::max(best.bound, anywhere.bound);
  }
  best.is_as_built = (all_fit && !are_few) || (best.found && best.found->value <= region.bound * (1 + 1e-12));
  return best;
}

std::optional<Found> descend_with_store(const Instance& instance, const Region& region, double limit) {
  std::vector<StoreLevel> levels = levels_of(instance, region);
  for (int i = 0; i < 3; ++i) {
    Descent descent(instance, region, levels);
    if (!descent.run()) {
      return std::nullopt;
    }
    const Tried tried = with_placement(instance, descent.region(), descent.level().stored, limit);
    if (!tried.found || tried.fits) {
      return tried.found;
    }
    const double more =
        static_cast<double>(tried.words) / static_cast<double>(std::max<std::int64_t>(descent.level().words, 1));
    for (StoreLevel& level : levels) {
      level.words = static_cast<std::int64_t>(std::max(1.05, more) * static_cast<double>(level.words));
    }
  }
  return std::nullopt;
}

std::optional<Found> with_maps_of(const Instance& instance, const Region& region, const Accelerator& accelerator) {
  std::vector<char> stored(instance.groups().count, 0);
  for (std::size_t layer = 0; layer < accelerator.places.size(); ++layer) {
    const int group = instance.groups().layers[layer].output;
    if (group != always_external && accelerator.places[layer].writes_store) {
      stored[static_cast<std::size_t>(group)] = 1;
    }
  }
  const Tried tried = with_placement(instance, region, stored, infinity);
  return tried.fits ? tried.found : std::nullopt;
}

std::optional<Found> with_maps(const Instance& instance, const Region& region, const std::vector<char>& stored,
                               const std::vector<std::int64_t>& starts, double limit) {
  const Tried tried = with_placement(instance, region, stored, limit, starts);
  return tried.fits ? tried.found : std::nullopt;
}

}  // namespace autonba
