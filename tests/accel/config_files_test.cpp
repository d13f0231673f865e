// Platforms and design spaces: what ships loads, and what is wrong is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>

#include "accel/asic.hpp"
#include "accel/design_space.hpp"
#include "accel/platform.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace autonba {
namespace {

using ::testing::HasSubstr;

const std::string configs = AUTONBA_SOURCE_DIR "/configs/";

/// A folder of this process alone, removed at its end.
const std::filesystem::path& folder() {
  static const struct OfProcess {
    std::filesystem::path path =
        std::filesystem::path(testing::TempDir()) / ("autonba-configs-" + std::to_string(::getpid()));
    OfProcess() { std::filesystem::create_directories(path); }
    ~OfProcess() { std::filesystem::remove_all(path); }
  } of_process;
  return of_process.path;
}

/// The shipped file with one line replaced, in a file of its own.
std::string changed(const std::string& shipped, const std::string& pattern, const std::string& replacement) {
  const std::string text = read_file(configs + shipped);
  const std::string other =
      std::regex_replace(text, std::regex(pattern), replacement, std::regex_constants::format_first_only);
  EXPECT_NE(text, other) << pattern;
  const std::string file = folder() / std::filesystem::path(shipped).filename();
  std::ofstream(file) << other;
  return file;
}

std::string complaint(const std::function<void()>& load) {
  try {
    load();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Platforms, AllThatShipLoadUnderTheirNames) {
  for (const std::string name : {"zc706", "zc706-pl", "zcu102", "pynq-z2"}) {
    const Platform platform = load_platform(configs + "platforms/" + name + ".yaml");
    EXPECT_EQ(platform.name, name);
    EXPECT_GT(platform.logic.lut_per_mac_bit, 0);
  }
}

TEST(Platforms, AnAsicHasTablesAndNoneOfAnFpgasResources) {
  for (const std::string name : {"asic-65nm", "asic-28nm"}) {
    const Platform platform = load_platform(configs + "platforms/" + name + ".yaml");
    EXPECT_EQ(platform.name, name);
    ASSERT_TRUE(platform.asic);
    EXPECT_EQ(platform.dsp + platform.bram18 + platform.lut + platform.ff, 0);
  }
  EXPECT_FALSE(load_platform(configs + "platforms/zc706.yaml").asic);
  EXPECT_EQ(load_platform(configs + "platforms/asic-65nm.yaml").asic->area_um2, 12'250'000);
}

// The table is scaled from 45 nm; what was published of 65 nm is near it: 15 pJ for 16 bits of Eyeriss' global buffer,
// 2 pJ for its multiply-accumulate with registers and control (Gao et al., ASPLOS 2017), and DRAM 200, global buffer 6
// and register file 1 times a multiply-accumulate (Chen et al., ISCA 2016).
TEST(Platforms, TheTableOf65nmIsNearWhatWasPublishedOfIt) {
  const AsicTables tables = *load_platform(configs + "platforms/asic-65nm.yaml").asic;
  const double buffer_pj = 16 * sram_of(tables, 64, 108 * 1024 / 8).read_pj_per_bit;
  const double mac_pj = mac_of(tables, 16).energy_pj;
  EXPECT_NEAR(buffer_pj, 15, 0.1 * 15);
  EXPECT_LT(mac_pj, 2);
  EXPECT_GT(mac_pj, 0.6 * 2);
  EXPECT_NEAR(buffer_pj / 2, 6, 0.35 * 6);
  EXPECT_NEAR(16 * tables.dram_pj_per_bit / 2, 200, 0.2 * 200);
}

TEST(Platforms, OfOneNodeTakeLessThanThoseOfAnOlder) {
  const AsicTables older = *load_platform(configs + "platforms/asic-65nm.yaml").asic;
  const AsicTables newer = *load_platform(configs + "platforms/asic-28nm.yaml").asic;
  for (const int bits : {2, 3, 8, 16}) {
    EXPECT_LT(mac_of(newer, bits).energy_pj, mac_of(older, bits).energy_pj);
    EXPECT_LT(mac_of(newer, bits).area_um2, mac_of(older, bits).area_um2);
  }
  for (int depth = 16; depth < 100'000; depth *= 2) {
    EXPECT_LT(sram_of(newer, 64, depth).read_pj_per_bit, sram_of(older, 64, depth).read_pj_per_bit);
    EXPECT_LT(sram_of(newer, 64, depth).area_um2_per_bit, sram_of(older, 64, depth).area_um2_per_bit);
  }
}

TEST(Platforms, WhatIsWrongOfAnAsicIsNamed) {
  const auto complains = [](const std::string& pattern, const std::string& replacement, const char* key,
                            const char* why) {
    const std::string said =
        complaint([&] { load_platform(changed("platforms/asic-65nm.yaml", pattern, replacement)); });
    EXPECT_THAT(said, HasSubstr(key));
    EXPECT_THAT(said, HasSubstr(why));
    EXPECT_THAT(said, ::testing::ContainsRegex("asic-65nm.yaml:[0-9]+"));
  };
  complains("area_mm2: 12.25", "area_mm2: 0", "area_mm2", "0 is not between");
  complains("\narea_mm2", "\ndsp: 900\narea_mm2", "area_mm2", "`dsp` of an FPGA");
  complains("\narea_mm2: 12.25", "\narea: 12.25", "area_mm2", "is missing");
  complains("bits: 4, energy_pj: 0.238", "bits: 4, energy_pj: 0.1", "mac[1].energy_pj", "0.1 is less than");
  complains("bits: 4, energy_pj: 0.238, area_um2: 827", "bits: 4, energy_pj: 0.238, area_um2: 1", "mac[1].area_um2",
            "less than");
  complains("bits: 8, energy", "bits: 4, energy", "mac[2].bits", "does not ascend");
  complains("bits: 16, energy", "bits: 12, energy", "mac", "2 to 16");
  complains("bits: 8, energy_pj: 0.473", "bits: 8, energy_pj: 0", "mac[2].energy_pj", "0 is not between");
  complains("capacity_bytes: 32768", "capacity_bytes: 1024", "sram.sizes[3].capacity_bytes", "does not ascend");
  complains("read_pj_per_bit: 0.493", "read_pj_per_bit: 0.1", "sram.sizes[3].read_pj_per_bit", "smaller memory");
  complains("write_pj_per_bit: 0.493", "write_pj_per_bit: 0.1", "sram.sizes[3].write_pj_per_bit", "smaller memory");
  complains("macro_bits: 64", "macro_bits: 0", "sram.macro_bits", "0 is not between");
  complains("dram_pj_per_bit: 28.75", "dram_pj_per_bit: -1", "dram_pj_per_bit", "-1 is not between");
  complains("dram_pj_per_bit: 28.75", "dram_nj_per_bit: 28.75", "dram_pj_per_bit", "is missing");
  complains("um2_per_chunk: 43400", "um2_per_chunk: much", "logic.um2_per_chunk", "much");
  complains("leakage_nw_per_um2: 10.3", "leakage_nw_per_um2: 10.3\n  lut: 3", "logic.lut", "not a key");
}

TEST(Platforms, OneThatIsNeitherFpgaNorAsicIsRefused) {
  const std::string file = folder() / "neither.yaml";
  std::ofstream(file) << "name: neither\nclock_mhz: 100\n";
  EXPECT_THAT(complaint([&] { load_platform(file); }), HasSubstr("area_mm2"));
}

// DS190 and DS891.
TEST(Platforms, HaveTheResourcesOfTheirDevices) {
  const Platform zc706 = load_platform(configs + "platforms/zc706.yaml");
  EXPECT_EQ(zc706.dsp, 900);
  EXPECT_EQ(zc706.bram18, 2 * 545);
  EXPECT_EQ(zc706.lut, 218'600);
  EXPECT_EQ(zc706.ff, 437'200);
  EXPECT_EQ(zc706.memory_bits_per_cycle, 128);
  EXPECT_EQ(load_platform(configs + "platforms/zc706-pl.yaml").memory_bits_per_cycle, 384);
  EXPECT_EQ(load_platform(configs + "platforms/zcu102.yaml").bram18, 2 * 912);
  EXPECT_EQ(load_platform(configs + "platforms/pynq-z2.yaml").bram18, 2 * 140);
}

TEST(Platforms, WhatIsWrongIsNamed) {
  const auto load = [](const std::string& file) { return complaint([&] { load_platform(file); }); };
  EXPECT_THAT(load(changed("platforms/zc706.yaml", "\ndsp: 900", "\ndsp: many")), HasSubstr("dsp: \"many\""));
  EXPECT_THAT(load(changed("platforms/zc706.yaml", "\nbram18:", "\nbram_18:")), HasSubstr("bram18"));
  EXPECT_THAT(load(changed("platforms/zc706.yaml", "lut_per_chunk: 3000", "lut_per_chunk: -1")),
              HasSubstr("logic.lut_per_chunk"));
  EXPECT_THAT(load(changed("platforms/zc706.yaml", "\nff: 437200", "\nff: 437200\nclok: 3")), HasSubstr("clok"));
  EXPECT_THAT(load("no-such-platform.yaml"), HasSubstr("no-such-platform.yaml"));
}

TEST(DesignSpaces, TheSmallOneIsAPartOfTheRichOne) {
  const DesignSpace rich = load_design_space(configs + "accelerator/fpga.yaml");
  const DesignSpace small = load_design_space(configs + "accelerator/fpga-small.yaml");
  const auto expect_part = [](const std::vector<int>& part, const std::vector<int>& whole) {
    for (const int value : part) {
      EXPECT_THAT(whole, ::testing::Contains(value));
    }
  };
  expect_part(small.batch, rich.batch);
  for (const auto& [part, whole] : {std::pair(small.conv, rich.conv), std::pair(small.depthwise, rich.depthwise)}) {
    EXPECT_LE(part.chunks_max, whole.chunks_max);
    for (std::vector<int> ChunkSpace::*list :
         {&ChunkSpace::bits, &ChunkSpace::unroll_m, &ChunkSpace::unroll_n, &ChunkSpace::unroll_p,
          &ChunkSpace::requant_lanes, &ChunkSpace::stride_max, &ChunkSpace::depth_input, &ChunkSpace::depth_weight,
          &ChunkSpace::depth_output, &ChunkSpace::port_bits}) {
      expect_part(part.*list, whole.*list);
    }
  }
}

TEST(DesignSpaces, TheOneWithAStoreIsTheRichOneOtherwise) {
  DesignSpace space = load_design_space("fpga-store");
  ASSERT_TRUE(space.store);
  EXPECT_EQ(space.store->port_bits, (std::vector<int>{32, 64, 128}));
  space.store.reset();
  space.name = "fpga";
  EXPECT_EQ(space, load_design_space("fpga"));
}

TEST(DesignSpaces, TheOneForAsicsHasPlainMultipliersOnly) {
  const DesignSpace space = load_design_space(configs + "accelerator/asic.yaml");
  EXPECT_EQ(space.conv.mac, std::vector{MacKind::plain});
  EXPECT_EQ(space.depthwise.mac, std::vector{MacKind::plain});
}

TEST(DesignSpaces, WhatIsWrongIsNamed) {
  const auto load = [](const std::string& file) { return complaint([&] { load_design_space(file); }); };
  const std::string file = "accelerator/fpga-small.yaml";
  EXPECT_THAT(load(changed(file, "unroll_m: \\[8, 16, 32\\]", "unroll_m: [8, 32, 16]")), HasSubstr("does not ascend"));
  EXPECT_THAT(load(changed(file, "stride_max: \\[2\\]", "stride_max: [3]")), HasSubstr("is not one of 1, 2, 4"));
  EXPECT_THAT(load(changed(file, "mac: \\[dsp1, dsp2\\]", "mac: [dsp1, dsp3]")), HasSubstr("dsp3"));
  EXPECT_THAT(load(changed(file, "chunks_max: 2", "chunks_max: 0")), HasSubstr("chunks_max"));
  EXPECT_THAT(load(changed(file, "port_bits: \\[32, 64, 128\\]", "port_bits: [32, 48]")), HasSubstr("48"));
  EXPECT_THAT(load(changed(file, "accumulator: \\[false\\]", "accumulator: [maybe]")), HasSubstr("maybe"));
  EXPECT_THAT(load(changed(file, "  depth_input", "  dept_input")), HasSubstr("depth_input"));
}

TEST(Chunks, WhatCannotBeBuiltIsSaid) {
  Chunk chunk{.unroll_m = 8, .unroll_p = 4, .requant_lanes = 4};
  EXPECT_EQ(defect(chunk), std::nullopt);
  chunk.requant_lanes = 16;  // 2 * U_m, 2 divides U_p
  EXPECT_EQ(defect(chunk), std::nullopt);
  chunk.requant_lanes = 24;  // 3 does not
  EXPECT_NE(defect(chunk), std::nullopt);
  chunk.requant_lanes = 3;
  EXPECT_NE(defect(chunk), std::nullopt);
  EXPECT_NE(defect(Chunk{.unroll_p = 32, .stride_max = 4}), std::nullopt);
  EXPECT_NE(defect(Chunk{.kind = ChunkKind::depthwise, .unroll_n = 2}), std::nullopt);
  EXPECT_NE(defect(Chunk{.bits = 9, .mac = MacKind::dsp2}), std::nullopt);
}

TEST(Chunks, ThePipelineGrowsWithTheAdderTree) {
  const int without = pipeline_depth(ChunkKind::conv, 1);
  EXPECT_EQ(pipeline_depth(ChunkKind::depthwise, 1), without);
  EXPECT_EQ(pipeline_depth(ChunkKind::conv, 2), without + 1);
  EXPECT_EQ(pipeline_depth(ChunkKind::conv, 3), without + 2);
  EXPECT_EQ(pipeline_depth(ChunkKind::conv, 16), without + 4);
  EXPECT_EQ(pipeline_depth(ChunkKind::conv, 17), without + 5);
}

}  // namespace
}  // namespace autonba
