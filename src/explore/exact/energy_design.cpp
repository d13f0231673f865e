#include "explore/exact/energy_design.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "explore/exact/energy_cuts.hpp"

namespace autonba {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t nodes_to_prove = 50'000;
constexpr std::int64_t nodes_to_try = 150;
constexpr int designs_to_try = 120;
constexpr int shrinking_steps_most = 60;
constexpr double far = 0.05;   // above the limit, a design is not changed any more
constexpr double near = 0.02;  // the same once every change has been tried
constexpr double rounding = 2e-13;

/// Single chunks with what layers take on them.
struct Point {
  Region region;                                   // lower ends are upper ends
  Instance::Lanes lanes = Instance::Lanes::exact;  // bounded: less than they take, but found faster
  std::vector<EnergyRow> rows;
  std::array<double, slots_most> leakage{};
};

void read_slot(const Instance& instance, Point& point, std::size_t s) {
  const Amounts& amounts = point.region.slots[s].high;
  energy_row(instance, point.region, s, amounts, amounts, point.lanes, point.rows[s]);
  point.leakage[s] = least_leakage(instance.class_of(point.region, s), amounts, amounts, instance.platform());
}

Point make_point(const Instance& instance, const Region& region, Instance::Lanes lanes) {
  Point point{.region = region, .lanes = lanes};
  point.rows.resize(instance.layout_of(region).slots());
  for (std::size_t s = 0; s < point.rows.size(); ++s) {
    point.region.slots[s].low = point.region.slots[s].high;
    read_slot(instance, point, s);
  }
  return point;
}

/// Depth first over the layers, those first whose place matters most. On each chunk there must be a layer, and one
/// that adds a residual if the chunk is made for that: all else is a design of other chunks.
class EnergySearch {
 public:
  EnergySearch(const Instance& instance, const Point& point, const EnergyCuts& cuts, double limit,
               std::int64_t most_nodes)
      : instance_(instance),
        point_(point),
        unit_(cuts.in_unit(1)),
        leakage_pj_(cuts.leakage_pj()),
        slots_(point.rows.size()),
        best_value_(limit / unit_),
        nodes_left_(most_nodes) {
    choose_cuts(cuts.cuts());
    for (std::size_t slot = 0; slot < slots_; ++slot) {
      needs_residual_[slot] = adds_residual_at(instance.class_of(point.region, slot), point.region.slots[slot].high);
    }
    list_layers();
    sum_rests();
  }

  Best run() {
    chosen_.assign(layers_.size(), 0);
    descend(0, {});
    return {found_ ? std::optional(design()) : std::nullopt, std::min(best_value_, unexplored_) * unit_};
  }

 private:
  static constexpr std::size_t cut_count = 3;
  using Sums = std::array<double, cut_count>;  // by cut
  struct Option {
    std::size_t slot = 0;
    EnergyPoint point;
    Sums priced{};
  };
  struct ItemOptions {
    std::size_t kind = 0;
    std::size_t item = 0;
    bool adds_residual = false;
    std::vector<Option> options;  // by the last cut's price
    double regret = 0;
  };

  /// Those of cycles and of energy, and the one that says most besides.
  void choose_cuts(std::span<const EnergyCut> cuts) {
    std::copy_n(cuts.begin(), cut_count - 1, cuts_.begin());
    cuts_[cut_count - 1] = cuts[1];
    double most = 0;
    for (const EnergyCut& cut : cuts.subspan(cut_count - 1)) {
      const std::array tried = {cuts[0], cuts[1], cut};
      const double value = least_value(instance_.problem().objective, tried, leakage_pj_, 0);
      if (value > most) {
        most = value;
        cuts_[cut_count - 1] = cut;
      }
    }
  }

  void list_layers() {
    const Layout& layout = instance_.layout_of(point_.region);
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      for (std::size_t item = 0; layout.counts[kind] > 0 && item < instance_.kind(kind).items.size(); ++item) {
        ItemOptions& of =
            items_.emplace_back(ItemOptions{kind, item, instance_.kind(kind).items[item].adds_residual, {}, 0});
        for (std::size_t slot = layout.first_slot(kind); slot < layout.first_slot(kind) + layout.counts[kind]; ++slot) {
          for (const EnergyPoint& each : point_.rows[slot].of(item)) {
            Option& option = of.options.emplace_back(Option{slot, each, {}});
            for (std::size_t c = 0; c < cut_count; ++c) {
              option.priced[c] = cuts_[c].with_pj * each.pj + cuts_[c].cycle_prices[slot] * each.cycles;
            }
          }
        }
        std::stable_sort(of.options.begin(), of.options.end(),
                         [](const Option& a, const Option& b) { return a.priced.back() < b.priced.back(); });
        of.regret = of.options.size() > 1 ? of.options[1].priced.back() - of.options[0].priced.back() : infinity;
      }
    }
    std::stable_sort(items_.begin(), items_.end(),
                     [](const ItemOptions& a, const ItemOptions& b) { return a.regret > b.regret; });
    for (const ItemOptions& of : items_) {
      for (int i = 0; i < static_cast<int>(item_of(of).count); ++i) {
        layers_.push_back(&of);
      }
    }
  }

  const Item& item_of(const ItemOptions& of) const { return instance_.kind(of.kind).items[of.item]; }

  /// Whether the layer is one that the slot must have.
  bool is_wanted(const ItemOptions& of, std::size_t slot) const { return !needs_residual_[slot] || of.adds_residual; }

  /// By depth: Σ of the least prices of the layers that are left, and what it takes more, at least, to give a slot one
  /// that it must have.
  void sum_rests() {
    rest_.assign(layers_.size() + 1, {});
    Sums none;
    none.fill(infinity);
    more_.assign((layers_.size() + 1) * slots_, none);
    for (std::size_t depth = layers_.size(); depth-- > 0;) {
      for (std::size_t c = 0; c < cut_count; ++c) {
        double least = infinity;
        std::array<double, slots_most> least_on{};
        least_on.fill(infinity);
        for (const Option& option : layers_[depth]->options) {
          least = std::min(least, option.priced[c]);
          least_on[option.slot] = std::min(least_on[option.slot], option.priced[c]);
        }
        rest_[depth][c] = rest_[depth + 1][c] + least;
        for (std::size_t s = 0; s < slots_; ++s) {
          const double more = is_wanted(*layers_[depth], s) ? least_on[s] - least : infinity;
          more_[depth * slots_ + s][c] = std::min(more, more_[(depth + 1) * slots_ + s][c]);
        }
      }
    }
  }

  double bound_from(std::size_t depth, const Sums& sums) {
    for (std::size_t c = 0; c < cut_count; ++c) {
      double more = 0;
      for (std::size_t s = 0; s < slots_; ++s) {
        if (wanted_[s] == 0) {
          more = std::max(more, more_[depth * slots_ + s][c]);
        }
      }
      if (more == infinity) {
        return infinity;
      }
      cuts_[c].value = sums[c] + rest_[depth][c] + more;
    }
    const double slowest = *std::max_element(loads_.begin(), loads_.end());
    return least_value(instance_.problem().objective, cuts_, leakage_pj_, slowest);
  }

  double value_here() const {
    double pj = 0;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      pj += layers_[i]->options[chosen_[i]].point.pj;
    }
    const double cycles = *std::max_element(loads_.begin(), loads_.end());
    const double all = pj + leakage_pj_ * cycles;
    return instance_.problem().objective == Objective::edp ? all * cycles : all;
  }

  void descend(std::size_t depth, const Sums& sums) {
    const double bound = bound_from(depth, sums);
    if (bound >= best_value_ * (1 - rounding)) {
      return;
    }
    if (depth == layers_.size()) {
      const double value = value_here();
      if (value < best_value_) {
        best_value_ = value;
        best_ = chosen_;
        found_ = true;
      }
      return;
    }
    if (nodes_left_-- <= 0) {
      unexplored_ = std::min(unexplored_, bound);
      return;
    }
    // Equal layers may change places: their options ascend.
    const ItemOptions& of = *layers_[depth];
    const std::size_t first = depth > 0 && layers_[depth - 1] == layers_[depth] ? chosen_[depth - 1] : 0;
    for (std::size_t i = first; i < of.options.size(); ++i) {
      const Option& option = of.options[i];
      Sums with = sums;
      for (std::size_t c = 0; c < cut_count; ++c) {
        with[c] += option.priced[c];
      }
      const int wanted = is_wanted(of, option.slot) ? 1 : 0;
      const double load = loads_[option.slot];
      loads_[option.slot] += option.point.cycles;
      wanted_[option.slot] += wanted;
      chosen_[depth] = i;
      descend(depth + 1, with);
      wanted_[option.slot] -= wanted;
      loads_[option.slot] = load;
    }
  }

  Found design() const {
    const Layout& layout = instance_.layout_of(point_.region);
    Found found{.value = best_value_ * unit_, .layout = point_.region.layout, .slots = point_.region.slots};
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      const KindPart& part = instance_.kind(kind);
      for (std::size_t layer = 0; layer < part.layers.size(); ++layer) {
        const auto earlier = static_cast<std::size_t>(std::count(
            part.item_of.begin(), part.item_of.begin() + static_cast<std::ptrdiff_t>(layer), part.item_of[layer]));
        std::size_t place = 0;
        while (layers_[place]->kind != kind || layers_[place]->item != part.item_of[layer]) {
          ++place;
        }
        const Option& option = layers_[place]->options[best_[place + earlier]];
        const auto list = tilings_of(instance_, point_.region, option.slot, part.item_of[layer],
                                     point_.region.slots[option.slot].high, point_.lanes);
        found.chunk_of[kind].push_back(static_cast<std::uint8_t>(option.slot - layout.first_slot(kind)));
        found.mappings[kind].push_back(list->tilings[option.point.tiling].mapping);
      }
    }
    return found;
  }

  const Instance& instance_;
  const Point& point_;
  double unit_;
  double leakage_pj_;
  std::size_t slots_;
  std::array<EnergyCut, cut_count> cuts_;
  std::array<bool, slots_most> needs_residual_{};
  std::vector<ItemOptions> items_;
  std::vector<const ItemOptions*> layers_;  // equal ones next to each other
  std::vector<Sums> rest_;
  std::vector<Sums> more_;
  std::array<double, slots_most> loads_{};
  std::array<int, slots_most> wanted_{};  // layers that the slot must have one of
  std::vector<std::size_t> chosen_;
  std::vector<std::size_t> best_;
  bool found_ = false;
  double best_value_;  // here and below without its unit
  double unexplored_ = infinity;
  std::int64_t nodes_left_;
};

Best best_of(const Instance& instance, const Point& point, double limit, std::int64_t most_nodes) {
  EnergyCuts cuts(instance, point.region);
  if (!cuts.find(point.rows, point.leakage)) {
    return {std::nullopt, infinity};
  }
  if (cuts.value() >= limit) {
    return {std::nullopt, limit};
  }
  return EnergySearch(instance, point, cuts, limit, most_nodes).run();
}

/// The chunks with just what the cheapest mappings of a region's layers need.
Region as_needed(const Instance& instance, const Region& region) {
  const Layout& layout = instance.layout_of(region);
  std::vector<EnergyRow> rows(layout.slots());
  std::array<double, slots_most> leakage{};
  for (std::size_t s = 0; s < layout.slots(); ++s) {
    const Slot& slot = region.slots[s];
    energy_row(instance, region, s, slot.low, slot.high, Instance::Lanes::bounded, rows[s]);
    leakage[s] = least_leakage(instance.class_of(region, s), slot.low, slot.high, instance.platform());
  }
  EnergyCuts cuts(instance, region);
  Region needed = region;
  if (!cuts.find(rows, leakage)) {
    return needed;
  }
  for (std::size_t s = 0; s < layout.slots(); ++s) {
    Amounts& high = needed.slots[s].high;
    const std::uint8_t lanes = at(high, Amount::requant_lanes);
    high = region.slots[s].low;
    at(high, Amount::requant_lanes) = lanes;
  }
  const EnergyCut& cut = cuts.cuts().back();
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    const std::vector<Item>& items = instance.kind(kind).items;
    for (std::size_t item = 0; layout.counts[kind] > 0 && item < items.size(); ++item) {
      double least = infinity;
      std::size_t slot = 0;
      const EnergyPoint* best = nullptr;
      for (std::size_t s = layout.first_slot(kind); s < layout.first_slot(kind) + layout.counts[kind]; ++s) {
        for (const EnergyPoint& point : rows[s].of(item)) {
          const double price = cut.with_pj * point.pj + cut.cycle_prices[s] * point.cycles;
          if (price < least) {
            least = price;
            slot = s;
            best = &point;
          }
        }
      }
      if (best == nullptr) {
        continue;
      }
      Amounts& high = needed.slots[slot].high;
      const Needs needs = needs_of(best->needs);
      const auto raise = [&](Amount amount, std::size_t place) {
        at(high, amount) = std::max(at(high, amount), static_cast<std::uint8_t>(place));
      };
      const auto first_from = [&](Amount amount, int value) {
        const std::vector<int>& list = instance.class_of(region, slot).lists[static_cast<std::size_t>(amount)];
        return static_cast<std::size_t>(std::lower_bound(list.begin(), list.end(), value) - list.begin());
      };
      raise(Amount::stride_max, first_from(Amount::stride_max, items[item].stride));
      raise(Amount::accumulator, first_from(Amount::accumulator, static_cast<int>(needs.accumulator)));
      raise(Amount::residual, items[item].adds_residual ? 1 : 0);
      raise(Amount::depth_weight, needs.weight);
      raise(Amount::depth_output, needs.output);
      // For the stride as it is so far; a larger one has more banks, and may be needed for that.
      const std::size_t depths =
          instance.class_of(region, slot).lists[static_cast<std::size_t>(Amount::depth_input)].size();
      while (needs.input[at(high, Amount::stride_max)] >= depths) {
        ++at(high, Amount::stride_max);
      }
      raise(Amount::depth_input, needs.input[at(high, Amount::stride_max)]);
    }
  }
  return needed;
}

/// Down from chunks that do not fit together until they do, each time what frees most area for the value that it costs.
/// False where there is no way.
bool shrink(const Instance& instance, Point& point) {
  const auto area_of = [&](std::size_t s) {
    const ChunkClass& chunks = instance.class_of(point.region, s);
    const Amounts& amounts = point.region.slots[s].high;
    return static_cast<double>(
        chunk_resources(chunk_at(chunks, amounts), adds_residual_at(chunks, amounts), instance.platform()).area_um2);
  };
  const auto bound_of = [&] {
    EnergyCuts cuts(instance, point.region);
    cuts.find(point.rows, point.leakage);
    return cuts.value();
  };
  for (int step = 0; step < shrinking_steps_most; ++step) {
    if (fits_at_upper_ends(instance, point.region)) {
      return true;
    }
    double best_rate = 0;
    std::size_t best_slot = 0;
    Amounts best{};
    const double before = bound_of();
    for (std::size_t s = 0; s < point.rows.size(); ++s) {
      Slot& slot = point.region.slots[s];
      const Slot kept = slot;
      const double area = area_of(s);
      const EnergyRow kept_row = point.rows[s];
      const double kept_leakage = point.leakage[s];
      for (std::size_t a = 0; a < amount_count; ++a) {
        for (int down = 1; down <= kept.high[a]; down *= 2) {
          slot.high[a] = static_cast<std::uint8_t>(kept.high[a] - down);
          slot.low = slot.high;
          const double freed = area - area_of(s);
          if (freed > 0) {
            read_slot(instance, point, s);
            const double rate = freed / (std::max(bound_of() / before - 1, 0.0) + 1e-6);
            if (rate > best_rate) {
              best_rate = rate;
              best_slot = s;
              best = slot.high;
            }
          }
        }
        slot = kept;
      }
      point.rows[s] = kept_row;
      point.leakage[s] = kept_leakage;
    }
    if (best_rate <= 0) {
      return false;
    }
    point.region.slots[best_slot].low = point.region.slots[best_slot].high = best;
    read_slot(instance, point, best_slot);
  }
  return false;
}

/// The first change of one amount of one chunk that makes the design better, again and again; with bounded lanes.
class Improvement {
 public:
  Improvement(const Instance& instance, const Region& start, double limit)
      : instance_(instance), point_(make_point(instance, start, Instance::Lanes::bounded)), limit_(limit) {}

  std::optional<Found> run() {
    if (!shrink(instance_, point_)) {
      return std::nullopt;
    }
    best_ = best_of(instance_, point_, infinity, nodes_to_try).found;
    const std::size_t changes = point_.rows.size() * amount_count * 2;
    std::size_t since = 0;  // changes since the last that helped
    for (std::size_t i = 0; left_ > 0 && since < changes; ++i, ++since) {
      if (i % changes == 0 && limit_ < infinity && (!best_ || best_->value > limit_ * (1 + (i == 0 ? far : near)))) {
        break;
      }
      const std::size_t change = i % changes;
      if (improves(change / (2 * amount_count), change / 2 % amount_count, change % 2 == 0)) {
        since = 0;
      }
    }
    if (!best_ || best_->value >= limit_) {
      return std::nullopt;
    }
    const Point exact = make_point(instance_, point_.region, Instance::Lanes::exact);
    return best_of(instance_, exact, infinity, nodes_to_try).found;
  }

 private:
  bool improves(std::size_t s, std::size_t amount, bool less) {
    Slot& slot = point_.region.slots[s];
    const std::uint8_t from = slot.high[amount];
    const std::size_t most = instance_.class_of(point_.region, s).most()[amount];
    const bool no_residuals =
        static_cast<Amount>(amount) == Amount::residual && !instance_.kind_of(point_.region, s).adds_residuals;
    if ((less ? from == 0 : from == most) || no_residuals) {
      return false;
    }
    const Slot kept_slot = slot;
    slot.high[amount] = static_cast<std::uint8_t>(less ? from - 1 : from + 1);
    slot.low = slot.high;
    const bool fits_now = fits_at_upper_ends(instance_, point_.region);
    if (fits_now) {
      --left_;
      std::swap(kept_row_, point_.rows[s]);
      const double kept_leakage = point_.leakage[s];
      read_slot(instance_, point_, s);
      std::optional<Found> found = best_of(instance_, point_, best_ ? best_->value : infinity, nodes_to_try).found;
      if (found) {
        best_ = std::move(found);
        return true;
      }
      std::swap(kept_row_, point_.rows[s]);
      point_.leakage[s] = kept_leakage;
    }
    slot = kept_slot;
    return false;
  }

  const Instance& instance_;
  Point point_;
  double limit_;
  EnergyRow kept_row_;
  std::optional<Found> best_;
  int left_ = designs_to_try;
};

}  // namespace

Best best_energy(const Instance& instance, const Region& region, double limit) {
  return best_of(instance, make_point(instance, region, Instance::Lanes::exact), limit, nodes_to_prove);
}

std::optional<Found> good_energy(const Instance& instance, const Region& region, double limit) {
  return Improvement(instance, as_needed(instance, region), limit).run();
}

}  // namespace autonba
