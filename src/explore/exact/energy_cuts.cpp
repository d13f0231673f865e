#include "explore/exact/energy_cuts.hpp"

#include <algorithm>
#include <cmath>

#include "explore/exact/constants.hpp"
#include "explore/objective.hpp"

namespace autonba {
namespace {

constexpr int price_steps = 16;
constexpr int cuts_most = 6;

double least_price(std::span<const EnergyPoint> points, double with_pj, double cycle_price) {
  double least = infinity;
  for (const EnergyPoint& point : points) {
    least = std::min(least, with_pj * point.pj + cycle_price * point.cycles);
  }
  return least;
}

}  // namespace

/// What the cuts allow D is a convex function of II, of straight pieces. On each the objective is least at an end: for
/// a price of a cycle below the leakage it grows with II, else it is concave.
double least_value(Objective objective, std::span<const EnergyCut> cuts, double leakage_pj, double least_cycles) {
  double first = least_cycles;
  for (const EnergyCut& cut : cuts) {
    if (cut.with_pj == 0) {
      first = std::max(first, std::ceil(cut.value / cut.cycle_price * (1 - 1e-10)));  // cycles are whole
    }
  }
  const auto value_at = [&](double cycles) {
    double pj = 0;
    for (const EnergyCut& cut : cuts) {
      pj = cut.with_pj == 0 ? pj : std::max(pj, cut.value - cut.cycle_price * cycles);
    }
    const double all = pj + leakage_pj * cycles;
    return objective == Objective::edp ? all * cycles : all;
  };
  double least = value_at(first);
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (cuts[i].with_pj == 0 || cuts[j].with_pj == 0 || cuts[i].cycle_price == cuts[j].cycle_price) {
        continue;
      }
      const double cycles = (cuts[i].value - cuts[j].value) / (cuts[i].cycle_price - cuts[j].cycle_price);
      if (cycles > first) {
        least = std::min(least, value_at(cycles));
      }
    }
  }
  return least;
}

double EnergyCuts::in_unit(double value) const {
  const int batch = instance_.batch_of(region_);
  const double joules = value * 1e-12 / batch;
  return instance_.problem().objective == Objective::edp ? instance_.seconds(region_, joules) : joules;
}

/// Every layer where it is cheapest: the cut's value, and the cycles of each slot.
double EnergyCuts::price(EnergyCut& cut, std::array<double, slots_most>& loads) const {
  const Layout& layout = instance_.layout_of(region_);
  loads.fill(0);
  double sum = 0;
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    const std::vector<Item>& items = instance_.kind(kind).items;
    const std::size_t first = layout.first_slot(kind);
    for (std::size_t item = 0; layout.counts[kind] > 0 && item < items.size(); ++item) {
      double least = infinity;
      double cycles = 0;
      std::size_t best = first;
      for (std::size_t slot = first; slot < first + layout.counts[kind]; ++slot) {
        for (const EnergyPoint& point : rows_[slot].of(item)) {
          const double price = cut.with_pj * point.pj + cut.cycle_prices[slot] * point.cycles;
          if (price < least) {
            least = price;
            best = slot;
            cycles = point.cycles;
          }
        }
      }
      sum += items[item].count * least;
      loads[best] += items[item].count * cycles;
    }
  }
  cut.value = sum * (1 - rounding);
  return cut.value;
}

/// With prices of the slots' cycles for which the cut says most: those of slower slots rise, by smaller and smaller
/// steps.
EnergyCut EnergyCuts::cut(double with_pj, double cycle_price) const {
  const std::size_t slots = instance_.layout_of(region_).slots();
  std::array<double, slots_most> share{};
  std::fill_n(share.begin(), slots, 1.0 / static_cast<double>(slots));
  EnergyCut best{.value = -1};
  std::array<double, slots_most> loads{};
  double rate = 0.7;
  const int steps = slots == 1 || cycle_price == 0 ? 1 : price_steps;
  for (int step = 0; step < steps; ++step, rate *= 0.85) {
    EnergyCut tried{.with_pj = with_pj, .cycle_price = cycle_price};
    for (std::size_t slot = 0; slot < slots; ++slot) {
      tried.cycle_prices[slot] = cycle_price * share[slot];
    }
    if (price(tried, loads) > best.value) {
      best = tried;
    }
    double mean = 0;
    double sum = 0;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      mean += loads[slot] * share[slot];
    }
    for (std::size_t slot = 0; slot < slots; ++slot) {
      share[slot] *= std::exp(rate * std::clamp(loads[slot] / mean - 1, -2.0, 2.0));
      sum += share[slot];
    }
    for (std::size_t slot = 0; slot < slots; ++slot) {
      share[slot] /= sum;
    }
  }
  return best;
}

void EnergyCuts::keep(const EnergyCut& cut) {
  const Layout& layout = instance_.layout_of(region_);
  cuts_.push_back(cut);
  auto& minima = minima_.emplace_back();
  for (std::size_t slot = 0; slot < layout.slots(); ++slot) {
    const std::vector<Item>& items = instance_.kind_of(region_, slot).items;
    for (std::size_t item = 0; item < items.size(); ++item) {
      minima[slot].push_back(items[item].count *
                             least_price(rows_[slot].of(item), cut.with_pj, cut.cycle_prices[slot]));
    }
  }
}

bool EnergyCuts::find(std::span<const EnergyRow> rows, std::span<const double> leakage_pj) {
  rows_ = rows;
  cuts_.clear();
  minima_.clear();
  leakage_ = 0;
  for (std::size_t slot = 0; slot < instance_.layout_of(region_).slots(); ++slot) {
    leakages_[slot] = leakage_pj[slot];
    leakage_ += leakage_pj[slot];
  }
  const EnergyCut fastest = cut(0, 1);
  if (fastest.value == infinity) {
    value_ = infinity;
    return false;
  }
  keep(fastest);
  keep(cut(1, 0));
  // Where the objective is least so far, a cut along its slope.
  const bool edp = instance_.problem().objective == Objective::edp;
  double value = of_cuts();
  double cycle_price = edp ? 2 * leakage_ + cuts_[1].value / (cuts_[0].value / cuts_[0].cycle_price) : leakage_;
  for (int round = 2; round < cuts_most && cycle_price > 0; ++round) {
    keep(cut(1, cycle_price));
    const double before = value;
    value = of_cuts();
    if (!edp || value < before * (1 + 1e-4)) {
      break;
    }
    // The end of a piece that is lowest now.
    double least = infinity;
    double next = cycle_price;
    for (std::size_t i = 1; i < cuts_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        double cycles = 0;
        if (cuts_[j].with_pj == 0) {
          cycles = cuts_[j].value / cuts_[j].cycle_price;
        } else if (cuts_[i].cycle_price != cuts_[j].cycle_price) {
          cycles = (cuts_[i].value - cuts_[j].value) / (cuts_[i].cycle_price - cuts_[j].cycle_price);
        }
        const double pj = cuts_[i].value - cuts_[i].cycle_price * cycles;
        const bool allowed = cycles > 0 && std::all_of(cuts_.begin(), cuts_.end(), [&](const EnergyCut& other) {
                               return other.with_pj * pj + other.cycle_price * cycles >= other.value * (1 - 1e-9);
                             });
        if (allowed && (pj + leakage_ * cycles) * cycles < least) {
          least = (pj + leakage_ * cycles) * cycles;
          next = pj / cycles + 2 * leakage_;
        }
      }
    }
    if (std::any_of(cuts_.begin(), cuts_.end(),
                    [&](const EnergyCut& known) { return std::abs(known.cycle_price - next) < 1e-3 * next; })) {
      break;
    }
    cycle_price = next;
  }
  value_ = in_unit(of_cuts());
  return true;
}

double EnergyCuts::value_with(std::size_t changed, const EnergyRow& row, double leakage_pj) const {
  const Layout& layout = instance_.layout_of(region_);
  std::array<EnergyCut, cuts_most> cuts;
  for (std::size_t c = 0; c < cuts_.size(); ++c) {
    cuts[c] = cuts_[c];
    double sum = 0;
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      const std::vector<Item>& items = instance_.kind(kind).items;
      const std::size_t first = layout.first_slot(kind);
      for (std::size_t item = 0; layout.counts[kind] > 0 && item < items.size(); ++item) {
        double least = infinity;
        for (std::size_t slot = first; slot < first + layout.counts[kind]; ++slot) {
          least = std::min(least, slot == changed ? items[item].count * least_price(row.of(item), cuts[c].with_pj,
                                                                                    cuts[c].cycle_prices[slot])
                                                  : minima_[c][slot][item]);
        }
        sum += least;
      }
    }
    if (sum == infinity) {
      return infinity;
    }
    cuts[c].value = sum * (1 - rounding);
  }
  return in_unit(least_value(instance_.problem().objective, std::span(cuts).first(cuts_.size()),
                             leakage_ - leakages_[changed] + leakage_pj, 0));
}

}  // namespace autonba
