#include "accel/asic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "accel/resources.hpp"

namespace autonba {
namespace {

/// Round numbers, so that sums can be done by hand.
AsicTables simple_tables() {
  return {.area_um2 = 1'000'000,
          .mac = {{2, 1, 10}, {8, 4, 100}, {16, 16, 400}},
          .sram_macro_bits = 64,
          .sram = {{256, 0.01, 0.02, 2}, {1024, 0.02, 0.04, 1}, {4096, 0.04, 0.08, 1}},
          .sram_leakage_nw_per_bit = 2,
          .dram_pj_per_bit = 10,
          .logic_um2_per_chunk = 1000,
          .logic_um2_per_requant_lane = 100,
          .logic_um2_per_crossbar_input = 0.5,
          .logic_um2_per_port_bit = 3,
          .logic_leakage_nw_per_um2 = 0.25};
}

Chunk small_chunk() {
  return {.bits = 8,
          .unroll_m = 4,
          .unroll_n = 2,
          .unroll_p = 2,
          .mac = MacKind::plain,
          .requant_lanes = 4,
          .stride_max = 1,
          .depth_input = 64,
          .depth_weight = 64,
          .depth_output = 32,
          .accumulator = true,
          .port_bits = 64};
}

TEST(AsicTables, MultipliersBetweenTwoEntriesLieOnAPowerLaw) {
  const AsicTables tables = simple_tables();
  EXPECT_DOUBLE_EQ(mac_of(tables, 2).energy_pj, 1);
  EXPECT_DOUBLE_EQ(mac_of(tables, 8).energy_pj, 4);
  EXPECT_DOUBLE_EQ(mac_of(tables, 16).area_um2, 400);
  EXPECT_NEAR(mac_of(tables, 4).energy_pj, 2, 1e-9);               // linear from 2 to 8 bits
  EXPECT_NEAR(mac_of(tables, 12).energy_pj, 4 * 1.5 * 1.5, 1e-9);  // quadratic from 8 to 16
}

TEST(AsicTables, AWideMemoryIsSeveralMacrosSideBySide) {
  const AsicTables tables = simple_tables();
  EXPECT_DOUBLE_EQ(sram_of(tables, 64, 128).read_pj_per_bit, 0.02);                      // 1024 bytes
  EXPECT_DOUBLE_EQ(sram_of(tables, 640, 128).read_pj_per_bit, 0.02);                     // ten of them
  EXPECT_NEAR(sram_of(tables, 96, 128).write_pj_per_bit, 0.04 * std::sqrt(0.75), 1e-9);  // two of 48 bits
  EXPECT_NEAR(sram_of(tables, 64, 64).read_pj_per_bit, 0.01 * std::sqrt(2), 1e-9);
  EXPECT_DOUBLE_EQ(sram_of(tables, 8, 16).area_um2_per_bit, 2);          // as the smallest
  EXPECT_DOUBLE_EQ(sram_of(tables, 64, 1 << 20).read_pj_per_bit, 0.04);  // as the largest
}

// Memories of the chunk: 2 inputs of 16 bits x 128, weights of 64 x 128, 2 outputs of 32 x 64, 2 accumulators of 128 x
// 32, 4 parameter banks of 96 x 128. In bytes of a macro: 256, 1024, 256, 256 (two macros), 768 (two).
TEST(AsicArea, OfAChunkByHand) {
  const AsicArea area = asic_area(small_chunk(), false, simple_tables());
  EXPECT_DOUBLE_EQ(area.macs_um2, 4 * 2 * 2 * 100);
  const double parameter_bit = 2 * std::pow(0.5, std::log(3.0) / std::log(4.0));
  const double bits[] = {2 * 16 * 128, 64 * 128, 2 * 32 * 64, 2 * 128 * 32, 4 * 96 * 128};
  EXPECT_DOUBLE_EQ(area.sram_bits, bits[0] + bits[1] + bits[2] + bits[3] + bits[4]);
  EXPECT_NEAR(area.sram_um2, 2 * bits[0] + bits[1] + 2 * bits[2] + 2 * bits[3] + parameter_bit * bits[4], 1e-6);
  EXPECT_DOUBLE_EQ(area.logic_um2, 1000 + 4 * 100 + 0.5 * (2 * 8 * 2 * 1) + 3 * 64);

  Platform platform;
  platform.asic = simple_tables();
  platform.memory_bits_per_cycle = 64;
  const Resources resources = chunk_resources(small_chunk(), false, platform);
  EXPECT_EQ(resources.area_um2, static_cast<std::int64_t>(std::ceil(area.macs_um2 + area.sram_um2 + area.logic_um2)));
  EXPECT_EQ(resources.dsp + resources.bram18 + resources.lut + resources.ff, 0);
  EXPECT_TRUE(fits(resources, platform));
  platform.asic->area_um2 = resources.area_um2 - 1;
  EXPECT_FALSE(fits(resources, platform));
}

TEST(ChunkEnergy, CountsEveryKindOfAccessAtItsPrice) {
  const ChunkEnergy energy(small_chunk(), false, simple_tables());
  EXPECT_DOUBLE_EQ(energy.of({}), 0);
  EXPECT_DOUBLE_EQ(energy.of({.operations = 3}), 3 * 4);
  EXPECT_DOUBLE_EQ(energy.of({.loaded_words = 2}), 2 * 64 * 10);
  EXPECT_DOUBLE_EQ(energy.of({.stored_words = 5}), 5 * 64 * 10);
  EXPECT_NEAR(energy.of({.input = {1, 0}}), 16 * 0.01, 1e-9);
  EXPECT_NEAR(energy.of({.input = {0, 1}}), 16 * 0.02, 1e-9);
  EXPECT_NEAR(energy.of({.weight = {1, 1}}), 64 * (0.02 + 0.04), 1e-9);
  EXPECT_NEAR(energy.of({.output = {1, 1}}), 32 * (0.01 + 0.02), 1e-9);
  EXPECT_NEAR(energy.of({.accumulator = {1, 1}}), 128 * (0.01 + 0.02), 1e-9);
  EXPECT_NEAR(energy.of({.parameters = {1, 0}}), 96 * 0.01 * std::pow(2, std::log(3.0) / std::log(4.0)), 1e-9);
  const AsicArea area = asic_area(small_chunk(), false, simple_tables());
  EXPECT_DOUBLE_EQ(energy.leakage_nw(), 2 * area.sram_bits + 0.25 * (area.macs_um2 + area.logic_um2));
}

TEST(ChunkEnergy, AResidualChunkHasSmallerOutputMemories) {
  Chunk chunk = small_chunk();
  chunk.depth_output = 256;  // 32 bits x 512: 2048 bytes; with residuals two of 1024
  EXPECT_NEAR(ChunkEnergy(chunk, false, simple_tables()).of({.output = {1, 0}}), 32 * 0.02 * std::sqrt(2), 1e-9);
  EXPECT_NEAR(ChunkEnergy(chunk, true, simple_tables()).of({.output = {1, 0}}), 32 * 0.02, 1e-9);
}

}  // namespace
}  // namespace autonba
