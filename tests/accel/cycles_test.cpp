#include "accel/cycles.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

#include "random_cases.hpp"
#include "walker.hpp"

namespace autonba {
namespace {

Platform test_platform() {
  Platform platform;
  platform.read_latency = 7;
  platform.write_latency = 5;
  platform.layer_start = 11;
  platform.layer_end = 3;
  return platform;
}

TEST(Cycles, AgreeWithAWalkOverEveryStepAndRun) {
  Rng rng = make_rng(1, "cycles");
  const Platform platform = test_platform();
  int flattened = 0;
  int several_input_tiles = 0;
  int grouped = 0;
  int residuals = 0;
  int from_host = 0;
  int lopsided_padding = 0;
  int different_strides = 0;
  int different_dilations = 0;
  std::int64_t steps = 0;
  for_random_layers(rng, 1500, [&](const Network& network, int i, const LayerShape& shape) {
    const int batch = random_between(rng, 1, 4);
    const Chunk chunk = random_chunk(rng, shape);
    const Mapping mapping = random_mapping(rng, shape, batch);
    ASSERT_TRUE(can_run(chunk, shape));
    ASSERT_EQ(defect(chunk), std::nullopt);
    const Walk walk = walk_layer(network, i, chunk, mapping, batch, platform);
    EXPECT_EQ(layer_cycles(shape, chunk, mapping, batch, platform), walk.cycles)
        << describe(network.layers[static_cast<std::size_t>(i)], chunk, mapping, batch);
    flattened += shape.flattened ? 1 : 0;
    several_input_tiles += mapping.tile_n < shape.n ? 1 : 0;
    grouped += shape.groups > 1 ? 1 : 0;
    residuals += shape.residual.segments.empty() ? 0 : 1;
    const Layer& layer = network.layers[static_cast<std::size_t>(i)];
    from_host += layer.inputs.front().writer < network_input ? 1 : 0;
    lopsided_padding += layer.padding[0] != layer.padding[2] || layer.padding[1] != layer.padding[3] ? 1 : 0;
    different_strides += shape.stride_rows != shape.stride_cols ? 1 : 0;
    different_dilations += layer.kernel != square(1) && layer.dilation[0] != layer.dilation[1] ? 1 : 0;
    steps += walk.steps;
  });
  // The cases are worth something only if they are of all kinds.
  EXPECT_GT(flattened, 100);
  EXPECT_GT(several_input_tiles, 100);
  EXPECT_GT(grouped, 100);
  EXPECT_GT(residuals, 100);
  EXPECT_GT(from_host, 100);
  EXPECT_GT(lopsided_padding, 100);
  EXPECT_GT(different_strides, 100);
  EXPECT_GT(different_dilations, 100);
  EXPECT_GT(steps, 10'000);
}

TEST(Cycles, WithMapsInTheStoreAgreeWithAWalkToo) {
  Rng rng = make_rng(4, "cycles");
  const Platform platform = test_platform();
  int both_places = 0;
  int residual_waits = 0;
  int wide_words = 0;
  CycleTerms all;
  for_random_layers(rng, 3000, [&](const Network& network, int i, const LayerShape& shape) {
    const int batch = random_between(rng, 1, 4);
    const Chunk chunk = random_chunk(rng, shape);
    const Mapping mapping = random_mapping(rng, shape, batch);
    const RandomStore store = random_store(rng, network, i);
    const Walk walk = walk_layer(network, i, chunk, mapping, batch, platform, store.walked);
    const std::string what = describe(network.layers[static_cast<std::size_t>(i)], chunk, mapping, batch);
    EXPECT_EQ(layer_cycles(shape, chunk, mapping, batch, platform, store.use), walk.cycles) << what;
    EXPECT_EQ(layer_terms(shape, chunk, mapping, batch, platform, store.use), walk.terms) << what;
    EXPECT_EQ(layer_traffic(shape, chunk, mapping, batch, store.use), walk.traffic) << what;
    all += walk.terms;
    const std::size_t read = maps_read(network.layers[static_cast<std::size_t>(i)]).size();
    both_places += store.use.inputs != 0 && std::popcount(store.use.inputs) < static_cast<int>(read) ? 1 : 0;
    residual_waits += !shape.residual.segments.empty() && store.use.residual != store.use.output ? 1 : 0;
    wide_words += store.use.any() && store.use.word_bits > 256 ? 1 : 0;
  });
  EXPECT_GT(both_places, 20);
  EXPECT_GT(residual_waits, 100);
  EXPECT_GT(wide_words, 100);
  EXPECT_GT(all.store, 1000);
}

TEST(Cycles, AreSpentOnWhatAWalkSees) {
  Rng rng = make_rng(3, "cycles");
  const Platform platform = test_platform();
  CycleTerms all;
  for_random_layers(rng, 1000, [&](const Network& network, int i, const LayerShape& shape) {
    const int batch = random_between(rng, 1, 4);
    const Chunk chunk = random_chunk(rng, shape);
    const Mapping mapping = random_mapping(rng, shape, batch);
    const Walk walk = walk_layer(network, i, chunk, mapping, batch, platform);
    const CycleTerms terms = layer_terms(shape, chunk, mapping, batch, platform);
    EXPECT_EQ(terms, walk.terms) << describe(network.layers[static_cast<std::size_t>(i)], chunk, mapping, batch);
    EXPECT_EQ(total(terms), layer_cycles(shape, chunk, mapping, batch, platform));
    all += terms;
  });
  EXPECT_EQ(all.store, 0);
  all.store = 1001;  // nothing lies in it
  for (const NamedTerm& term : cycle_terms) {
    EXPECT_GT(all.*term.cycles, 1000) << term.name;
  }
}

TEST(Cycles, ATileFitsExactlyIntoBuffersThatHoldItsLargestTile) {
  Rng rng = make_rng(2, "cycles");
  const Platform platform = test_platform();
  for_random_layers(rng, 500, [&](const Network& network, int i, const LayerShape& shape) {
    const int batch = random_between(rng, 1, 3);
    Chunk chunk = random_chunk(rng, shape);
    const Mapping mapping = random_mapping(rng, shape, batch);
    const Walk walk = walk_layer(network, i, chunk, mapping, batch, platform);
    chunk.depth_input = static_cast<int>(walk.input_words);
    chunk.depth_weight = static_cast<int>(walk.weight_words);
    chunk.depth_output = static_cast<int>(walk.output_words);
    chunk.accumulator = mapping.tile_n < shape.n;
    const std::string what = describe(network.layers[static_cast<std::size_t>(i)], chunk, mapping, batch);
    EXPECT_TRUE(tile_fits(chunk, shape, mapping, batch)) << what;
    for (int Chunk::*depth : {&Chunk::depth_input, &Chunk::depth_weight, &Chunk::depth_output}) {
      if (chunk.*depth > 0) {  // pooling has no weights, a tile in the padding loads nothing
        Chunk smaller = chunk;
        smaller.*depth -= 1;
        EXPECT_FALSE(tile_fits(smaller, shape, mapping, batch)) << what;
      }
    }
    if (chunk.accumulator) {
      chunk.accumulator = false;
      EXPECT_FALSE(tile_fits(chunk, shape, mapping, batch)) << what;
    }
  });
}

TEST(Cycles, TilesCoverSegmentsAsTheirChannelsSay) {
  Rng rng = make_rng(3, "cycles");
  int illegal = 0;
  for_random_layers(rng, 300, [&](const Network& network, int i, const LayerShape& shape) {
    for (int tile = 1; tile <= shape.m; ++tile) {
      const bool legal = walk_tile_is_legal(network, i, false, tile);
      EXPECT_EQ(output_tile_fits(shape, tile), legal) << i << " outputs " << tile;
      illegal += legal ? 0 : 1;
    }
    for (int tile = 1; tile <= shape.n; ++tile) {
      const bool legal = walk_tile_is_legal(network, i, true, tile);
      EXPECT_EQ(input_tile_fits(shape, tile), legal) << i << " inputs " << tile;
      illegal += legal ? 0 : 1;
    }
  });
  EXPECT_GT(illegal, 100);
}

}  // namespace
}  // namespace autonba
