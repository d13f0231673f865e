#include "model/network.hpp"

#include "base/error.hpp"

namespace autonba {
namespace {

int outputs_along(int size, int kernel, const Layer& layer) {
  const int covered = layer.dilation * (kernel - 1) + 1;
  return (size + 2 * layer.padding - covered) / layer.stride + 1;
}

/// Channels, height and width of a map.
struct MapShape {
  int channels = 0;
  int height = 0;
  int width = 0;
  friend bool operator==(const MapShape&, const MapShape&) = default;
};

MapShape shape_of(const Network& network, int writer) {
  if (writer == network_input) {
    return {network.input.channels, network.input.height, network.input.width};
  }
  const Layer& layer = network.layers[static_cast<std::size_t>(writer)];
  return {layer.channels_out, height_out(layer), width_out(layer)};
}

void check_inputs(const Network& network, int index, const std::string& place) {
  const Layer& layer = network.layers[static_cast<std::size_t>(index)];
  int channels = 0;
  for (const MapSlice& slice : layer.inputs) {
    if (slice.writer < network_input || slice.writer >= index) {
      throw input_error("{}: reads layer number {}, which does not come before it", place, slice.writer);
    }
    const MapShape read = shape_of(network, slice.writer);
    if (read.height != layer.height_in || read.width != layer.width_in) {
      throw input_error("{}: reads a map of {}x{}, but is {}x{} itself", place, read.height, read.width,
                        layer.height_in, layer.width_in);
    }
    for (const ChannelRange& range : slice.channels) {
      if (range.first < 0 || range.count < 1 || range.first + range.count > read.channels) {
        throw input_error("{}: reads channels {} to {} of a map with {}", place, range.first,
                          range.first + range.count - 1, read.channels);
      }
      channels += range.count;
    }
  }
  if (channels != layer.channels_in) {
    throw input_error("{}: its inputs have {} channels, channels_in says {}", place, channels, layer.channels_in);
  }
}

void check_shape(const Layer& layer, const std::string& place) {
  const int largest = 1 << 20;
  for (const int size : {layer.channels_in, layer.channels_out, layer.groups, layer.kernel[0], layer.kernel[1],
                         layer.stride, layer.dilation, layer.height_in, layer.width_in}) {
    if (size < 1 || size > largest) {
      throw input_error("{}: the size {} is not between 1 and {}", place, size, largest);
    }
  }
  if (layer.padding < 0 || layer.padding > largest) {
    throw input_error("{}: the padding {} is not between 0 and {}", place, layer.padding, largest);
  }
  if (layer.channels_in % layer.groups != 0 || layer.channels_out % layer.groups != 0) {
    throw input_error("{}: {} groups do not divide {} and {} channels", place, layer.groups, layer.channels_in,
                      layer.channels_out);
  }
  if (is_depthwise_kind(layer) && (layer.groups != layer.channels_in || layer.channels_out != layer.channels_in)) {
    throw input_error("{}: depthwise and pooling need as many groups and outputs as inputs ({})", place,
                      layer.channels_in);
  }
  if (height_out(layer) < 1 || width_out(layer) < 1) {
    throw input_error("{}: the kernel is larger than the padded map", place);
  }
  if (layer.bits < 2 || layer.bits > 16) {
    throw input_error("{}: bits: {} is not between 2 and 16", place, layer.bits);
  }
  if (layer.bits_out != 32 && (layer.bits_out < 2 || layer.bits_out > 16)) {
    throw input_error("{}: bits_out: {} is neither between 2 and 16 nor 32", place, layer.bits_out);
  }
}

}  // namespace

int height_out(const Layer& layer) {
  return outputs_along(layer.height_in, layer.kernel[0], layer);
}
int width_out(const Layer& layer) {
  return outputs_along(layer.width_in, layer.kernel[1], layer);
}

bool is_depthwise_kind(const Layer& layer) {
  return layer.op == LayerOp::depthwise || layer.op == LayerOp::avgpool || layer.op == LayerOp::maxpool;
}

std::int64_t weight_count(const Layer& layer) {
  if (layer.op == LayerOp::avgpool || layer.op == LayerOp::maxpool) {
    return 0;
  }
  return std::int64_t{1} * layer.channels_out * (layer.channels_in / layer.groups) * layer.kernel[0] * layer.kernel[1];
}

std::int64_t macs(const Layer& layer) {
  return weight_count(layer) * height_out(layer) * width_out(layer);
}

std::int64_t macs(const Network& network) {
  std::int64_t sum = 0;
  for (const Layer& layer : network.layers) {
    sum += macs(layer);
  }
  return sum;
}

std::int64_t weight_count(const Network& network) {
  std::int64_t sum = 0;
  for (const Layer& layer : network.layers) {
    sum += weight_count(layer);
  }
  return sum;
}

void check(const Network& network, const std::string& name) {
  if (network.layers.empty()) {
    throw input_error("{}: the network has no layers", name);
  }
  for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
    const Layer& layer = network.layers[static_cast<std::size_t>(i)];
    const std::string place = fmt::format("{}: layer {}", name, layer.id);
    check_shape(layer, place);
    check_inputs(network, i, place);
    if (layer.residual) {
      if (*layer.residual < network_input || *layer.residual >= i) {
        throw input_error("{}: adds layer number {}, which does not come before it", place, *layer.residual);
      }
      if (shape_of(network, *layer.residual) != shape_of(network, i)) {
        throw input_error("{}: adds a map of another shape", place);
      }
    }
  }
}

}  // namespace autonba
