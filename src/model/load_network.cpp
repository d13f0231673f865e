#include "model/load_network.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "model/network_json.hpp"
#include "model/network_yaml.hpp"
#include "model/read_onnx.hpp"

namespace autonba {
namespace {

/// The file of a network in configs/networks.
std::filesystem::path file_named(const std::string& name) {
  const std::filesystem::path folder = configs_folder() / "networks";
  std::vector<std::string> names;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const auto meant = nearest(name, names);
    throw input_error("there is no network {} in {}; {}, or the path of a .yaml, .json or .onnx file", name,
                      folder.string(), meant ? fmt::format("did you mean {}?", *meant) : "there are " + any_of(names));
  }
  return folder / (name + ".yaml");
}

Network read(const std::string& name_or_path) {
  if (name_or_path.ends_with(".json")) {
    return read_network(name_or_path);
  }
  const bool is_path = name_or_path.ends_with(".yaml") || name_or_path.find('/') != std::string::npos;
  return read_network_yaml(is_path ? std::filesystem::path(name_or_path) : file_named(name_or_path)).network;
}

}  // namespace

void set_bits(Network& network, int bits) {
  network.input.bits = bits;
  for (Layer& layer : network.layers) {
    layer.bits = bits;
    layer.bits_out = layer.bits_out == 32 ? 32 : bits;
  }
}

Network load_network(const std::string& name_or_path, const LoadOptions& options) {
  if (name_or_path.ends_with(".onnx")) {
    return read_onnx(name_or_path, {options.bits.value_or(8), options.bits.value_or(8)});
  }
  Network network = read(name_or_path);
  if (options.bits) {
    set_bits(network, *options.bits);
    check(network, name_or_path);
  }
  return network;
}

}  // namespace autonba
