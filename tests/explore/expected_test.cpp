#include "explore/expected.hpp"

#include <gmock/gmock.h>

#include "problems.hpp"

namespace autonba {
namespace {

constexpr Chunk wide{.unroll_m = 16,
                     .unroll_n = 8,
                     .unroll_p = 2,
                     .requant_lanes = 8,
                     .stride_max = 2,
                     .depth_input = 1024,
                     .depth_weight = 1024,
                     .depth_output = 1024,
                     .port_bits = 128};

/// One 1×1 convolution of 8 bits on a 14×14 map.
struct OneLayer {
  Mapper mapper{load_platform("zc706")};
  ShapeId id = mapper
                   .intern(Network{.input = {.channels = 32, .height = 14, .width = 14, .bits = 8},
                                   .layers = {{.id = "conv",
                                               .inputs = {{network_input, {{0, 32}}}},
                                               .channels_in = 32,
                                               .channels_out = 64,
                                               .kernel = square(3),
                                               .stride = square(2),
                                               .padding = all_sides(1),
                                               .height_in = 14,
                                               .width_in = 14}}})
                   .front();
};

TEST(TimeOn, AChunkThatRunsTheLayerIsItsBestMapping) {
  OneLayer one;
  const ImaginedTime time = time_on(wide, one.id, 2, one.mapper);
  EXPECT_TRUE(time.runs);
  EXPECT_EQ(time.cycles, static_cast<double>(one.mapper.best(one.id, wide, 2)->cycles));
}

TEST(TimeOn, TooFewBitsCostTheSquareOfTheRatio) {
  OneLayer one;
  const double full = time_on(wide, one.id, 1, one.mapper).cycles;
  for (const auto& [bits, factor] : {std::pair(6, 4), std::pair(4, 4), std::pair(3, 9)}) {
    Chunk narrow = wide;
    narrow.bits = bits;
    const ImaginedTime time = time_on(narrow, one.id, 1, one.mapper);
    EXPECT_FALSE(time.runs);
    EXPECT_EQ(time.cycles, factor * full);
  }
}

TEST(TimeOn, TooSmallAStrideOrBuffersCostTimeToo) {
  OneLayer one;
  const double full = time_on(wide, one.id, 1, one.mapper).cycles;
  Chunk slow = wide;
  slow.stride_max = 1;
  EXPECT_EQ(time_on(slow, one.id, 1, one.mapper).cycles, 4 * full);
  Chunk cramped = wide;
  cramped.depth_weight = 9;  // the least is 9 positions · ⌈32 / 8⌉ words
  const ImaginedTime time = time_on(cramped, one.id, 1, one.mapper);
  cramped.depth_weight = 36;
  cramped.depth_input *= 4;
  cramped.depth_output *= 4;
  EXPECT_FALSE(time.runs);
  EXPECT_EQ(time.cycles, 4 * time_on(cramped, one.id, 1, one.mapper).cycles);
}

TEST(FastestTime, TakesTheFastestChunkOfTheKind) {
  OneLayer one;
  Chunk half = wide;
  half.unroll_n = 4;
  Chunk depthwise = wide;
  depthwise.kind = ChunkKind::depthwise;
  depthwise.unroll_n = 1;
  const LayerTime fastest =
      fastest_time(one.id, {.batch = 1, .chunks = {depthwise, half, wide}, .places = {}}, one.mapper);
  EXPECT_EQ(fastest.chunk, 2);
  EXPECT_EQ(fastest.cycles, time_on(wide, one.id, 1, one.mapper).cycles);
  const LayerTime none = fastest_time(one.id, {.batch = 2, .chunks = {depthwise}, .places = {}}, one.mapper);
  EXPECT_EQ(none.chunk, 0);
  EXPECT_EQ(none.cycles, 10.0 * 2 * 7 * 7 * 64 * 32 * 9);
}

TEST(ChunkSeconds, AreOfAnImage) {
  const Platform platform = load_platform("zc706");
  const Accelerator accelerator{.batch = 4, .chunks = {wide, wide}, .places = {}};
  const std::vector<LayerTime> layers = {{0, 100.0}, {1, 50.0}, {0, 300.0}};
  const double cycle = 1 / (platform.clock_mhz * 1e6);
  EXPECT_THAT(chunk_seconds(layers, accelerator, platform),
              testing::ElementsAre(testing::DoubleEq(100 * cycle), testing::DoubleEq(12.5 * cycle)));
}

}  // namespace
}  // namespace autonba
