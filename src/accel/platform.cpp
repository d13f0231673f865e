#include "accel/platform.hpp"

#include <limits>

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

}  // namespace

Platform load_platform(const std::string& name_or_path) {
  const YamlMap map = YamlMap::load(file_of(name_or_path));
  constexpr int most = 100'000'000;
  const auto count = [&](const char* key, int low) { return static_cast<int>(map.integer(key, low, most)); };
  Platform platform;
  platform.name = map.text("name");
  platform.clock_mhz = map.number("clock_mhz", 1, 10'000);
  platform.dsp = count("dsp", 0);
  platform.bram18 = count("bram18", 0);
  platform.lut = count("lut", 1);
  platform.ff = count("ff", 1);
  platform.memory_bits_per_cycle = count("memory_bits_per_cycle", 32);
  platform.read_latency = count("read_latency_cycles", 0);
  platform.write_latency = count("write_latency_cycles", 0);
  platform.layer_start = count("layer_start_cycles", 0);
  platform.layer_end = count("layer_end_cycles", 0);
  platform.logic = read_logic(map.map("logic"));
  for (const std::string& source : map.texts("sources")) {
    if (source.empty()) {
      map.reject("sources", "an empty source says nothing");
    }
  }
  map.close();
  return platform;
}

}  // namespace autonba
