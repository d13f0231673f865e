#include "model/space.hpp"

#include <algorithm>
#include <cstdio>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/yaml.hpp"

namespace autonba {
namespace {

Operator parse_operator(const YamlMap& map, const std::string& text) {
  if (text == "skip") {
    return {.skip = true};
  }
  Operator op{.groups = 1};
  std::sscanf(text.c_str(), "k%2d_e%2d_g%2d", &op.kernel, &op.expansion, &op.groups);
  if (std::min({op.kernel, op.expansion, op.groups}) < 1 || name(op) != text) {
    map.reject("operators", fmt::format("\"{}\" is neither skip nor of the form k3_e6 or k3_e1_g2 (kernel, expansion, "
                                        "groups)",
                                        text));
  }
  if (op.kernel % 2 == 0) {
    map.reject("operators", fmt::format("\"{}\": the kernel must be odd", text));
  }
  return op;
}

/// Blocks of all stages, from the stem's output on.
std::vector<Block> read_blocks(const YamlMap& map, int channels, int height, int width) {
  std::vector<Block> blocks;
  for (const YamlMap& stage : map.maps("stages")) {
    const auto count = stage.integer("blocks", 1, 64);
    const auto channels_out = static_cast<int>(stage.integer("channels", 1, 4096));
    const auto stride = static_cast<int>(stage.integer("stride", 1, 2));
    for (std::int64_t i = 0; i < count; ++i) {
      const Block block{channels, channels_out, i == 0 ? stride : 1, height, width};
      blocks.push_back(block);
      channels = channels_out;
      height = (height - 1) / block.stride + 1;
      width = (width - 1) / block.stride + 1;
    }
    stage.close();
  }
  return blocks;
}

void check_groups(const YamlMap& map, const SearchSpace& space) {
  for (const Operator& op : space.operators) {
    for (const Block& block : space.blocks) {
      if (!op.skip && (block.channels_in % op.groups != 0 || block.channels_out % op.groups != 0)) {
        map.reject("operators", fmt::format("{}: {} groups do not divide a block's {} and {} channels", name(op),
                                            op.groups, block.channels_in, block.channels_out));
      }
    }
  }
}

std::filesystem::path file_of(const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".yaml")) {
    return name_or_path;
  }
  return configs_folder() / "spaces" / (name_or_path + ".yaml");
}

}  // namespace

std::string name(const Operator& op) {
  if (op.skip) {
    return "skip";
  }
  return fmt::format("k{}_e{}", op.kernel, op.expansion) + (op.groups > 1 ? fmt::format("_g{}", op.groups) : "");
}

bool keeps_shape(const Block& block) {
  return block.stride == 1 && block.channels_in == block.channels_out;
}

bool is_identity(const SearchSpace& space, const Architecture& architecture, std::size_t block) {
  return space.operators[static_cast<std::size_t>(architecture[block].op)].skip && keeps_shape(space.blocks[block]);
}

SearchSpace load_space(const std::string& name_or_path) {
  const YamlMap map = YamlMap::load(file_of(name_or_path));
  SearchSpace space;
  space.name = map.text("name");
  const YamlMap input = map.map("input");
  space.input.channels = static_cast<int>(input.integer("channels", 1, 16));
  space.input.height = static_cast<int>(input.integer("height", 4, 1024));
  space.input.width = static_cast<int>(input.integer("width", 4, 1024));
  input.close();
  const YamlMap stem = map.map("stem");
  space.stem_channels = static_cast<int>(stem.integer("channels", 1, 4096));
  space.stem_kernel = static_cast<int>(stem.integer("kernel", 1, 11, 3));
  space.stem_stride = static_cast<int>(stem.integer("stride", 1, 4));
  stem.close();
  const int height = (space.input.height - 1) / space.stem_stride + 1;
  const int width = (space.input.width - 1) / space.stem_stride + 1;
  space.blocks = read_blocks(map, space.stem_channels, height, width);
  for (const std::string& text : map.texts("operators")) {
    space.operators.push_back(parse_operator(map, text));
  }
  for (const std::int64_t bits : map.integers("bits", 2, 8)) {
    space.bits.push_back(static_cast<int>(bits));
  }
  if (!std::is_sorted(space.bits.begin(), space.bits.end(), std::less_equal<>())) {
    map.reject("bits", "must ascend, each once");
  }
  const YamlMap head = map.map("head");
  space.head_channels = static_cast<int>(head.integer("channels", 1, 8192));
  head.close();
  map.close();
  check_groups(map, space);
  return space;
}

Architecture random_architecture(const SearchSpace& space, Rng& rng) {
  Architecture architecture(space.blocks.size());
  for (BlockChoice& choice : architecture) {
    choice.op = static_cast<int>(uniform_index(rng, space.operators.size()));
    choice.bits = static_cast<int>(uniform_index(rng, space.bits.size()));
  }
  return architecture;
}

}  // namespace autonba
