#include "accel/resources.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "accel/design_space.hpp"

namespace autonba {
namespace {

Platform with_lutram() {
  Platform platform;
  platform.logic.lut_per_lutram_bit = 2;
  return platform;
}

// 8 x 16 x 2 lanes of 8 bits.
Chunk conv_chunk() {
  return {.kind = ChunkKind::conv,
          .bits = 8,
          .unroll_m = 8,
          .unroll_n = 16,
          .unroll_p = 2,
          .mac = MacKind::dsp1,
          .requant_lanes = 4,
          .stride_max = 2,
          .depth_input = 1024,
          .depth_weight = 512,
          .depth_output = 256,
          .accumulator = true,
          .port_bits = 64};
}

// Table 1-7 of UG473 and sums by hand.
TEST(Resources, AMemoryTakesTheBestAspectRatio) {
  EXPECT_EQ(memory_bram18(36, 512), 1);
  EXPECT_EQ(memory_bram18(37, 512), 2);  // 2 of 512x36
  EXPECT_EQ(memory_bram18(18, 1024), 1);
  EXPECT_EQ(memory_bram18(18, 1025), 2);  // 2 of 2kx9
  EXPECT_EQ(memory_bram18(1, 16384), 1);
  EXPECT_EQ(memory_bram18(64, 2048), 8);     // 8 of 2kx9, not 4 x 4 of 512x36
  EXPECT_EQ(memory_bram18(1024, 1024), 57);  // 57 of 1kx18
  EXPECT_EQ(memory_bram18(1024, 64), 0);
  EXPECT_EQ(memory_bram18(36, 65), 1);
}

TEST(Resources, AChunkByHand) {
  const Resources conv = chunk_resources(conv_chunk(), false, with_lutram());
  EXPECT_EQ(conv.dsp, 8 * 16 * 2 + 3 * 4);
  // Input: 4 banks of 128 bits x 2048: 15 of 2kx9 each. Weights: 1024 bits x 1024: 57. Output: 2 banks of 64 x 512: 2
  // each. Accumulators: 2 banks of 256 x 256: 8 each. Parameters: 4 banks of 96 x 128: 3 each.
  EXPECT_EQ(conv.bram18, 4 * 15 + 57 + 2 * 2 + 2 * 8 + 4 * 3);
  EXPECT_EQ(conv.lut, 0);
  EXPECT_EQ(conv.port_bits, 64);
}

TEST(Resources, ResidualsTakeTwoOutputMemoriesOfOneHalfEach) {
  Chunk chunk = conv_chunk();
  chunk.depth_output = 1024;
  const auto plain = chunk_resources(chunk, false, with_lutram()).bram18;
  const auto residual = chunk_resources(chunk, true, with_lutram()).bram18;
  // Two banks: 64 bits x 2048, 8 each; or four memories of 64 bits x 1024, 4 each. The same here,
  EXPECT_EQ(plain, residual);
  chunk.depth_output = 256;
  // and here 512 x 64, 2 each, against four of 256 x 64, 2 each.
  EXPECT_EQ(chunk_resources(chunk, true, with_lutram()).bram18 - chunk_resources(chunk, false, with_lutram()).bram18,
            4);
}

TEST(Resources, TwoMacsShareADsp) {
  Chunk chunk = conv_chunk();
  chunk.mac = MacKind::dsp2;
  chunk.unroll_m = 5;
  chunk.requant_lanes = 1;
  EXPECT_EQ(chunk_resources(chunk, false, with_lutram()).dsp, 3 * 16 * 2 + 3);
  chunk.kind = ChunkKind::depthwise;
  chunk.unroll_n = 1;
  chunk.unroll_p = 3;
  EXPECT_EQ(chunk_resources(chunk, false, with_lutram()).dsp, 5 * 2 + 3);
  chunk.mac = MacKind::lut;
  EXPECT_EQ(chunk_resources(chunk, false, with_lutram()).dsp, 3);
}

TEST(Resources, ShallowMemoriesAreMadeOfLuts) {
  Chunk chunk = conv_chunk();
  chunk.accumulator = false;
  chunk.depth_weight = 32;
  const Resources shallow = chunk_resources(chunk, false, with_lutram());
  EXPECT_EQ(shallow.lut, 2 * 1024);  // 2 LUTs a bit of the weight buffer's width
  EXPECT_EQ(shallow.bram18, 4 * 15 + 2 * 2 + 4 * 3);
  chunk.requant_lanes = 8;  // parameter buffers: 8 banks of 96 bits x 64
  EXPECT_EQ(chunk_resources(chunk, false, with_lutram()).lut, 2 * (1024 + 8 * 96));
}

TEST(Resources, EveryBudgetCounts) {
  Platform platform;
  platform.dsp = platform.bram18 = platform.lut = platform.ff = platform.memory_bits_per_cycle = 10;
  EXPECT_TRUE(fits({10, 10, 10, 10, 10}, platform));
  for (std::int64_t Resources::*one :
       {&Resources::dsp, &Resources::bram18, &Resources::lut, &Resources::ff, &Resources::port_bits}) {
    Resources over{10, 10, 10, 10, 10};
    over.*one = 11;
    EXPECT_FALSE(fits(over, platform));
  }
}

// The depths that the spaces offer are enough: between two of them no memory of any width changes.
TEST(Resources, TheGridOfTheRichSpaceHoldsEveryDepthAtWhichABufferSteps) {
  const DesignSpace space = load_design_space(AUTONBA_SOURCE_DIR "/configs/accelerator/fpga.yaml");
  const auto expect_steps_on = [](const std::vector<int>& grid, int copies_of_depth, int limit) {
    for (int width = 1; width <= 4096; width = width * 5 / 4 + 1) {
      for (int depth = 1; depth < limit; ++depth) {
        const bool steps =
            memory_bram18(width, copies_of_depth * depth) != memory_bram18(width, copies_of_depth * (depth + 1));
        EXPECT_TRUE(!steps || std::binary_search(grid.begin(), grid.end(), depth)) << width << " " << depth;
      }
    }
  };
  expect_steps_on(space.conv.depth_input, 2, space.conv.depth_input.back());
  expect_steps_on(space.conv.depth_weight, 2, space.conv.depth_weight.back());
  expect_steps_on(space.conv.depth_output, 2, space.conv.depth_output.back());
  expect_steps_on(space.conv.depth_output, 1, space.conv.depth_output.back());
  expect_steps_on(space.depthwise.depth_weight, 2, space.depthwise.depth_weight.back());
}

}  // namespace
}  // namespace autonba
