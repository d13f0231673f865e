#include "model/network_json.hpp"

#include <map>

#include "base/error.hpp"
#include "base/text.hpp"

namespace autonba {
namespace {

const std::vector<std::string> op_names = {"conv", "depthwise", "linear", "avgpool", "maxpool"};
const std::string input_name = "input";

std::string name_of(const Network& network, int writer) {
  return writer == network_input ? input_name : network.layers[static_cast<std::size_t>(writer)].id;
}

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
    inputs.push_back({{"id", name_of(network, slice.writer)}, {"channels", ranges}});
  }
  return {{"id", layer.id},
          {"op", op_names[static_cast<std::size_t>(layer.op)]},
          {"inputs", inputs},
          {"residual", layer.residual ? Json(name_of(network, *layer.residual)) : Json()},
          {"channels_in", layer.channels_in},
          {"channels_out", layer.channels_out},
          {"groups", layer.groups},
          {"kernel", layer.kernel},
          {"stride", layer.stride},
          {"padding", layer.padding},
          {"dilation", layer.dilation},
          {"height_in", layer.height_in},
          {"width_in", layer.width_in},
          {"bits", layer.bits},
          {"bits_out", layer.bits_out},
          {"activation", to_json(layer.activation)},
          {"block", layer.block}};
}

/// Indices of the layers read so far, by id.
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
  layer.stride = json_value<int>(value, "stride", place);
  layer.padding = json_value<int>(value, "padding", place);
  layer.dilation = json_value<int>(value, "dilation", place);
  layer.height_in = json_value<int>(value, "height_in", place);
  layer.width_in = json_value<int>(value, "width_in", place);
  layer.bits = json_value<int>(value, "bits", place);
  layer.bits_out = json_value<int>(value, "bits_out", place);
  layer.activation = activation_from_json(json_value<Json>(value, "activation", place), place);
  layer.block = json_value<int>(value, "block", place);
  return layer;
}

}  // namespace

Json to_json(const Network& network) {
  Json layers = Json::array();
  for (const Layer& layer : network.layers) {
    layers.push_back(to_json(network, layer));
  }
  Json host = Json::array();
  for (const HostOp& op : network.host_ops) {
    host.push_back({{"id", op.id}, {"op", op.op}, {"operations", op.operations}});
  }
  const NetworkInput& input = network.input;
  return {
      {"input", {{"channels", input.channels}, {"height", input.height}, {"width", input.width}, {"bits", input.bits}}},
      {"layers", layers},
      {"host_ops", host}};
}

Network network_from_json(const Json& document, const std::string& name) {
  Network network;
  const auto input = json_value<Json>(document, "input", name);
  network.input = {json_value<int>(input, "channels", name + ": input"),
                   json_value<int>(input, "height", name + ": input"),
                   json_value<int>(input, "width", name + ": input"), json_value<int>(input, "bits", name + ": input")};
  Writers writers = {{input_name, network_input}};
  for (const Json& value : json_value<std::vector<Json>>(document, "layers", name)) {
    network.layers.push_back(layer_from_json(value, writers, name));
    const auto index = static_cast<int>(network.layers.size()) - 1;
    if (!writers.emplace(network.layers.back().id, index).second) {
      throw input_error("{}: two layers are named \"{}\"", name, network.layers.back().id);
    }
  }
  for (const Json& op : json_value<std::vector<Json>>(document, "host_ops", name)) {
    network.host_ops.push_back({json_value<std::string>(op, "id", name), json_value<std::string>(op, "op", name),
                                json_value<std::int64_t>(op, "operations", name)});
  }
  check(network, name);
  return network;
}

Network read_network(const std::filesystem::path& file) {
  return network_from_json(read_json(file, network_schema), file.string());
}

}  // namespace autonba
