#include "model/network_rows.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace autonba {
namespace {

constexpr int most_layers = 2000;  // so that a few rows cannot fill the memory

/// A layer whose kernel is as high as wide. Its input is set when it is appended.
Layer layer_of(LayerOp op, const std::string& id, int channels, const Window& window) {
  Layer layer{.id = id, .op = op, .channels_out = channels, .kernel = square(window.kernel)};
  layer.stride = square(window.stride);
  layer.padding = window.padding;
  layer.dilation = square(window.dilation);
  return layer;
}

Window window_of(int kernel, int stride = 1) {
  return {.kernel = kernel, .stride = stride, .padding = all_sides((kernel - 1) / 2), .dilation = 1};
}

/// Channels in a row of the same map make one range, ranges in a row of the same map one slice.
std::vector<MapSlice> slices_of(const std::vector<std::pair<int, int>>& channels) {
  std::vector<MapSlice> slices;
  for (const auto& [writer, channel] : channels) {
    if (slices.empty() || slices.back().writer != writer) {
      slices.push_back({writer, {}});
    }
    std::vector<ChannelRange>& ranges = slices.back().channels;
    if (ranges.empty() || ranges.back().first + ranges.back().count != channel) {
      ranges.push_back({channel, 0});
    }
    ++ranges.back().count;
  }
  return slices;
}

}  // namespace

const std::vector<std::string>& row_ops() {
  static const std::vector<std::string> names = {"conv",    "depthwise",    "linear",     "maxpool",
                                                 "avgpool", "basic",        "bottleneck", "inverted_residual",
                                                 "fire",    "shuffle_unit", "host"};
  return names;
}

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names = {"none", "relu", "relu6", "leaky_relu", "hard_swish", "swish"};
  return names;
}

RowBuilder::RowBuilder(const NetworkInput& input) {
  network_.input = input;
  last_ = whole_map(network_input);
}

std::int64_t RowBuilder::values(const Features& features) {
  return std::int64_t{1} * count(features) * features.height * features.width;
}

RowBuilder::Features RowBuilder::whole_map(int writer) const {
  const bool is_input = writer == network_input;
  const Layer* layer = is_input ? nullptr : &network_.layers[static_cast<std::size_t>(writer)];
  Features map{
      {}, is_input ? network_.input.height : height_out(*layer), is_input ? network_.input.width : width_out(*layer)};
  const int channels = is_input ? network_.input.channels : layer->channels_out;
  for (int c = 0; c < channels; ++c) {
    map.channels.emplace_back(writer, c);
  }
  return map;
}

/// Of features that are all of one map, in its order.
int RowBuilder::writer_of(const Features& features) const {
  const int writer = features.channels.front().first;
  if (features.channels != whole_map(writer).channels) {
    throw input_error("only a whole map can be added, not channels of several maps or a part of one");
  }
  return writer;
}

void RowBuilder::take_id(const std::string& id) {
  if (!ids_.insert(id).second) {
    throw input_error("the name {} is taken already", id);
  }
}

void RowBuilder::host(const std::string& id, const std::string& work, std::int64_t operations) {
  take_id(id);
  network_.host_ops.push_back({id, work, operations});
}

RowBuilder::Features RowBuilder::append(Layer layer, const Features& in, const std::string& activation) {
  take_id(layer.id);
  if (network_.layers.size() == most_layers) {
    throw input_error("the network has more than {} layers", most_layers);
  }
  layer.inputs = slices_of(in.channels);
  layer.channels_in = count(in);
  layer.height_in = in.height;
  layer.width_in = in.width;
  layer.bits = layer.bits_out = network_.input.bits;
  if (layer.channels_in % layer.groups != 0 || layer.channels_out % layer.groups != 0) {
    throw input_error("{} groups do not divide {} and {} channels", layer.groups, layer.channels_in,
                      layer.channels_out);
  }
  if (height_out(layer) < 1 || width_out(layer) < 1) {
    throw input_error("the kernel is larger than the map of {}x{} with its padding", in.height, in.width);
  }
  if (activation == "relu") {
    layer.activation = {Activation::Kind::relu, 0, 0};
  } else if (activation == "relu6") {
    layer.activation = {Activation::Kind::clip, 0, 6};
  }
  network_.layers.push_back(layer);
  Features out = whole_map(static_cast<int>(network_.layers.size()) - 1);
  if (activation != "none" && layer.activation == Activation{}) {
    host(layer.id + "." + activation, activation, values(out));
  }
  return out;
}

RowBuilder::Features RowBuilder::conv(const std::string& id, const Features& in, int channels, const Window& window,
                                      const std::string& activation) {
  return append(layer_of(LayerOp::conv, id, channels, window), in, activation);
}

RowBuilder::Features RowBuilder::depthwise(const std::string& id, const Features& in, const Window& window,
                                           const std::string& activation) {
  Layer layer = layer_of(LayerOp::depthwise, id, count(in), window);
  layer.groups = count(in);
  return append(layer, in, activation);
}

/// `layer`, to whose sums `added` is added before the activation.
RowBuilder::Features RowBuilder::add(Layer layer, const Features& in, const Features& added,
                                     const std::string& activation) {
  layer.residual = writer_of(added);
  return append(layer, in, activation);
}

/// What a ResNet's block adds: its input, through a 1×1 convolution where the shape changes.
RowBuilder::Features RowBuilder::shortcut(const Row& row, const Features& in) {
  const int stride = row.window.stride;
  return stride == 1 && count(in) == row.channels
             ? in
             : conv(row.id + ".shortcut", in, row.channels, window_of(1, stride), "none");
}

RowBuilder::Features RowBuilder::grouped_conv(const Row& row, const Features& in) {
  if (row.groups > 1 && row.groups == count(in)) {
    throw input_error("as many groups as input channels ({}) is a convolution of op depthwise", row.groups);
  }
  Layer layer = layer_of(LayerOp::conv, row.id, row.channels, row.window);
  layer.groups = row.groups;
  return append(layer, in, row.activation);
}

RowBuilder::Features RowBuilder::pool(const Row& row, const Features& in) {
  Layer layer = layer_of(row.op == "maxpool" ? LayerOp::maxpool : LayerOp::avgpool, row.id, count(in), row.window);
  layer.groups = count(in);
  if (row.window.kernel == 0) {
    layer.kernel = {in.height, in.width};
  }
  return append(layer, in, "none");
}

RowBuilder::Features RowBuilder::linear(const Row& row, const Features& in) {
  Layer layer = layer_of(LayerOp::linear, row.id, row.channels, {});
  layer.kernel = {in.height, in.width};
  return append(layer, in, row.activation);
}

RowBuilder::Features RowBuilder::basic(const Row& row, const Features& in) {
  const Features first = conv(row.id + ".conv1", in, row.channels, window_of(3, row.window.stride), row.activation);
  return add(layer_of(LayerOp::conv, row.id + ".conv2", row.channels, window_of(3)), first, shortcut(row, in),
             row.activation);
}

RowBuilder::Features RowBuilder::bottleneck(const Row& row, const Features& in) {
  const Features first = conv(row.id + ".conv1", in, row.hidden, window_of(1), row.activation);
  const Features second = conv(row.id + ".conv2", first, row.hidden, window_of(3, row.window.stride), row.activation);
  return add(layer_of(LayerOp::conv, row.id + ".conv3", row.channels, window_of(1)), second, shortcut(row, in),
             row.activation);
}

/// Host work: mean of every channel, two linear layers, and every value times its channel's weight.
void RowBuilder::squeeze_and_excite(const std::string& id, const Features& map, int squeezed) {
  const std::int64_t channels = count(map);
  host(id + ".squeeze", "global_average_pool", values(map));
  host(id + ".excite", "linear", 2 * channels * squeezed);
  host(id + ".gate", "activation", channels + squeezed);
  host(id + ".scale", "multiply", values(map));
}

RowBuilder::Features RowBuilder::inverted_residual(const Row& row, const Features& in) {
  const int hidden = row.hidden > 0 ? row.hidden : count(in) * row.expansion;
  Features map = in;
  if (hidden != count(in) || row.always_expands) {
    map = conv(row.id + ".expand", map, hidden, window_of(1), row.activation);
  }
  map = depthwise(row.id + ".depthwise", map, row.window, row.activation);
  if (row.squeeze > 0) {
    squeeze_and_excite(row.id, map, row.squeeze);
  } else if (row.squeeze_divisor > 0) {
    squeeze_and_excite(row.id, map, std::max(1, count(in) / row.squeeze_divisor));
  }
  const Layer project = layer_of(LayerOp::conv, row.id + ".project", row.channels, window_of(1));
  const bool keeps_shape = row.window.stride == 1 && row.channels == count(in);
  return keeps_shape ? add(project, map, in, "none") : append(project, map, "none");
}

RowBuilder::Features RowBuilder::fire(const Row& row, const Features& in) {
  const Features squeezed = conv(row.id + ".squeeze", in, row.squeeze, window_of(1), row.activation);
  Features both = conv(row.id + ".expand1x1", squeezed, row.expand, window_of(1), row.activation);
  const Features other = conv(row.id + ".expand3x3", squeezed, row.expand, window_of(3), row.activation);
  both.channels.insert(both.channels.end(), other.channels.begin(), other.channels.end());
  return both;
}

/// ShuffleNet V2: the left half of the channels passes by (stride 1) or through a depthwise and a 1×1 convolution, the
/// right half through three convolutions; then the halves are interleaved.
RowBuilder::Features RowBuilder::shuffle_unit(const Row& row, const Features& in) {
  const Window window = window_of(3, row.window.stride);
  const int half = row.channels / 2;
  if (row.channels % 2 != 0 || (window.stride == 1 && row.channels != count(in))) {
    throw input_error("channels: {} must be even and, with stride 1, as many as the unit reads ({})", row.channels,
                      count(in));
  }
  Features left = in;
  Features right = in;
  if (window.stride == 1) {
    left.channels.resize(static_cast<std::size_t>(half));
    right.channels.erase(right.channels.begin(), right.channels.begin() + half);
  } else {
    left =
        conv(row.id + ".left2", depthwise(row.id + ".left1", in, window, "none"), half, window_of(1), row.activation);
  }
  right = conv(row.id + ".right1", right, half, window_of(1), row.activation);
  right = depthwise(row.id + ".right2", right, window, "none");
  right = conv(row.id + ".right3", right, half, window_of(1), row.activation);
  Features both{{}, right.height, right.width};
  for (std::size_t i = 0; i < right.channels.size(); ++i) {
    both.channels.push_back(left.channels[i]);
    both.channels.push_back(right.channels[i]);
  }
  return both;
}

RowBuilder::Features RowBuilder::one(const Row& row, const Features& in) {
  using MakeBlock = Features (RowBuilder::*)(const Row&, const Features&);
  static const std::vector<std::pair<std::string, MakeBlock>> blocks = {
      {"conv", &RowBuilder::grouped_conv},
      {"linear", &RowBuilder::linear},
      {"maxpool", &RowBuilder::pool},
      {"avgpool", &RowBuilder::pool},
      {"basic", &RowBuilder::basic},
      {"bottleneck", &RowBuilder::bottleneck},
      {"inverted_residual", &RowBuilder::inverted_residual},
      {"fire", &RowBuilder::fire},
      {"shuffle_unit", &RowBuilder::shuffle_unit},
  };
  if (row.op == "depthwise") {
    return depthwise(row.id, in, row.window, row.activation);
  }
  if (row.op == "host") {
    host(row.id, row.work, values(in) * row.operations_per_value);
    return in;
  }
  const auto block = std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) { return b.first == row.op; });
  return (this->*block->second)(row, in);
}

void RowBuilder::append(const Row& row) {
  for (int i = 0; i < row.repeat; ++i) {
    Row repetition = row;
    if (row.repeat > 1) {
      repetition.id += fmt::format(".{}", i + 1);
      repetition.window.stride = i == 0 ? row.window.stride : 1;
    }
    last_ = one(repetition, last_);
  }
}

Network RowBuilder::finish() && {
  if (!network_.layers.empty() && !is_depthwise_kind(network_.layers.back())) {
    network_.layers.back().bits_out = 32;
  }
  return std::move(network_);
}

}  // namespace autonba
