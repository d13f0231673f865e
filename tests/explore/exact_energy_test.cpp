#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "explore/exact/energy_bound.hpp"
#include "explore/exact/energy_cuts.hpp"
#include "explore/exact/energy_design.hpp"
#include "small_problems.hpp"

namespace autonba {
namespace {

constexpr double rounding = 1e-12;

std::uint8_t place_between(Rng& rng, std::uint8_t low, std::uint8_t high) {
  return static_cast<std::uint8_t>(low + uniform_index(rng, std::size_t{high} - low + 1));
}

/// Single classes for all slots and amounts in some range.
Region random_region(Rng& rng, const Instance& instance) {
  Region region = instance.whole(static_cast<std::uint32_t>(uniform_index(rng, instance.layouts().size())));
  for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
    Slot& slot = region.slots[s];
    while (!is_single(instance.node_of(region, s))) {
      const ClassTree::Node& node = instance.node_of(region, s);
      slot.node = uniform(rng) < 0.5 ? node.left : node.right;
    }
    slot.high = instance.class_of(region, s).most();
    for (std::size_t a = 0; a < amount_count; ++a) {
      slot.high[a] = place_between(rng, 0, slot.high[a]);
      slot.low[a] = place_between(rng, 0, slot.high[a]);
    }
  }
  return region;
}

Amounts between(Rng& rng, const Slot& slot) {
  Amounts amounts{};
  for (std::size_t a = 0; a < amount_count; ++a) {
    amounts[a] = place_between(rng, slot.low[a], slot.high[a]);
  }
  return amounts;
}

/// Calls `see(instance, region, mapper)` with random regions of random problems.
template <typename See>
void for_regions(Rng& rng, int problems, Objective objective, See see) {
  for (int i = 0; i < problems; ++i) {
    const RandomProblem small = random_asic_problem(rng);
    Mapper mapper(small.platform);
    const Problem problem = small.problem(objective);
    const Instance instance(problem, mapper, mapper.exact_memory(small.space));
    if (instance.kind(0).tree->nodes.empty() || instance.kind(1).tree->nodes.empty() || instance.layouts().empty()) {
      continue;
    }
    for (int region = 0; region < 10; ++region) {
      see(instance, random_region(rng, instance), mapper);
    }
  }
}

/// By ascending cycles.
std::vector<std::pair<double, double>> sorted(std::span<const EnergyPoint> points) {
  std::vector<std::pair<double, double>> all;
  for (const EnergyPoint& point : points) {
    all.emplace_back(point.cycles, point.pj);
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST(EnergyRow, NoChunkOfTheRangeTakesLess) {
  Rng rng = make_rng(1, "energy row");
  int seen = 0;
  for_regions(rng, 60, Objective::energy, [&](const Instance& instance, const Region& region, Mapper& mapper) {
    for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
      const ChunkClass& chunks = instance.class_of(region, s);
      EnergyRow row;
      Amounts needed{};
      energy_row(instance, region, s, region.slots[s].low, region.slots[s].high, Instance::Lanes::bounded, row,
                 &needed);
      const Amounts amounts = between(rng, region.slots[s]);
      const Chunk chunk = chunk_at(chunks, amounts);
      const bool residual = adds_residual_at(chunks, amounts);
      EXPECT_LE(least_leakage(chunks, region.slots[s].low, region.slots[s].high, instance.platform()),
                leakage_pj_per_cycle(ChunkEnergy(chunk, residual, *instance.platform().asic).leakage_nw(),
                                     instance.platform()) *
                    (1 + rounding));
      for (std::size_t item = 0; item < instance.kind_of(region, s).items.size(); ++item) {
        const Item& of = instance.kind_of(region, s).items[item];
        if (of.adds_residual && !residual) {
          continue;
        }
        for (const PricedMapping& priced : *mapper.energy_front(of.id, chunk, residual, instance.batch_of(region))) {
          EXPECT_TRUE(std::any_of(row.of(item).begin(), row.of(item).end(), [&](const EnergyPoint& point) {
            return point.cycles <= static_cast<double>(priced.cycles) && point.pj <= priced.energy_pj * (1 + rounding);
          }));
          const auto& least = instance.kind_of(region, s).least_pj[instance.layout_of(region).batch_place];
          EXPECT_LE(least->row(region.slots[s].node)[item] / of.count, priced.energy_pj * (1 + rounding));
          ++seen;
        }
      }
    }
  });
  EXPECT_GT(seen, 500);
}

TEST(EnergyRow, IsTheFrontOfASingleChunk) {
  Rng rng = make_rng(2, "energy row");
  int seen = 0;
  for_regions(rng, 60, Objective::energy, [&](const Instance& instance, const Region& region, Mapper& mapper) {
    for (std::size_t s = 0; s < instance.layout_of(region).slots(); ++s) {
      const ChunkClass& chunks = instance.class_of(region, s);
      const Amounts amounts = between(rng, region.slots[s]);
      const bool residual = adds_residual_at(chunks, amounts);
      EnergyRow row;
      energy_row(instance, region, s, amounts, amounts, Instance::Lanes::exact, row);
      for (std::size_t item = 0; item < instance.kind_of(region, s).items.size(); ++item) {
        const Item& of = instance.kind_of(region, s).items[item];
        const auto front = mapper.energy_front(of.id, chunk_at(chunks, amounts), residual, instance.batch_of(region));
        const auto points = sorted(row.of(item));
        if (of.adds_residual && !residual) {
          EXPECT_TRUE(points.empty());
          continue;
        }
        ASSERT_EQ(points.size(), front->size());
        for (std::size_t i = 0; i < points.size(); ++i) {
          EXPECT_EQ(points[i].first, static_cast<double>((*front)[i].cycles));
          EXPECT_NEAR(points[i].second / (*front)[i].energy_pj, 1, rounding);
          ++seen;
        }
      }
    }
  });
  EXPECT_GT(seen, 500);
}

TEST(EnergyBound, NoDesignOfTheRegionIsBelow) {
  Rng rng = make_rng(3, "energy bound");
  int seen = 0;
  for (const Objective objective : {Objective::energy, Objective::edp}) {
    for_regions(rng, 40, objective, [&](const Instance& instance, const Region& region, Mapper&) {
      constexpr double none = std::numeric_limits<double>::infinity();
      Region single = region;
      for (Slot& slot : single.slots) {
        slot.low = slot.high = between(rng, slot);
      }
      if (!fits_at_upper_ends(instance, single)) {
        return;
      }
      const Best best = best_energy(instance, single, none);
      if (best.found) {
        double settled = none;
        Region whole = region;
        EXPECT_LE(tight_energy_bound(instance, whole, none, settled), best.found->value * (1 + rounding));
        EXPECT_LE(best.bound, best.found->value * (1 + rounding));
        ++seen;
      }
    });
  }
  EXPECT_GT(seen, 50);
}

TEST(LeastValue, IsTheLeastThatTheCutsAllow) {
  Rng rng = make_rng(4, "least value");
  for (int round = 0; round < 200; ++round) {
    const Objective objective = round % 2 == 0 ? Objective::energy : Objective::edp;
    const double leakage = uniform(rng) < 0.2 ? 0 : 10 * uniform(rng);
    std::vector<EnergyCut> cuts = {{.with_pj = 0, .cycle_price = 1, .value = std::floor(100 + 1000 * uniform(rng))},
                                   {.with_pj = 1, .value = 5000 * uniform(rng)}};
    for (int more = 0; more < round % 4; ++more) {
      cuts.push_back({.with_pj = 1, .cycle_price = 20 * uniform(rng), .value = 10'000 * uniform(rng)});
    }
    const double least = least_value(objective, cuts, leakage, 0);
    double tried = std::numeric_limits<double>::infinity();
    for (int step = 0; step < 200'000; ++step) {
      const double cycles = cuts[0].value * (1 + step * 1e-3);
      double pj = 0;
      for (const EnergyCut& cut : cuts) {
        pj = cut.with_pj == 0 ? pj : std::max(pj, cut.value - cut.cycle_price * cycles);
      }
      const double all = pj + leakage * cycles;
      tried = std::min(tried, objective == Objective::edp ? all * cycles : all);
    }
    EXPECT_LE(least, tried * (1 + rounding));
    EXPECT_GE(least, tried * (1 - 1e-2));
  }
}

}  // namespace
}  // namespace autonba
