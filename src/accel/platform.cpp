#include "accel/platform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/files.hpp"
#include "base/yaml.hpp"

namespace autonba {
namespace {

std::filesystem::path file_of(const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".yaml")) {
    return name_or_path;
  }
  return configs_folder() / "platforms" / (name_or_path + ".yaml");
}

LogicCoefficients read_logic(const YamlMap& map) {
  const auto coefficient = [&](const char* key) { return map.number(key, 0, 100'000); };
  const LogicCoefficients logic{
      .lut_per_chunk = coefficient("lut_per_chunk"),
      .ff_per_chunk = coefficient("ff_per_chunk"),
      .lut_per_mac_bit = coefficient("lut_per_mac_bit"),
      .ff_per_mac_bit = coefficient("ff_per_mac_bit"),
      .lut_per_lut_mac_bit2 = coefficient("lut_per_lut_mac_bit2"),
      .lut_per_requant_lane = coefficient("lut_per_requant_lane"),
      .ff_per_requant_lane = coefficient("ff_per_requant_lane"),
      .lut_per_crossbar_input = coefficient("lut_per_crossbar_input"),
      .lut_per_buffer_bit = coefficient("lut_per_buffer_bit"),
      .ff_per_buffer_bit = coefficient("ff_per_buffer_bit"),
      .lut_per_port_bit = coefficient("lut_per_port_bit"),
      .ff_per_port_bit = coefficient("ff_per_port_bit"),
      .lut_per_lutram_bit = coefficient("lut_per_lutram_bit"),
  };
  map.close();
  return logic;
}

constexpr double least_physical = 1e-9;  // in whatever unit: not zero
constexpr double most_physical = 1e9;

double positive(const YamlMap& map, const char* key) {
  return map.number(key, least_physical, most_physical);
}

std::vector<AsicMac> read_macs(const YamlMap& parent) {
  std::vector<AsicMac> macs;
  for (const YamlMap& map : parent.maps("mac")) {
    const AsicMac mac{.bits = static_cast<int>(map.integer("bits", 1, 64)),
                      .energy_pj = positive(map, "energy_pj"),
                      .area_um2 = positive(map, "area_um2")};
    map.close();
    if (!macs.empty() && mac.bits <= macs.back().bits) {
      map.reject("bits", fmt::format("{} does not ascend from {}", mac.bits, macs.back().bits));
    }
    if (!macs.empty() && mac.energy_pj < macs.back().energy_pj) {
      map.reject("energy_pj",
                 fmt::format("{} is less than the {} of fewer bits", mac.energy_pj, macs.back().energy_pj));
    }
    if (!macs.empty() && mac.area_um2 < macs.back().area_um2) {
      map.reject("area_um2", fmt::format("{} is less than the {} of fewer bits", mac.area_um2, macs.back().area_um2));
    }
    macs.push_back(mac);
  }
  if (macs.front().bits > 2 || macs.back().bits < 16) {
    parent.reject("mac", fmt::format("goes from {} to {} bits, but chunks may have 2 to 16", macs.front().bits,
                                     macs.back().bits));
  }
  return macs;
}

void read_sram(const YamlMap& map, AsicTables& tables) {
  tables.sram_macro_bits = static_cast<int>(map.integer("macro_bits", 1, 4096));
  tables.sram_leakage_nw_per_bit = map.number("leakage_nw_per_bit", 0, most_physical);
  for (const YamlMap& entry : map.maps("sizes")) {
    const AsicSram sram{.capacity_bytes = positive(entry, "capacity_bytes"),
                        .read_pj_per_bit = positive(entry, "read_pj_per_bit"),
                        .write_pj_per_bit = positive(entry, "write_pj_per_bit"),
                        .area_um2_per_bit = positive(entry, "area_um2_per_bit")};
    entry.close();
    if (!tables.sram.empty()) {
      const AsicSram& smaller = tables.sram.back();
      if (sram.capacity_bytes <= smaller.capacity_bytes) {
        entry.reject("capacity_bytes",
                     fmt::format("{} does not ascend from {}", sram.capacity_bytes, smaller.capacity_bytes));
      }
      if (sram.capacity_bytes * sram.area_um2_per_bit < smaller.capacity_bytes * smaller.area_um2_per_bit) {
        entry.reject("area_um2_per_bit", fmt::format("{} makes this memory smaller than one of {} bytes",
                                                     sram.area_um2_per_bit, smaller.capacity_bytes));
      }
      if (sram.read_pj_per_bit < smaller.read_pj_per_bit) {
        entry.reject("read_pj_per_bit", fmt::format("{} is less than the {} of a smaller memory", sram.read_pj_per_bit,
                                                    smaller.read_pj_per_bit));
      }
      if (sram.write_pj_per_bit < smaller.write_pj_per_bit) {
        entry.reject("write_pj_per_bit", fmt::format("{} is less than the {} of a smaller memory",
                                                     sram.write_pj_per_bit, smaller.write_pj_per_bit));
      }
    }
    tables.sram.push_back(sram);
  }
  map.close();
}

void read_asic_logic(const YamlMap& map, AsicTables& tables) {
  const auto coefficient = [&](const char* key) { return map.number(key, 0, most_physical); };
  tables.logic_um2_per_chunk = coefficient("um2_per_chunk");
  tables.logic_um2_per_requant_lane = coefficient("um2_per_requant_lane");
  tables.logic_um2_per_crossbar_input = coefficient("um2_per_crossbar_input");
  tables.logic_um2_per_port_bit = coefficient("um2_per_port_bit");
  tables.logic_leakage_nw_per_um2 = coefficient("leakage_nw_per_um2");
  map.close();
}

AsicTables read_asic(const YamlMap& map) {
  AsicTables tables;
  constexpr double um2_of_mm2 = 1e6;
  tables.area_um2 = static_cast<std::int64_t>(map.number("area_mm2", 1e-3, 1e5) * um2_of_mm2);
  tables.mac = read_macs(map);
  read_sram(map.map("sram"), tables);
  tables.dram_pj_per_bit = positive(map, "dram_pj_per_bit");
  read_asic_logic(map.map("logic"), tables);
  return tables;
}

/// An FPGA has DSP, BRAM18, LUT and FF, an ASIC an area and tables; a file with keys of both says nothing.
bool is_asic(const YamlMap& map) {
  constexpr std::array fpga_keys = {"dsp", "bram18", "lut", "ff"};
  constexpr std::array asic_keys = {"area_mm2", "mac", "sram", "dram_pj_per_bit"};
  const auto there = [&](const char* key) { return map.has(key); };
  const auto* fpga = std::find_if(fpga_keys.begin(), fpga_keys.end(), there);
  const auto* asic = std::find_if(asic_keys.begin(), asic_keys.end(), there);
  if (fpga != fpga_keys.end() && asic != asic_keys.end()) {
    map.reject(*asic, fmt::format("is of an ASIC, but `{}` of an FPGA; a platform is one of them", *fpga));
  }
  if (fpga == fpga_keys.end() && asic == asic_keys.end()) {
    map.reject("", "neither `dsp`, `bram18`, `lut` and `ff` (FPGA) nor `area_mm2` (ASIC) are given");
  }
  return asic != asic_keys.end();
}

}  // namespace

Platform load_platform(const std::string& name_or_path) {
  const YamlMap map = YamlMap::load(file_of(name_or_path));
  constexpr int most = 100'000'000;
  const auto count = [&](const char* key, int low) { return static_cast<int>(map.integer(key, low, most)); };
  Platform platform;
  platform.name = map.text("name");
  platform.clock_mhz = map.number("clock_mhz", 1, 10'000);
  if (is_asic(map)) {
    platform.asic = read_asic(map);
  } else {
    platform.dsp = count("dsp", 0);
    platform.bram18 = count("bram18", 0);
    platform.lut = count("lut", 1);
    platform.ff = count("ff", 1);
    platform.logic = read_logic(map.map("logic"));
  }
  platform.memory_bits_per_cycle = count("memory_bits_per_cycle", 32);
  platform.read_latency = count("read_latency_cycles", 0);
  platform.write_latency = count("write_latency_cycles", 0);
  platform.layer_start = count("layer_start_cycles", 0);
  platform.layer_end = count("layer_end_cycles", 0);
  for (const std::string& source : map.texts("sources")) {
    if (source.empty()) {
      map.reject("sources", "an empty source says nothing");
    }
  }
  map.close();
  return platform;
}

}  // namespace autonba
