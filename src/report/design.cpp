#include "report/design.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "model/network_json.hpp"
#include "report/history.hpp"

namespace autonba {
namespace {

constexpr const char* file = "accelerator.json";

double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

/// Multiply-accumulates that the chunk can start in a cycle.
std::int64_t macs_per_cycle(const Json& chunk) {
  const std::string place = std::string(file) + ": chunks";
  const auto unroll = json_value<Json>(chunk, "unroll", place);
  std::int64_t product = 1;
  for (const char* dimension : {"m", "n", "p"}) {
    product *= json_value<std::int64_t>(unroll, dimension, place + ": unroll");
  }
  return product;
}

Json utilisation(std::int64_t work, std::int64_t cycles, std::int64_t macs_in_a_cycle) {
  return work > 0 ? Json(share(static_cast<double>(work), static_cast<double>(cycles * macs_in_a_cycle))) : Json();
}

const Json& placed_layer(const std::map<std::string, Json>& placed, const std::string& id) {
  const auto found = placed.find(id);
  if (found == placed.end()) {
    throw input_error("{}: layers: the layer {} of network.json is missing", file, id);
  }
  return found->second;
}

/// What the table of layers shows of one layer, and the timeline of its chunk.
Json layer_data(const Layer& layer, const std::string& op, const Json& placed, const std::vector<std::int64_t>& speeds,
                std::int64_t batch, std::int64_t ii_cycles) {
  const std::string place = fmt::format("{}: layer {}", file, layer.id);
  const auto chunk = json_value<std::size_t>(placed, "chunk", place);
  if (chunk >= speeds.size()) {
    throw input_error("{}: chunk: {} is not between 0 and {}", place, chunk, speeds.size() - 1);
  }
  const auto cycles = json_value<std::int64_t>(placed, "cycles", place);
  return {{"id", layer.id},
          {"op", op},
          {"in", {layer.channels_in, layer.height_in, layer.width_in}},
          {"out", {layer.channels_out, height_out(layer), width_out(layer)}},
          {"kernel", layer.kernel},
          {"stride", sizes_json(layer.stride)},
          {"groups", layer.groups},
          {"bits", layer.bits},
          {"bits_out", layer.bits_out},
          {"block", layer.block},
          {"macs", macs(layer)},
          {"weights", weight_count(layer)},
          {"chunk", chunk},
          {"tile", json_value<Json>(placed, "tile", place)},
          {"order", json_value<std::string>(placed, "order", place)},
          {"start_cycle", json_value<std::int64_t>(placed, "start_cycle", place)},
          {"stage", json_value<int>(placed, "stage", place)},
          {"cycles", cycles},
          {"share_of_ii", share(static_cast<double>(cycles), static_cast<double>(ii_cycles))},
          {"utilisation", utilisation(batch * macs(layer), cycles, speeds[chunk])}};
}

/// Used of available, by each chunk and by the feature store; nothing of what the platform does not have.
Json resources_data(const Json& platform, const Json& cost, const std::vector<Json>& chunks) {
  const std::pair<const char*, const char*> kinds[] = {
      {"dsp", "DSP"}, {"bram18", "BRAM18"}, {"lut", "LUT"}, {"ff", "FF"}, {"area_um2", "Area, µm²"}};
  Json resources = Json::array();
  const bool is_asic = platform.contains("area_um2");
  for (const auto& [key, name] : kinds) {
    if (is_asic != (std::string_view(key) == "area_um2")) {
      continue;
    }
    const auto used = json_value<std::int64_t>(cost, key, std::string(file) + ": cost");
    const auto available = json_value<std::int64_t>(platform, key, std::string(file) + ": platform");
    Json parts = Json::array();
    std::int64_t of_store = used;
    for (const Json& chunk : chunks) {
      const auto own = json_value<Json>(chunk, "resources", std::string(file) + ": chunks");
      parts.push_back(json_value<std::int64_t>(own, key, std::string(file) + ": chunks: resources"));
      of_store -= parts.back().get<std::int64_t>();
    }
    resources.push_back({{"name", name},
                         {"used", used},
                         {"available", available},
                         {"share", share(static_cast<double>(used), static_cast<double>(available))},
                         {"chunks", parts},
                         {"store", of_store}});
  }
  return resources;
}

/// The sums over a chunk's layers, beside what accelerator.json says of the chunk.
Json chunk_data(Json chunk, std::size_t index, const Json& layers, std::int64_t speed, std::int64_t batch,
                std::int64_t ii_cycles) {
  std::int64_t cycles = 0;
  std::int64_t work = 0;
  std::int64_t count = 0;
  for (const Json& layer : layers) {
    if (layer.at("chunk") == index) {
      cycles += layer.at("cycles").get<std::int64_t>();
      work += batch * layer.at("macs").get<std::int64_t>();
      ++count;
    }
  }
  chunk["macs_per_cycle"] = speed;
  chunk["layers"] = count;
  chunk["cycles"] = cycles;
  chunk["share_of_ii"] = share(static_cast<double>(cycles), static_cast<double>(ii_cycles));
  chunk["utilisation"] = utilisation(work, cycles, speed);
  return chunk;
}

/// One box of the row: a block of the search space, or a layer that was never to be chosen.
Json box(const std::string& title, const std::vector<const Layer*>& layers) {
  std::int64_t work = 0;
  int widest = 0;
  Json ids = Json::array();
  for (const Layer* layer : layers) {
    work += macs(*layer);
    widest = std::max({widest, layer->channels_in, layer->channels_out});
    ids.push_back(layer->id);
  }
  Json data = {{"title", title}, {"op", nullptr}, {"bits", nullptr}, {"layers", ids}, {"macs", work}};
  if (!layers.empty()) {
    const Layer& first = *layers.front();
    const Layer& last = *layers.back();
    data["in"] = {first.channels_in, first.height_in, first.width_in};
    data["out"] = {last.channels_out, height_out(last), width_out(last)};
    data["widest"] = widest;
    data["bits"] = first.bits;
  }
  return data;
}

std::vector<const Layer*> layers_of_block(const Network& network, int block) {
  std::vector<const Layer*> layers;
  for (const Layer& layer : network.layers) {
    if (layer.block == block) {
      layers.push_back(&layer);
    }
  }
  return layers;
}

/// The block as it was chosen. Of a network that is not built yet, only the sizes of its maps are known (from the event
/// `space`); in one that is, a block without layers is an identity.
Json block_box(const std::optional<Network>& network, std::size_t block, const Json& choice, const Json& shape) {
  const std::string place = "metrics.jsonl: event space: blocks";
  const auto layers = network ? layers_of_block(*network, static_cast<int>(block)) : std::vector<const Layer*>();
  Json data = box(fmt::format("block {}", block), layers);
  data["op"] = json_value<std::string>(choice, "op", "metrics.jsonl: architecture");
  data["identity"] = network.has_value() && layers.empty();
  data["bits"] = data["identity"] ? Json() : Json(json_value<int>(choice, "bits", "metrics.jsonl: architecture"));
  if (!network && !shape.is_null()) {
    const auto height = json_value<int>(shape, "height_in", place);
    const auto width = json_value<int>(shape, "width_in", place);
    const auto stride = json_value<int>(shape, "stride", place);
    data["in"] = {json_value<int>(shape, "channels_in", place), height, width};
    data["out"] = {json_value<int>(shape, "channels_out", place), (height - 1) / stride + 1, (width - 1) / stride + 1};
  }
  return data;
}

}  // namespace

Json accelerator_data(const Network& network, const Json& accelerator) {
  const auto platform = json_value<Json>(accelerator, "platform", file);
  const auto cost = json_value<Json>(accelerator, "cost", file);
  const auto batch = json_value<std::int64_t>(accelerator, "batch", file);
  const auto ii_cycles = json_value<std::int64_t>(cost, "ii_cycles", std::string(file) + ": cost");
  const auto chunks = json_value<std::vector<Json>>(accelerator, "chunks", file);
  std::map<std::string, Json> placed;
  for (const Json& layer : json_value<std::vector<Json>>(accelerator, "layers", file)) {
    placed.emplace(json_value<std::string>(layer, "id", std::string(file) + ": layers"), layer);
  }
  if (chunks.empty()) {
    throw input_error("{}: chunks: is empty, an accelerator has at least one", file);
  }
  std::vector<std::int64_t> speeds;
  speeds.reserve(chunks.size());
  for (const Json& chunk : chunks) {
    speeds.push_back(macs_per_cycle(chunk));
  }
  Json data = {
      {"platform", platform}, {"batch", batch}, {"cost", cost}, {"resources", resources_data(platform, cost, chunks)}};
  data["layers"] = Json::array();
  const Json document = to_json(network);  // names its operators
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const auto op = document.at("layers").at(i).at("op").get<std::string>();
    data["layers"].push_back(layer_data(layer, op, placed_layer(placed, layer.id), speeds, batch, ii_cycles));
  }
  data["chunks"] = Json::array();
  std::int64_t slots_in_a_cycle = 0;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    data["chunks"].push_back(chunk_data(chunks[i], i, data["layers"], speeds[i], batch, ii_cycles));
    slots_in_a_cycle += speeds[i];
  }
  data["macs_per_cycle"] = slots_in_a_cycle;
  data["utilisation"] = utilisation(batch * macs(network), ii_cycles, slots_in_a_cycle);
  return data;
}

Json network_data(const std::optional<Network>& network, const std::vector<Json>& metrics) {
  const Json derived = last_event(metrics, "derived");
  const std::vector<Json> epochs = epochs_of(metrics, "search");
  const Json source = !derived.is_null() ? derived : epochs.empty() ? Json() : epochs.back();
  if (!network && source.is_null()) {
    return {};
  }
  const auto architecture =
      source.is_null() ? std::vector<Json>() : json_value<std::vector<Json>>(source, "architecture", "metrics.jsonl");
  const Json space = last_event(metrics, "space");
  const auto shapes = space.is_null() ? std::vector<Json>()
                                      : json_value<std::vector<Json>>(space, "blocks", "metrics.jsonl: event space");

  Json before = Json::array();
  Json after = Json::array();
  bool blocks_began = false;
  int blocks_in_network = 0;
  if (network) {
    for (const Layer& layer : network->layers) {
      blocks_began = blocks_began || layer.block >= 0;
      blocks_in_network = std::max(blocks_in_network, layer.block + 1);
      if (layer.block < 0) {
        (blocks_began ? after : before).push_back(box(layer.id, {&layer}));
      }
    }
  }
  Json row = before;
  for (std::size_t block = 0; block < architecture.size(); ++block) {
    row.push_back(block_box(network, block, architecture[block], block < shapes.size() ? shapes[block] : Json()));
  }
  for (auto block = static_cast<int>(architecture.size()); block < blocks_in_network; ++block) {
    row.push_back(box(fmt::format("block {}", block), layers_of_block(*network, block)));
  }
  row.insert(row.end(), after.begin(), after.end());

  Json data = {{"final", !derived.is_null() || epochs.empty()}, {"boxes", row}};
  data["after_epoch"] = epochs.empty() ? Json() : epochs.back().at("epoch");
  data["substitutions"] = derived.is_null() ? Json() : derived.value("substitutions", Json());
  data["macs"] = network ? Json(macs(*network)) : Json();
  data["weights"] = network ? Json(weight_count(*network)) : Json();
  data["host_ops"] = network ? Json(network->host_ops.size()) : Json();
  return data;
}

}  // namespace autonba
