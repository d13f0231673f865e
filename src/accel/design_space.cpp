#include "accel/design_space.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/yaml.hpp"

namespace autonba {
namespace {

std::filesystem::path file_of(const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".yaml")) {
    return name_or_path;
  }
  return configs_folder() / "accelerator" / (name_or_path + ".yaml");
}

/// Whole numbers between the bounds, which must ascend.
std::vector<int> ascending(const YamlMap& map, const std::string& key, int low, int high) {
  std::vector<int> values;
  for (const std::int64_t value : map.integers(key, low, high)) {
    if (!values.empty() && value <= values.back()) {
      map.reject(key, fmt::format("{} does not ascend from {}", value, values.back()));
    }
    values.push_back(static_cast<int>(value));
  }
  return values;
}

/// As `ascending`, each one of `allowed`.
std::vector<int> ascending_among(const YamlMap& map, const std::string& key, const std::vector<int>& allowed) {
  std::vector<int> values = ascending(map, key, allowed.front(), allowed.back());
  for (const int value : values) {
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      map.reject(key, fmt::format("{} is not one of {}", value, fmt::join(allowed, ", ")));
    }
  }
  return values;
}

/// Positions in `names` of the words under `key`, each at most once.
std::vector<std::size_t> words(const YamlMap& map, const std::string& key, const std::vector<std::string>& names) {
  std::vector<std::size_t> values;
  for (const std::string& word : map.texts(key)) {
    const auto found = static_cast<std::size_t>(std::find(names.begin(), names.end(), word) - names.begin());
    if (found == names.size()) {
      map.reject(key, fmt::format("\"{}\" is not one of {}", word, fmt::join(names, ", ")));
    }
    if (std::find(values.begin(), values.end(), found) != values.end()) {
      map.reject(key, fmt::format("\"{}\" stands here twice", word));
    }
    values.push_back(found);
  }
  return values;
}

ChunkSpace read_chunks(const YamlMap& map, ChunkKind kind) {
  constexpr int deepest = 65'536;
  const bool conv = kind == ChunkKind::conv;
  ChunkSpace space;
  space.chunks_min = static_cast<int>(map.integer("chunks_min", 0, 16));
  space.chunks_max = static_cast<int>(map.integer("chunks_max", std::max(space.chunks_min, 1), 16));
  space.bits = ascending(map, "bits", 2, 16);
  space.unroll_m = ascending(map, "unroll_m", 1, 1024);
  space.unroll_n = conv ? ascending(map, "unroll_n", 1, 1024) : std::vector<int>{1};
  space.unroll_p = ascending(map, "unroll_p", 1, 64);
  for (const std::size_t mac : words(map, "mac", {"dsp1", "dsp2", "lut", "plain"})) {
    space.mac.push_back(static_cast<MacKind>(mac));
  }
  space.requant_lanes = ascending(map, "requant_lanes", 1, 1024);
  space.stride_max = ascending_among(map, "stride_max", {1, 2, 4});
  space.depth_input = ascending(map, "depth_input", 1, deepest);
  space.depth_weight = ascending(map, "depth_weight", 1, deepest);
  space.depth_output = ascending(map, "depth_output", 1, deepest);
  space.accumulator = {false};
  if (conv) {
    space.accumulator.clear();
    for (const std::size_t flag : words(map, "accumulator", {"false", "true"})) {
      space.accumulator.push_back(flag == 1);
    }
    std::sort(space.accumulator.begin(), space.accumulator.end());
  }
  space.port_bits = ascending_among(map, "port_bits", {32, 64, 128, 256});
  map.close();
  return space;
}

std::optional<StoreSpace> read_store(const YamlMap& map) {
  if (!map.has("store")) {
    return std::nullopt;
  }
  constexpr int deepest = 1 << 24;
  const YamlMap store = map.map("store");
  StoreSpace space;
  space.port_bits = ascending_among(store, "port_bits", {32, 64, 128});
  space.depth_max = static_cast<int>(store.integer("depth_max", 1, deepest));
  store.close();
  return space;
}

}  // namespace

DesignSpace load_design_space(const std::string& name_or_path) {
  const YamlMap map = YamlMap::load(file_of(name_or_path));
  DesignSpace space;
  space.name = map.text("name");
  space.batch = ascending_among(map, "batch", {1, 2, 4, 8, 16});
  space.conv = read_chunks(map.map("conv"), ChunkKind::conv);
  space.depthwise = read_chunks(map.map("depthwise"), ChunkKind::depthwise);
  space.store = read_store(map);
  const int all = space.conv.chunks_max + space.depthwise.chunks_max;
  const int least = std::max(1, space.conv.chunks_min) + std::max(1, space.depthwise.chunks_min);
  space.chunks_max = static_cast<int>(map.integer("chunks_max", least, all, all));
  map.close();
  return space;
}

}  // namespace autonba
