#include "accel/traffic.hpp"

#include <gtest/gtest.h>

#include "random_cases.hpp"
#include "walker.hpp"

namespace autonba {

// Found by GoogleTest where two of them differ.
void PrintTo(const Traffic& traffic, std::ostream* out) {
  const auto print = [&](const char* name, const BufferAccesses& accesses) {
    *out << " " << name << " " << accesses.reads << "/" << accesses.writes;
  };
  *out << "operations " << traffic.operations << " loaded " << traffic.loaded_words << " stored "
       << traffic.stored_words;
  print("input", traffic.input);
  print("weight", traffic.weight);
  print("output", traffic.output);
  print("accumulator", traffic.accumulator);
  print("parameters", traffic.parameters);
  print("feature store", traffic.store);
}

namespace {

TEST(Traffic, AgreesWithAWalkOverEveryStepRunAndLane) {
  Rng rng = make_rng(1, "traffic");
  const Platform platform;
  int accumulating = 0;
  int residuals = 0;
  int lanes_of_several_rows = 0;
  int in_padding = 0;
  for_random_layers(rng, 1500, [&](const Network& network, int i, const LayerShape& shape) {
    const int batch = random_between(rng, 1, 4);
    const Chunk chunk = random_chunk(rng, shape);
    const Mapping mapping = random_mapping(rng, shape, batch);
    const Walk walk = walk_layer(network, i, chunk, mapping, batch, platform);
    EXPECT_EQ(layer_traffic(shape, chunk, mapping, batch), walk.traffic)
        << describe(network.layers[static_cast<std::size_t>(i)], chunk, mapping, batch);
    accumulating += walk.traffic.accumulator.reads > 0 ? 1 : 0;
    residuals += shape.residual.segments.empty() ? 0 : 1;
    lanes_of_several_rows += chunk.requant_lanes > chunk.unroll_m ? 1 : 0;
    in_padding += shape.padding_top > 0 || shape.padding_left > 0 ? 1 : 0;
  });
  // The cases are worth something only if they are of all kinds.
  EXPECT_GT(accumulating, 100);
  EXPECT_GT(residuals, 100);
  EXPECT_GT(lanes_of_several_rows, 100);
  EXPECT_GT(in_padding, 100);
}

TEST(Traffic, ItsLowerBoundIsExactButForTheWordsOfRuns) {
  Rng rng = make_rng(2, "traffic");
  double tightness = 0;
  int cases = 0;
  for_random_layers(rng, 1500, [&](const Network& network, int i, const LayerShape& shape) {
    const int batch = random_between(rng, 1, 4);
    const Chunk chunk = random_chunk(rng, shape);
    const Mapping mapping = random_mapping(rng, shape, batch);
    const StoreUse use = random_between(rng, 0, 1) == 0 ? StoreUse{} : random_store(rng, network, i).use;
    const Traffic exact = layer_traffic(shape, chunk, mapping, batch, use);
    Traffic least = least_traffic(shape, chunk, mapping, batch, use);
    const std::string what = describe(network.layers[static_cast<std::size_t>(i)], chunk, mapping, batch);
    EXPECT_LE(least.loaded_words, exact.loaded_words) << what;
    EXPECT_LE(least.stored_words, exact.stored_words) << what;
    EXPECT_LE(least.store.reads, exact.store.reads) << what;
    EXPECT_LE(least.store.writes, exact.store.writes) << what;
    EXPECT_LE(least.input.writes, exact.input.writes) << what;
    EXPECT_LE(least.output.writes, exact.output.writes) << what;
    EXPECT_LE(least.output.reads, exact.output.reads) << what;
    const auto words = [](const Traffic& traffic) {
      return static_cast<double>(traffic.loaded_words + traffic.stored_words + traffic.store.reads +
                                 traffic.store.writes);
    };
    tightness += words(least) / words(exact);
    ++cases;
    least.loaded_words = exact.loaded_words;
    least.stored_words = exact.stored_words;
    least.store = exact.store;
    least.input.writes = exact.input.writes;
    least.output = exact.output;
    EXPECT_EQ(least, exact) << what;
  });
  EXPECT_GT(tightness / cases, 0.7);
}

// One 3x3 convolution of a 4x4 map, 8 to 8 channels, padded, on 4 x 2 lanes and 2 rows; one tile.
TEST(Traffic, ALayerByHand) {
  const Network network{.input = {.channels = 8, .height = 4, .width = 4, .bits = 8},
                        .layers = {{.id = "conv",
                                    .inputs = {{network_input, {{0, 8}}}},
                                    .channels_in = 8,
                                    .channels_out = 8,
                                    .kernel = {3, 3},
                                    .padding = all_sides(1),
                                    .height_in = 4,
                                    .width_in = 4}}};
  const LayerShape shape = layer_shapes(network).front();
  const Chunk chunk{.bits = 8,
                    .unroll_m = 4,
                    .unroll_n = 2,
                    .unroll_p = 2,
                    .requant_lanes = 8,
                    .depth_input = 1024,
                    .depth_weight = 1024,
                    .depth_output = 1024,
                    .port_bits = 64};
  const Traffic traffic = layer_traffic(shape, chunk, {8, 8, 4, 4, LoopOrder::channels_outer}, 1);
  EXPECT_EQ(traffic.operations, 8 * 8 * 9 * 16);
  // A pixel is 64 bits: 16 words in, 16 out. Weights: 2·4·9 words of 64 bits. Parameters: 8·96 bits, 12 words.
  EXPECT_EQ(traffic.loaded_words, 16 + 2 * 4 * 9 + 12);
  EXPECT_EQ(traffic.stored_words, 16);
  // Each pixel fills 4 words of 2 channels. Of the 3 rows that the kernel looks at, the outer two outputs lack one: 10
  // of 12 in each dimension.
  EXPECT_EQ(traffic.input, (BufferAccesses{2 * 4 * 10 * 10, 16 * 4}));
  EXPECT_EQ(traffic.weight, (BufferAccesses{2 * 4 * 9 * 2 * 4, 2 * 4 * 9}));  // two groups of two rows
  EXPECT_EQ(traffic.output, (BufferAccesses{16 * 2, 16 * 2}));
  EXPECT_EQ(traffic.accumulator, (BufferAccesses{0, 0}));
  EXPECT_EQ(traffic.parameters, (BufferAccesses{8 * 4 * 2, 8}));  // two rows share one look at a channel's parameters
}

}  // namespace
}  // namespace autonba
