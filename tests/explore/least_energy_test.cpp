#include "explore/least_energy.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"

namespace autonba {
namespace {

/// Mappings none of which beats another.
EnergyFront random_front(Rng& rng) {
  EnergyFront front;
  std::int64_t cycles = 10 + static_cast<std::int64_t>(uniform_index(rng, 50));
  double pj = 200 + 100 * uniform(rng);
  const std::uint64_t count = 1 + uniform_index(rng, 5);
  for (std::uint64_t i = 0; i < count; ++i) {
    front.push_back({cycles, pj, {}});
    cycles += 1 + static_cast<std::int64_t>(uniform_index(rng, 40));
    pj -= 30 * uniform(rng);
  }
  return front;
}

std::vector<FrontOnChunk> random_layers(Rng& rng, std::size_t chunks) {
  std::vector<FrontOnChunk> layers;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t chunk = i < chunks ? i : uniform_index(rng, chunks);
    layers.push_back({chunk, std::make_shared<const EnergyFront>(random_front(rng))});
  }
  return layers;
}

double value_of(const std::vector<FrontOnChunk>& layers, const std::vector<std::size_t>& picks, std::size_t chunks,
                double leakage, bool times_cycles) {
  std::vector<double> cycles(chunks, 0.0);
  double pj = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const PricedMapping& mapping = (*layers[i].front)[picks[i]];
    cycles[layers[i].chunk] += static_cast<double>(mapping.cycles);
    pj += mapping.energy_pj;
  }
  const double ii = *std::max_element(cycles.begin(), cycles.end());
  pj += leakage * ii;
  return times_cycles ? pj * ii : pj;
}

/// Least value over every pick of every layer.
double least_of_all(const std::vector<FrontOnChunk>& layers, std::size_t chunks, double leakage, bool times_cycles) {
  double least = std::numeric_limits<double>::infinity();
  std::vector<std::size_t> picks(4, 0);
  for (picks[0] = 0; picks[0] < layers[0].front->size(); ++picks[0]) {
    for (picks[1] = 0; picks[1] < layers[1].front->size(); ++picks[1]) {
      for (picks[2] = 0; picks[2] < layers[2].front->size(); ++picks[2]) {
        for (picks[3] = 0; picks[3] < layers[3].front->size(); ++picks[3]) {
          least = std::min(least, value_of(layers, picks, chunks, leakage, times_cycles));
        }
      }
    }
  }
  return least;
}

/// Least value over picks that are the best for one price of a cycle on each of two chunks.
double least_of_prices(const std::vector<FrontOnChunk>& layers, double leakage, bool times_cycles) {
  std::vector<double> prices = {1e9, 0};  // and between those at which some layer changes its pick
  for (const FrontOnChunk& layer : layers) {
    for (const PricedMapping& a : *layer.front) {
      for (const PricedMapping& b : *layer.front) {
        if (a.cycles < b.cycles) {
          const double change = (a.energy_pj - b.energy_pj) / static_cast<double>(b.cycles - a.cycles);
          prices.push_back(change * (1 + 1e-9));
          prices.push_back(change * (1 - 1e-9));
        }
      }
    }
  }
  double least = std::numeric_limits<double>::infinity();
  for (const double first : prices) {
    for (const double second : prices) {
      std::vector<std::size_t> picks;
      for (const FrontOnChunk& layer : layers) {
        const double price = layer.chunk == 0 ? first : second;
        const auto cost = [&](const PricedMapping& m) { return m.energy_pj + price * static_cast<double>(m.cycles); };
        const auto best =
            std::min_element(layer.front->begin(), layer.front->end(),
                             [&](const PricedMapping& a, const PricedMapping& b) { return cost(a) < cost(b); });
        picks.push_back(static_cast<std::size_t>(best - layer.front->begin()));
      }
      least = std::min(least, value_of(layers, picks, 2, leakage, times_cycles));
    }
  }
  return least;
}

TEST(LeastEnergy, OfOneChunkIsThatOfAllMappings) {
  Rng rng = make_rng(1, "least energy");
  for (int trial = 0; trial < 500; ++trial) {
    const std::vector<FrontOnChunk> layers = random_layers(rng, 1);
    const double leakage = 2 * uniform(rng);
    for (const bool times_cycles : {false, true}) {
      const EnergyChoice choice = least_energy(layers, 1, leakage, times_cycles);
      EXPECT_NEAR(value_of(layers, choice.picks, 1, leakage, times_cycles),
                  least_of_all(layers, 1, leakage, times_cycles), 1e-6);
    }
  }
}

TEST(LeastEnergy, OfSeveralChunksIsThatOfAllPricesAndNearThatOfAllMappings) {
  Rng rng = make_rng(2, "least energy");
  double worst = 1;
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<FrontOnChunk> layers = random_layers(rng, 2);
    const double leakage = 2 * uniform(rng);
    for (const bool times_cycles : {false, true}) {
      const EnergyChoice choice = least_energy(layers, 2, leakage, times_cycles);
      const double value = value_of(layers, choice.picks, 2, leakage, times_cycles);
      EXPECT_LE(value, least_of_prices(layers, leakage, times_cycles) * (1 + 1e-9));
      worst = std::max(worst, value / least_of_all(layers, 2, leakage, times_cycles));
    }
  }
  EXPECT_LT(worst, 1.1);
}

TEST(LeastEnergy, SaysWhatItsMappingsAddUpTo) {
  Rng rng = make_rng(3, "least energy");
  const std::vector<FrontOnChunk> layers = random_layers(rng, 2);
  const EnergyChoice choice = least_energy(layers, 2, 0.5, false);
  std::vector<double> cycles(2, 0.0);
  std::vector<double> pj(2, 0.0);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    cycles[layers[i].chunk] += static_cast<double>((*layers[i].front)[choice.picks[i]].cycles);
    pj[layers[i].chunk] += (*layers[i].front)[choice.picks[i]].energy_pj;
  }
  for (std::size_t chunk = 0; chunk < 2; ++chunk) {
    EXPECT_DOUBLE_EQ(choice.chunk_cycles[chunk], cycles[chunk]);
    EXPECT_NEAR(choice.chunk_pj[chunk], pj[chunk], 1e-9);
  }
}

TEST(EnergyFront, ItsHullHoldsWhatIsBestForAnyPrice) {
  Rng rng = make_rng(4, "least energy");
  for (int trial = 0; trial < 200; ++trial) {
    const EnergyFront front = random_front(rng);
    const std::vector<std::size_t> hull = hull_of(front);
    EXPECT_EQ(hull.front(), 0);
    EXPECT_EQ(hull.back(), front.size() - 1);
    for (double price = 0; price < 40; price += 0.1) {
      const auto cost = [&](std::size_t i) {
        return front[i].energy_pj + price * static_cast<double>(front[i].cycles);
      };
      double of_front = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < front.size(); ++i) {
        of_front = std::min(of_front, cost(i));
      }
      double of_hull = std::numeric_limits<double>::infinity();
      for (const std::size_t i : hull) {
        of_hull = std::min(of_hull, cost(i));
      }
      EXPECT_NEAR(of_hull, of_front, 1e-9);
    }
  }
}

}  // namespace
}  // namespace autonba
