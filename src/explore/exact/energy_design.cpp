#include "explore/exact/energy_design.hpp"

#include <algorithm>

#include "explore/exact/constants.hpp"
#include "explore/exact/energy_cuts.hpp"
#include "explore/exact/energy_search.hpp"

namespace autonba {
namespace {

constexpr std::int64_t nodes_to_prove = 50'000;
constexpr std::int64_t nodes_to_try = 150;
constexpr int designs_to_try = 120;
constexpr int shrinking_steps_most = 60;
constexpr double far = 0.05;   // above the limit, a design is not changed any more
constexpr double near = 0.02;  // the same once every change has been tried

/// Upper ends of the slot raised to what the tiling of a layer needs.
void make_room(const Instance& instance, Region& region, std::size_t slot, const Item& item, const Needs& needs) {
  const ChunkClass& chunks = instance.class_of(region, slot);
  Amounts& high = region.slots[slot].high;
  const auto list = [&](Amount amount) -> const std::vector<int>& {
    return chunks.lists[static_cast<std::size_t>(amount)];
  };
  const auto raise = [&](Amount amount, std::size_t place) {
    at(high, amount) = std::max(at(high, amount), static_cast<std::uint8_t>(place));
  };
  const auto raise_to = [&](Amount amount, int value) {
    const std::vector<int>& values = list(amount);
    raise(amount, static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), value) - values.begin()));
  };
  raise_to(Amount::stride_max, item.stride);
  raise_to(Amount::accumulator, static_cast<int>(needs.accumulator));
  raise(Amount::residual, item.adds_residual ? 1 : 0);
  raise(Amount::depth_weight, needs.weight);
  raise(Amount::depth_output, needs.output);
  // For the stride as it is so far; a larger one has more banks, and may be needed for that.
  while (needs.input[at(high, Amount::stride_max)] >= list(Amount::depth_input).size()) {
    ++at(high, Amount::stride_max);
  }
  raise(Amount::depth_input, needs.input[at(high, Amount::stride_max)]);
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
      if (best != nullptr) {
        make_room(instance, needed, slot, items[item], needs_of(best->needs));
      }
    }
  }
  return needed;
}

/// Down from chunks that do not fit together until they do, each time what frees most area for the value that it costs.
/// False where there is no way.
bool shrink(const Instance& instance, EnergyChunks& chunks) {
  const auto area_of = [&](std::size_t s) {
    const ChunkClass& all = instance.class_of(chunks.region, s);
    const Amounts& amounts = chunks.region.slots[s].high;
    return static_cast<double>(
        chunk_resources(chunk_at(all, amounts), adds_residual_at(all, amounts), instance.platform()).area_um2);
  };
  const auto bound_of = [&] {
    EnergyCuts cuts(instance, chunks.region);
    cuts.find(chunks.rows, chunks.leakage);
    return cuts.value();
  };
  for (int step = 0; step < shrinking_steps_most; ++step) {
    if (fits_at_upper_ends(instance, chunks.region)) {
      return true;
    }
    double best_rate = 0;
    std::size_t best_slot = 0;
    Amounts best{};
    const double before = bound_of();
    for (std::size_t s = 0; s < chunks.rows.size(); ++s) {
      Slot& slot = chunks.region.slots[s];
      const Slot kept = slot;
      const double area = area_of(s);
      const EnergyRow kept_row = chunks.rows[s];
      const double kept_leakage = chunks.leakage[s];
      for (std::size_t a = 0; a < amount_count; ++a) {
        for (int down = 1; down <= kept.high[a]; down *= 2) {
          slot.high[a] = static_cast<std::uint8_t>(kept.high[a] - down);
          slot.low = slot.high;
          const double freed = area - area_of(s);
          if (freed > 0) {
            read_slot(instance, chunks, s);
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
      chunks.rows[s] = kept_row;
      chunks.leakage[s] = kept_leakage;
    }
    if (best_rate <= 0) {
      return false;
    }
    chunks.region.slots[best_slot].low = chunks.region.slots[best_slot].high = best;
    read_slot(instance, chunks, best_slot);
  }
  return false;
}

/// The first change of one amount of one chunk that makes the design better, again and again; with bounded lanes.
class Improvement {
 public:
  Improvement(const Instance& instance, const Region& start, double limit)
      : instance_(instance), chunks_(chunks_at_upper_ends(instance, start, Instance::Lanes::bounded)), limit_(limit) {}

  std::optional<Found> run() {
    if (!shrink(instance_, chunks_)) {
      return std::nullopt;
    }
    best_ = best_on(instance_, chunks_, infinity, nodes_to_try).found;
    const std::size_t changes = chunks_.rows.size() * amount_count * 2;
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
    const EnergyChunks exact = chunks_at_upper_ends(instance_, chunks_.region, Instance::Lanes::exact);
    return best_on(instance_, exact, infinity, nodes_to_try).found;
  }

 private:
  bool improves(std::size_t s, std::size_t amount, bool less) {
    Slot& slot = chunks_.region.slots[s];
    const std::uint8_t from = slot.high[amount];
    const std::size_t most = instance_.class_of(chunks_.region, s).most()[amount];
    const bool no_residuals =
        static_cast<Amount>(amount) == Amount::residual && !instance_.kind_of(chunks_.region, s).adds_residuals;
    if ((less ? from == 0 : from == most) || no_residuals) {
      return false;
    }
    const Slot kept_slot = slot;
    slot.high[amount] = static_cast<std::uint8_t>(less ? from - 1 : from + 1);
    slot.low = slot.high;
    const bool fits_now = fits_at_upper_ends(instance_, chunks_.region);
    if (fits_now) {
      --left_;
      std::swap(kept_row_, chunks_.rows[s]);
      const double kept_leakage = chunks_.leakage[s];
      read_slot(instance_, chunks_, s);
      std::optional<Found> found = best_on(instance_, chunks_, best_ ? best_->value : infinity, nodes_to_try).found;
      if (found) {
        best_ = std::move(found);
        return true;
      }
      std::swap(kept_row_, chunks_.rows[s]);
      chunks_.leakage[s] = kept_leakage;
    }
    slot = kept_slot;
    return false;
  }

  const Instance& instance_;
  EnergyChunks chunks_;
  double limit_;
  EnergyRow kept_row_;
  std::optional<Found> best_;
  int left_ = designs_to_try;
};

}  // namespace

Best best_energy(const Instance& instance, const Region& region, double limit) {
  return best_on(instance, chunks_at_upper_ends(instance, region, Instance::Lanes::exact), limit, nodes_to_prove);
}

std::optional<Found> good_energy(const Instance& instance, const Region& region, double limit) {
  return Improvement(instance, as_needed(instance, region), limit).run();
}

}  // namespace autonba
