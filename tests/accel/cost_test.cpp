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

/// The maps that lie in the accelerator's store, as a walk wants them.
WalkedStore walked_store(const Accelerator& accelerator) {
  WalkedStore store;
  for (store.turns = 1; store.turns < static_cast<int>(accelerator.chunks.size());) {
    store.turns *= 2;
  }
  store.word_bits = store.turns * accelerator.store->port_bits;
  for (std::size_t i = 0; i < accelerator.places.size(); ++i) {
    if (accelerator.places[i].writes_store) {
      store.maps.insert(static_cast<int>(i));
    }
  }
  return store;
}

TEST(Evaluate, WithAStoreEveryReaderOfAMapFindsItThere) {
  Rng rng = make_rng(5, "cost");
  const Platform fpga = test_platform();
  const Platform asic = load_platform(AUTONBA_SOURCE_DIR "/configs/platforms/asic-28nm.yaml");
  int in_store = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Network network = random_network(rng);
    auto accelerator = random_accelerator(rng, network);
    if (!accelerator) {
      continue;
    }
    accelerator->store = Store{.depth = random_between(rng, 65, 4096), .port_bits = 32 << random_between(rng, 0, 2)};
    for (LayerPlace& place : accelerator->places) {
      place.writes_store = random_between(rng, 0, 1) == 1;
    }
    const WalkedStore store = walked_store(*accelerator);
    for (const Platform& platform : {fpga, asic}) {
      const Cost cost = evaluate(network, *accelerator, platform);
      EXPECT_EQ(cost, evaluate(layer_shapes(network), *accelerator, platform, store_uses(network, *accelerator)));
      for (std::size_t i = 0; i < network.layers.size(); ++i) {
        const LayerPlace& place = accelerator->places[i];
        const Chunk& chunk = accelerator->chunks[static_cast<std::size_t>(place.chunk)];
        const Walk walk =
            walk_layer(network, static_cast<int>(i), chunk, place.mapping, accelerator->batch, platform, store);
        EXPECT_EQ(cost.layer_cycles[i], walk.cycles);
        in_store += walk.traffic.store.reads > 0 ? 1 : 0;
        if (platform.asic) {
          const ChunkEnergy prices(chunk, network.layers[i].residual.has_value(), *platform.asic);
          const AsicSram sram = sram_of(*platform.asic, store.word_bits, accelerator->store->depth);
          const double store_pj = static_cast<double>(walk.traffic.store.reads) * sram.read_pj_per_bit +
                                  static_cast<double>(walk.traffic.store.writes) * sram.write_pj_per_bit;
          EXPECT_NEAR(cost.energy->layer_pj[i], prices.of(walk.traffic) + store_pj * store.word_bits,
                      1e-9 * cost.energy->layer_pj[i]);
        }
      }
    }
  }
  EXPECT_GT(in_store, 100);
}

TEST(Evaluate, TheStoreIsOneMemoryAndAPortForEveryChunk) {
  Rng rng = make_rng(6, "cost");
  const Platform platform = test_platform();
  Network network = random_network(rng);
  auto accelerator = random_accelerator(rng, network);
  while (!accelerator) {  // of a network without a layout
    network = random_network(rng);
    accelerator = random_accelerator(rng, network);
  }
  accelerator->chunks.resize(3, accelerator->chunks.front());
  for (LayerPlace& place : accelerator->places) {
    place.chunk = 0;
  }
  const Resources without = evaluate(network, *accelerator, platform).resources;
  accelerator->store = Store{.depth = 2500, .port_bits = 128};  // 3 chunks: words of 512 bits, 15 blocks of 36 wide
  const Resources with = evaluate(network, *accelerator, platform).resources;
  EXPECT_EQ(with.bram18 - without.bram18, 15 * 5);
  EXPECT_EQ(with.dsp, without.dsp);
  EXPECT_EQ(with.port_bits, without.port_bits);
  const double logic = 512 * platform.logic.lut_per_buffer_bit + 3 * 128 * platform.logic.lut_per_port_bit;
  EXPECT_NEAR(static_cast<double>(with.lut - without.lut), logic, 1);
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
