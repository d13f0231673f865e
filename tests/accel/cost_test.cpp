#include "accel/cost.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "accel/asic.hpp"
#include "accel/cycles.hpp"
#include "random_cases.hpp"
#include "walker.hpp"

namespace autonba {
namespace {

Platform test_platform() {
  return load_platform(AUTONBA_SOURCE_DIR "/configs/platforms/zc706.yaml");
}

TEST(Evaluate, SumsTheLayersOfEachChunk) {
  Rng rng = make_rng(1, "cost");
  const Platform platform = test_platform();
  for (int trial = 0; trial < 50; ++trial) {
    const Network network = random_network(rng);
    const auto accelerator = random_accelerator(rng, network);
    if (!accelerator) {
      continue;
    }
    const Cost cost = evaluate(network, *accelerator, platform);
    EXPECT_EQ(cost, evaluate(layer_shapes(network), *accelerator, platform));
    std::vector<std::int64_t> chunk_cycles(accelerator->chunks.size(), 0);
    std::int64_t all = 0;
    Resources resources;
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const LayerPlace& place = accelerator->places[i];
      const Chunk& chunk = accelerator->chunks[static_cast<std::size_t>(place.chunk)];
      const std::int64_t cycles =
          walk_layer(network, static_cast<int>(i), chunk, place.mapping, accelerator->batch, platform).cycles;
      EXPECT_EQ(cost.layer_cycles[i], cycles);
      chunk_cycles[static_cast<std::size_t>(place.chunk)] += cycles;
      all += cycles;
      resources = resources + chunk_resources(chunk, network.layers[i].residual.has_value(), platform);
    }
    EXPECT_EQ(cost.chunk_cycles, chunk_cycles);
    EXPECT_EQ(cost.ii_cycles, *std::max_element(chunk_cycles.begin(), chunk_cycles.end()));
    EXPECT_EQ(cost.latency_cycles, all);
    EXPECT_EQ(cost.resources, resources);
  }
}

TEST(Evaluate, OnAnAsicAddsUpEnergyFromAWalkOfEveryLayer) {
  Rng rng = make_rng(3, "cost");
  const Platform platform = load_platform(AUTONBA_SOURCE_DIR "/configs/platforms/asic-65nm.yaml");
  int compared = 0;
  for (int trial = 0; trial < 50; ++trial) {
    const Network network = random_network(rng);
    const auto accelerator = random_accelerator(rng, network);
    if (!accelerator) {
      continue;
    }
    const Cost cost = evaluate(network, *accelerator, platform);
    ASSERT_TRUE(cost.energy);
    double leakage_nw = 0;
    double dynamic_pj = 0;
    std::int64_t area_um2 = 0;
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const LayerPlace& place = accelerator->places[i];
      const Chunk& chunk = accelerator->chunks[static_cast<std::size_t>(place.chunk)];
      const Walk walk = walk_layer(network, static_cast<int>(i), chunk, place.mapping, accelerator->batch, platform);
      const bool residual = network.layers[i].residual.has_value();  // a chunk for each layer
      const ChunkEnergy prices(chunk, residual, *platform.asic);
      EXPECT_DOUBLE_EQ(cost.energy->layer_pj[i], prices.of(walk.traffic));
      dynamic_pj += prices.of(walk.traffic);
      leakage_nw += prices.leakage_nw();
      area_um2 += chunk_resources(chunk, residual, platform).area_um2;
      ++compared;
    }
    EXPECT_DOUBLE_EQ(cost.energy->leakage_nw, leakage_nw);
    const double seconds = static_cast<double>(cost.ii_cycles) / 200e6;
    EXPECT_NEAR(cost.energy->batch_pj, dynamic_pj + leakage_nw * 1e-9 * seconds * 1e12, 1e-9 * cost.energy->batch_pj);
    EXPECT_DOUBLE_EQ(energy_mj(*cost.energy, 4), cost.energy->batch_pj * 1e-9 / 4);
    EXPECT_EQ(cost.resources.area_um2, area_um2);
  }
  EXPECT_GT(compared, 50);
}

TEST(Evaluate, HasNoEnergyWhereThePlatformHasNoTables) {
  Rng rng = make_rng(2, "cost");
  const Network network = random_network(rng);
  const auto accelerator = random_accelerator(rng, network);
  ASSERT_TRUE(accelerator);
  EXPECT_FALSE(evaluate(network, *accelerator, test_platform()).energy);
}

TEST(Evaluate, LayersOfOneChunkAddUpInItsTime) {
  Rng rng = make_rng(2, "cost");
  const Platform platform = test_platform();
  Network network = random_network(rng);
  auto accelerator = random_accelerator(rng, network);
  ASSERT_TRUE(accelerator);
  // Twice the same layer on the chunk of the first.
  network.layers.resize(1);
  accelerator->places.resize(1);
  accelerator->chunks.resize(1);
  const Cost once = evaluate(network, *accelerator, platform);
  network.layers.push_back(network.layers[0]);
  accelerator->places.push_back(accelerator->places[0]);
  const Cost twice = evaluate(network, *accelerator, platform);
  EXPECT_EQ(twice.ii_cycles, 2 * once.ii_cycles);
  EXPECT_EQ(twice.resources, once.resources);
}

TEST(Evaluate, FpsIsImagesOverTheTimeOfABatch) {
  Platform platform;
  platform.clock_mhz = 200;
  EXPECT_DOUBLE_EQ(fps(1'000'000, 4, platform), 800.0);
}

}  // namespace
}  // namespace autonba
