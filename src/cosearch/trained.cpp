#include "cosearch/trained.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "cosearch/recipe.hpp"
#include "cosearch/state_json.hpp"
#include "model/network_json.hpp"

namespace autonba {
namespace {

/// The architecture with what `train.bits` asks for.
Architecture trained_architecture(const TrainConfig& train, const SearchSpace& space, Architecture architecture) {
  check_train_bits(train, space);
  const auto found = std::find(space.bits.begin(), space.bits.end(), train.bits);
  if (found != space.bits.end()) {
    for (BlockChoice& choice : architecture) {
      choice.bits = static_cast<int>(found - space.bits.begin());
    }
  }
  return architecture;
}

bool is_of(const Architecture& architecture, const SearchSpace& space) {
  const auto counts = [](int index, std::size_t count) { return index >= 0 && index < static_cast<int>(count); };
  return architecture.size() == space.blocks.size() &&
         std::all_of(architecture.begin(), architecture.end(), [&](const BlockChoice& choice) {
           return counts(choice.op, space.operators.size()) && counts(choice.bits, space.bits.size());
         });
}

}  // namespace

void check_train_bits(const TrainConfig& train, const SearchSpace& space) {
  const bool offered = std::find(space.bits.begin(), space.bits.end(), train.bits) != space.bits.end();
  if (!offered && train.bits != 0 && train.bits != float_bits) {
    throw input_error("train.bits: {} is not among the bitwidths of {} ({}); 0 takes those of the search, {} is float",
                      train.bits, space.name, fmt::join(space.bits, ", "), float_bits);
  }
}

Architecture derived_architecture(const std::filesystem::path& network_file, const SearchSpace& space) {
  const std::string name = network_file.string();
  const Json document = read_json(network_file, network_schema);
  const auto classes = json_value<std::vector<std::string>>(document, "classes", name).size();
  Architecture architecture;
  try {
    architecture = architecture_from_indices(json_value<Json>(document, "architecture_indices", name));
  } catch (const nlohmann::json::exception&) {
    throw input_error("{}: architecture_indices: must be a list of [operator, bits], counted from 0", name);
  }
  if (!is_of(architecture, space) ||
      make_network(space, architecture, static_cast<int>(classes)) != network_from_json(document, name)) {
    throw input_error("{}: its layers are not those that its architecture_indices name in the space {} of today", name,
                      space.name);
  }
  return architecture;
}

Supernet make_derived_net(const Config& config, const SearchSpace& space, const Architecture& architecture,
                          int classes) {
  Rng rng = make_rng(config.train.seed, "train-weights");
  NetOptions options = net_options(config, classes);
  if (config.train.bits == float_bits) {
    options.quantizer = QuantizerKind::none;
  }
  const Architecture trained = trained_architecture(config.train, space, architecture);
  return Supernet(space, derived_candidates(space, trained), options, rng);
}

TrainedNetwork load_trained(const std::filesystem::path& run, torch::Device device) {
  const std::filesystem::path weights = run / "weights.pt";
  if (!std::filesystem::exists(weights)) {
    throw input_error("{}: holds no trained network (weights.pt); `autonba search` makes one", run.string());
  }
  Config config = load_config(run / "config.yaml");
  config.device = device.is_cuda() ? "cuda" : "cpu";
  const std::filesystem::path file = run / "network.json";
  auto classes = json_value<std::vector<std::string>>(read_json(file, network_schema), "classes", file.string());
  const SearchSpace space = load_space(config.space);
  Supernet net = make_derived_net(config, space, derived_architecture(file, space), static_cast<int>(classes.size()));
  net.restore(read_file(weights), weights.string());
  return {std::move(config), std::move(net), std::move(classes)};
}

}  // namespace autonba
