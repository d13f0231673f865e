#include "model/network_json.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"

namespace autonba {
namespace {

const std::vector<std::string> op_names = {"conv", "depthwise", "linear", "avgpool", "maxpool"};

Json to_json(const Activation& activation) {
  switch (activation.kind) {
    case Activation::Kind::none:
      return "none";
    case Activation::Kind::relu:
      return "relu";
    case Activation::Kind::clip:
      break;
  }
  return {{"clip", {activation.low, activation.high}}};
}

Activation activation_from_json(const Json& value, const std::string& place) {
  if (value == "none") {
    return {};
  }
  if (value == "relu") {
    return {Activation::Kind::relu, 0, 0};
  }
  const auto bounds = json_value<std::array<double, 2>>(value, "clip", place + ": activation");
  return {Activation::Kind::clip, bounds[0], bounds[1]};
}

Json to_json(const Network& network, const Layer& layer) {
  Json inputs = Json::array();
  for (const MapSlice& slice : layer.inputs) {
    Json ranges = Json::array();
    for (const ChannelRange& range : slice.channels) {
      ranges.push_back({range.first, range.count});
    }
    inputs.push_back({{"id", writer_id(network, slice.writer)}, {"channels", ranges}});
  }
  return {{"id", layer.id},
          {"op", op_names[static_cast<std::size_t>(layer.op)]},
          {"inputs", inputs},
          {"residual", layer.residual ? Json(writer_id(network, *layer.residual)) : Json()},
          {"channels_in", layer.channels_in},
          {"channels_out", layer.channels_out},
          {"groups", layer.groups},
          {"kernel", layer.kernel},
          {"stride", sizes_json(layer.stride)},
          {"padding", sizes_json(layer.padding)},
          {"dilation", sizes_json(layer.dilation)},
          {"height_in", layer.height_in},
          {"width_in", layer.width_in},
          {"bits", layer.bits},
          {"bits_out", layer.bits_out},
          {"activation", to_json(layer.activation)},
          {"block", layer.block}};
}

Json to_json(const NetworkInput& map) {
  return {{"channels", map.channels}, {"height", map.height}, {"width", map.width}, {"bits", map.bits}};
}

NetworkInput map_from_json(const Json& value, const std::string& place) {
  return {json_value<int>(value, "channels", place), json_value<int>(value, "height", place),
          json_value<int>(value, "width", place), json_value<int>(value, "bits", place)};
}

/// `reads` and `map` only where there is something to say.
Json to_json(const Network& network, const HostOp& op) {
  Json value = {{"id", op.id}, {"op", op.op}, {"operations", op.operations}};
  for (const int writer : op.reads) {
    value["reads"].push_back(writer_id(network, writer));
  }
  if (op.map) {
    value["map"] = to_json(*op.map);
  }
  return value;
}

/// Inverse of sizes_json.
template <std::size_t N>
std::array<int, N> sizes_from_json(const Json& object, const char* key, const std::string& where) {
  const Json value = json_value<Json>(object, key, where);
  std::array<int, N> sizes{};
  if (IsJson<int>::test(value)) {
    sizes.fill(value.get<int>());
    return sizes;
  }
  if (!value.is_array() || value.size() != N) {
    throw input_error("{}: {}: {} is neither a whole number nor a list of {}", where, key, short_json_text(value), N);
  }
  return json_value<std::array<int, N>>(object, key, where);
}

/// Writers of maps known so far, by id: the input, all operations of the host, the layers read.
using Writers = std::map<std::string, int>;

int writer_of(const Writers& writers, const std::string& id, const std::string& place) {
  const auto found = writers.find(id);
  if (found == writers.end()) {
    throw input_error("{}: reads \"{}\", which is no layer before it", place, id);
  }
  return found->second;
}

Layer layer_from_json(const Json& value, const Writers& writers, const std::string& name) {
  Layer layer;
  layer.id = json_value<std::string>(value, "id", name + ": a layer");
  const std::string place = name + ": layer " + layer.id;
  const auto op = json_value<std::string>(value, "op", place);
  const auto found = std::find(op_names.begin(), op_names.end(), op);
  if (found == op_names.end()) {
    throw input_error("{}: op: \"{}\" is not {}", place, op, any_of(op_names));
  }
  layer.op = static_cast<LayerOp>(found - op_names.begin());
  for (const Json& input : json_value<std::vector<Json>>(value, "inputs", place)) {
    MapSlice slice;
    slice.writer = writer_of(writers, json_value<std::string>(input, "id", place + ": inputs"), place);
    for (const auto& [first, count] : json_value<std::vector<std::pair<int, int>>>(input, "channels", place)) {
      slice.channels.push_back({first, count});
    }
    layer.inputs.push_back(slice);
  }
  if (value.contains("residual") && !value.at("residual").is_null()) {
    layer.residual = writer_of(writers, json_value<std::string>(value, "residual", place), place);
  }
  layer.channels_in = json_value<int>(value, "channels_in", place);
  layer.channels_out = json_value<int>(value, "channels_out", place);
  layer.groups = json_value<int>(value, "groups", place);
  layer.kernel = json_value<std::array<int, 2>>(value, "kernel", place);
  layer.stride = sizes_from_json<2>(value, "stride", place);
  layer.padding = sizes_from_json<4>(value, "padding", place);
  layer.dilation = sizes_from_json<2>(value, "dilation", place);
  layer.height_in = json_value<int>(value, "height_in", place);
  layer.width_in = json_value<int>(value, "width_in", place);
  layer.bits = json_value<int>(value, "bits", place);
  layer.bits_out = json_value<int>(value, "bits_out", place);
  layer.activation = activation_from_json(json_value<Json>(value, "activation", place), place);
  layer.block = json_value<int>(value, "block", place);
  return layer;
}

HostOp host_op_from_json(const Json& value, const Writers& writers, const std::string& name) {
  HostOp op;
  op.id = json_value<std::string>(value, "id", name + ": host_ops");
  const std::string place = name + ": host_ops: " + op.id;
  op.op = json_value<std::string>(value, "op", place);
  op.operations = json_value<std::int64_t>(value, "operations", place);
  if (value.contains("reads")) {
    for (const auto& id : json_value<std::vector<std::string>>(value, "reads", place)) {
      op.reads.push_back(writer_of(writers, id, place));
    }
  }
  if (value.contains("map")) {
    op.map = map_from_json(value.at("map"), place + ": map");
  }
  return op;
}

}  // namespace

std::string writer_id(const Network& network, int writer) {
  if (writer == network_input) {
    return "input";
  }
  return writer < network_input ? network.host_ops[host_op_of(writer)].id
                                : network.layers[static_cast<std::size_t>(writer)].id;
}

Json sizes_json(std::span<const int> sizes) {
  const bool equal = std::adjacent_find(sizes.begin(), sizes.end(), std::not_equal_to<>()) == sizes.end();
  return equal ? Json(sizes.front()) : Json(std::vector<int>(sizes.begin(), sizes.end()));
}

Json to_json(const Network& network) {
  Json layers = Json::array();
  for (const Layer& layer : network.layers) {
    layers.push_back(to_json(network, layer));
  }
  Json host = Json::array();
  for (const HostOp& op : network.host_ops) {
    host.push_back(to_json(network, op));
  }
  return {{"input", to_json(network.input)}, {"layers", layers}, {"host_ops", host}};
}

Network network_from_json(const Json& document, const std::string& name) {
  Network network;
  network.input = map_from_json(json_value<Json>(document, "input", name), name + ": input");
  Writers writers = {{writer_id(network, network_input), network_input}};
  const auto host = json_value<std::vector<Json>>(document, "host_ops", name);
  for (std::size_t i = 0; i < host.size(); ++i) {
    const auto id = json_value<std::string>(host[i], "id", name + ": host_ops");
    if (!writers.emplace(id, host_writer(i)).second) {
      throw input_error("{}: host_ops: two operations are named \"{}\", or one as the network's input is", name, id);
    }
  }
  for (const Json& value : json_value<std::vector<Json>>(document, "layers", name)) {
    network.layers.push_back(layer_from_json(value, writers, name));
    const auto index = static_cast<int>(network.layers.size()) - 1;
    if (!writers.emplace(network.layers.back().id, index).second) {
      throw input_error("{}: two layers or host operations are named \"{}\"", name, network.layers.back().id);
    }
  }
  for (const Json& op : host) {
    network.host_ops.push_back(host_op_from_json(op, writers, name));
  }
  check(network, name);
  return network;
}

Network read_network(const std::filesystem::path& file) {
  return network_from_json(read_json(file, network_schema), file.string());
}

}  // namespace autonba
