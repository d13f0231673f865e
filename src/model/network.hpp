#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace autonba {

enum class LayerOp { conv, depthwise, linear, avgpool, maxpool };

/// What is folded into a layer's requantisation.
struct Activation {
  enum class Kind { none, relu, clip } kind = Kind::none;
  double low = 0;  // clip only
  double high = 0;
  friend bool operator==(const Activation&, const Activation&) = default;
};

/// Channels `first` .. `first + count - 1` of a map.
struct ChannelRange {
  int first = 0;
  int count = 0;
  friend bool operator==(const ChannelRange&, const ChannelRange&) = default;
};

/// The writer of a map: the index of a layer, the network's input, or, below that, an operation of the host.
inline constexpr int network_input = -1;

/// Number `op` of Network::host_ops as the writer of a map, and back.
constexpr int host_writer(std::size_t op) {
  return network_input - 1 - static_cast<int>(op);
}
constexpr std::size_t host_op_of(int writer) {
  return static_cast<std::size_t>(network_input - 1 - writer);
}

/// Channels that a layer reads, in the order in which it sees them. Concat, split and shuffle are such lists and cost
/// nothing.
struct MapSlice {
  int writer = network_input;
  std::vector<ChannelRange> channels;
  friend bool operator==(const MapSlice&, const MapSlice&) = default;
};

/// Two sizes that are equal: height and width, or down and across.
constexpr std::array<int, 2> square(int size) {
  return {size, size};
}

/// Padding that is the same on all four sides.
constexpr std::array<int, 4> all_sides(int padding) {
  return {padding, padding, padding, padding};
}

/// One layer that runs on the accelerator, after batch normalisation has been folded. A linear layer on an H×W map is a
/// kernel of H×W. Sizes are in elements.
struct Layer {
  std::string id;
  LayerOp op = LayerOp::conv;
  std::vector<MapSlice> inputs;  // their channels, one after the other, are the layer's channels_in
  std::optional<int> residual;   // writer of the map that is added to the output, of the same shape
  int channels_in = 0;
  int channels_out = 0;
  int groups = 1;                             // depthwise and pooling: channels_in
  std::array<int, 2> kernel = {1, 1};         // height, width
  std::array<int, 2> stride = {1, 1};         // down, across
  std::array<int, 4> padding = {0, 0, 0, 0};  // top, left, bottom, right
  std::array<int, 2> dilation = {1, 1};       // down, across
  int height_in = 1;
  int width_in = 1;
  int bits = 8;      // of the weights and of the map that is read
  int bits_out = 8;  // of the map that is written; 32 for logits
  Activation activation;
  int block = -1;  // of the search space, for reports; -1 for stem, head and classifier
  friend bool operator==(const Layer&, const Layer&) = default;
};

/// A map that the host writes to external memory.
struct NetworkInput {
  int channels = 3;
  int height = 0;
  int width = 0;
  int bits = 8;
  friend bool operator==(const NetworkInput&, const NetworkInput&) = default;
};

/// Work that the template cannot run. The host takes maps from external memory and writes its result there, as it
/// writes the network's input; a result that no layer reads is not written.
struct HostOp {
  std::string id;
  std::string op;
  std::int64_t operations = 0;      // for one image: multiply-accumulates, else element operations
  std::vector<int> reads;           // writers of what it reads: the input, layers, earlier operations of the host
  std::optional<NetworkInput> map;  // what layers read of it
  friend bool operator==(const HostOp&, const HostOp&) = default;
};

/// Layers in topological order: a layer reads maps of earlier layers only, and of host operations that read no others.
struct Network {
  NetworkInput input;
  std::vector<Layer> layers;
  std::vector<HostOp> host_ops;
  friend bool operator==(const Network&, const Network&) = default;
};

int height_out(const Layer& layer);
int width_out(const Layer& layer);

/// Multiply-accumulates for one image; 0 for pooling.
std::int64_t macs(const Layer& layer);
std::int64_t macs(const Network& network);

/// Of one image: multiply-accumulates; for pooling the values that each output takes; and an addition for each output
/// of a residual.
std::int64_t operations(const Layer& layer);

/// Share of a network's operations that the host does, 0 to 1: Σ HostOp::operations / (that + Σ operations(layer)).
double host_share(const Network& network);

/// The map of a writer; of host operations, one that writes a map.
NetworkInput map_of(const Network& network, int writer);

/// Weights of the layer, biases not counted.
std::int64_t weight_count(const Layer& layer);
std::int64_t weight_count(const Network& network);

/// Depthwise chunks run these: depthwise convolutions and pooling.
inline bool is_depthwise_kind(const Layer& layer) {
  return layer.op == LayerOp::depthwise || layer.op == LayerOp::avgpool || layer.op == LayerOp::maxpool;
}

/// Throws InputError, naming the layer, unless the network holds together: order, shapes, channel lists, groups and
/// residuals fit, and every size and bitwidth is in its range.
void check(const Network& network, const std::string& name);

}  // namespace autonba
