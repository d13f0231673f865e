#include "explore/exact/energy_search.hpp"

#include <algorithm>

#include "explore/exact/constants.hpp"
#include "explore/exact/energy_cuts.hpp"

namespace autonba {
namespace {

/// Depth first over the layers, those first whose place matters most. On each chunk there must be a layer, and one
/// that adds a residual if the chunk is made for that: all else is a design of other chunks.
class EnergySearch {
 public:
  EnergySearch(const Instance& instance, const EnergyChunks& chunks, const EnergyCuts& cuts, double limit,
               std::int64_t most_nodes)
      : instance_(instance),
        chunks_(chunks),
        unit_(cuts.in_unit(1)),
        leakage_pj_(cuts.leakage_pj()),
        slots_(chunks.rows.size()),
        best_value_(limit / unit_),
        nodes_left_(most_nodes) {
    choose_cuts(cuts.cuts());
    for (std::size_t slot = 0; slot < slots_; ++slot) {
      needs_residual_[slot] = adds_residual_at(instance.class_of(chunks.region, slot), chunks.region.slots[slot].high);
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
    const Layout& layout = instance_.layout_of(chunks_.region);
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      for (std::size_t item = 0; layout.counts[kind] > 0 && item < instance_.kind(kind).items.size(); ++item) {
        ItemOptions& of =
            items_.emplace_back(ItemOptions{kind, item, instance_.kind(kind).items[item].adds_residual, {}, 0});
        for (std::size_t slot = layout.first_slot(kind); slot < layout.first_slot(kind) + layout.counts[kind]; ++slot) {
          for (const EnergyPoint& each : chunks_.rows[slot].of(item)) {
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
    const Layout& layout = instance_.layout_of(chunks_.region);
    Found found{.value = best_value_ * unit_, .layout = chunks_.region.layout, .slots = chunks_.region.slots};
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
        const auto list = tilings_of(instance_, chunks_.region, option.slot, part.item_of[layer],
                                     chunks_.region.slots[option.slot].high, chunks_.lanes);
        found.chunk_of[kind].push_back(static_cast<std::uint8_t>(option.slot - layout.first_slot(kind)));
        found.mappings[kind].push_back(list->tilings[option.point.tiling].mapping);
      }
    }
    return found;
  }

  const Instance& instance_;
  const EnergyChunks& chunks_;
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

}  // namespace

void read_slot(const Instance& instance, EnergyChunks& chunks, std::size_t s) {
  const Amounts& amounts = chunks.region.slots[s].high;
  energy_row(instance, chunks.region, s, amounts, amounts, chunks.lanes, chunks.rows[s]);
  chunks.leakage[s] = least_leakage(instance.class_of(chunks.region, s), amounts, amounts, instance.platform());
}

EnergyChunks chunks_at_upper_ends(const Instance& instance, const Region& region, Instance::Lanes lanes) {
  EnergyChunks chunks{.region = region, .lanes = lanes};
  chunks.rows.resize(instance.layout_of(region).slots());
  for (std::size_t s = 0; s < chunks.rows.size(); ++s) {
    chunks.region.slots[s].low = chunks.region.slots[s].high;
    read_slot(instance, chunks, s);
  }
  return chunks;
}

Best best_on(const Instance& instance, const EnergyChunks& chunks, double limit, std::int64_t most_nodes) {
  EnergyCuts cuts(instance, chunks.region);
  if (!cuts.find(chunks.rows, chunks.leakage)) {
    return {std::nullopt, infinity};
  }
  if (cuts.value() >= limit) {
    return {std::nullopt, limit};
  }
  return EnergySearch(instance, chunks, cuts, limit, most_nodes).run();
}

}  // namespace autonba
