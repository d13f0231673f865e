#include "model/network.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace autonba {
namespace {

constexpr int largest_size = 1 << 20;
constexpr std::int64_t most_pixels = 1 << 26;  // of a map: those of 16 images can be counted in 32 bits
constexpr double most_macs = 1e15;

/// Rows (`axis` 0) or columns (1) that the layer writes; 0 where the kernel does not fit into the padded map.
int outputs_along(std::size_t axis, int inputs, const Layer& layer) {
  const std::int64_t covered = std::int64_t{layer.dilation[axis]} * (layer.kernel[axis] - 1) + 1;
  const std::int64_t left = std::int64_t{inputs} + layer.padding[axis] + layer.padding[axis + 2] - covered;
  return left < 0 ? 0 : static_cast<int>(left / layer.stride[axis]) + 1;
}

/// For each operation of the host the last layer that it needs, directly or through other operations; -1 for none.
using LastLayers = std::vector<int>;

/// `verb`: "reads" or "adds".
void check_writer(const Network& network, int index, int writer, const LastLayers& last, const char* verb,
                  const std::string& place) {
  if (writer >= network_input) {
    if (writer >= index) {
      throw input_error("{}: {} layer number {}, which does not come before it", place, verb, writer);
    }
    return;
  }
  const std::size_t op = host_op_of(writer);
  if (op >= network.host_ops.size() || !network.host_ops[op].map) {
    throw input_error("{}: {} the map of number {} of host_ops, which writes none", place, verb, op);
  }
  if (last[op] >= index) {
    throw input_error("{}: {} the map of {}, which needs layers that do not come before", place, verb,
                      network.host_ops[op].id);
  }
}

void check_inputs(const Network& network, int index, const LastLayers& last, const std::string& place) {
  const Layer& layer = network.layers[static_cast<std::size_t>(index)];
  std::int64_t channels = 0;
  for (const MapSlice& slice : layer.inputs) {
    check_writer(network, index, slice.writer, last, "reads", place);
    const NetworkInput read = map_of(network, slice.writer);
    if (read.height != layer.height_in || read.width != layer.width_in) {
      throw input_error("{}: reads a map of {}x{}, but is {}x{} itself", place, read.height, read.width,
                        layer.height_in, layer.width_in);
    }
    for (const ChannelRange& range : slice.channels) {
      const std::int64_t end = std::int64_t{range.first} + range.count;
      if (range.first < 0 || range.count < 1 || end > read.channels) {
        throw input_error("{}: reads channels {} to {} of a map with {}", place, range.first, end - 1, read.channels);
      }
      channels += range.count;
    }
  }
  if (channels != layer.channels_in) {
    throw input_error("{}: its inputs have {} channels, channels_in says {}", place, channels, layer.channels_in);
  }
}

void check_shape(const Layer& layer, const std::string& place) {
  for (const int size :
       {layer.channels_in, layer.channels_out, layer.groups, layer.kernel[0], layer.kernel[1], layer.stride[0],
        layer.stride[1], layer.dilation[0], layer.dilation[1], layer.height_in, layer.width_in}) {
    if (size < 1 || size > largest_size) {
      throw input_error("{}: the size {} is not between 1 and {}", place, size, largest_size);
    }
  }
  for (const int padding : layer.padding) {
    if (padding < 0 || padding > largest_size) {
      throw input_error("{}: the padding {} is not between 0 and {}", place, padding, largest_size);
    }
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
  for (const std::int64_t pixels :
       {std::int64_t{layer.height_in} * layer.width_in, std::int64_t{height_out(layer)} * width_out(layer)}) {
    if (pixels > most_pixels) {
      throw input_error("{}: a map has {} pixels, more than {}", place, pixels, most_pixels);
    }
  }
  const double macs_found = 1.0 * layer.channels_out * layer.channels_in / layer.groups * layer.kernel[0] *
                            layer.kernel[1] * height_out(layer) * width_out(layer);
  if (macs_found > most_macs) {
    throw input_error("{}: has {:.1e} multiply-accumulates, more than {:.0e}", place, macs_found, most_macs);
  }
  if (layer.bits < 2 || layer.bits > 16) {
    throw input_error("{}: bits: {} is not between 2 and 16", place, layer.bits);
  }
  if (layer.bits_out != 32 && (layer.bits_out < 2 || layer.bits_out > 16)) {
    throw input_error("{}: bits_out: {} is neither between 2 and 16 nor 32", place, layer.bits_out);
  }
}

void check_map(const NetworkInput& map, const std::string& place) {
  for (const int size : {map.channels, map.height, map.width}) {
    if (size < 1 || size > largest_size) {
      throw input_error("{}: the size {} is not between 1 and {}", place, size, largest_size);
    }
  }
  if (std::int64_t{map.height} * map.width > most_pixels) {
    throw input_error("{}: a map has {} x {} pixels, more than {}", place, map.height, map.width, most_pixels);
  }
  if (map.bits < 2 || map.bits > 16) {
    throw input_error("{}: bits: {} is not between 2 and 16", place, map.bits);
  }
}

LastLayers check_host_ops(const Network& network, const std::string& name) {
  LastLayers last;
  for (std::size_t i = 0; i < network.host_ops.size(); ++i) {
    const HostOp& op = network.host_ops[i];
    const std::string place = fmt::format("{}: host_ops: {}", name, op.id);
    if (op.operations < 0) {
      throw input_error("{}: operations: {} is below 0", place, op.operations);
    }
    int last_read = network_input;
    for (const int writer : op.reads) {
      const bool found =
          writer < network_input ? host_op_of(writer) < i : writer < static_cast<int>(network.layers.size());
      if (!found) {
        throw input_error("{}: reads something that does not come before it", place);
      }
      last_read = std::max(last_read, writer < network_input ? last[host_op_of(writer)] : writer);
    }
    if (op.map) {
      check_map(*op.map, place);
    }
    last.push_back(last_read);
  }
  return last;
}

}  // namespace

int height_out(const Layer& layer) {
  return outputs_along(0, layer.height_in, layer);
}
int width_out(const Layer& layer) {
  return outputs_along(1, layer.width_in, layer);
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

std::int64_t operations(const Layer& layer) {
  const std::int64_t pixels = std::int64_t{height_out(layer)} * width_out(layer);
  const bool pooling = layer.op == LayerOp::avgpool || layer.op == LayerOp::maxpool;
  const std::int64_t added = layer.residual ? pixels * layer.channels_out : 0;
  return added + (pooling ? pixels * layer.channels_out * layer.kernel[0] * layer.kernel[1] : macs(layer));
}

double host_share(const Network& network) {
  double host = 0;
  for (const HostOp& op : network.host_ops) {
    host += static_cast<double>(op.operations);
  }
  double all = host;
  for (const Layer& layer : network.layers) {
    all += static_cast<double>(operations(layer));
  }
  return all > 0 ? host / all : 0;
}

NetworkInput map_of(const Network& network, int writer) {
  if (writer == network_input) {
    return network.input;
  }
  if (writer < network_input) {
    return network.host_ops[host_op_of(writer)].map.value();
  }
  const Layer& layer = network.layers[static_cast<std::size_t>(writer)];
  return {layer.channels_out, height_out(layer), width_out(layer), layer.bits_out};
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
  const LastLayers last = check_host_ops(network, name);
  for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
    const Layer& layer = network.layers[static_cast<std::size_t>(i)];
    const std::string place = fmt::format("{}: layer {}", name, layer.id);
    check_shape(layer, place);
    check_inputs(network, i, last, place);
    if (layer.residual) {
      check_writer(network, i, *layer.residual, last, "adds", place);
      NetworkInput added = map_of(network, *layer.residual);
      added.bits = layer.bits_out;
      if (added != map_of(network, i)) {
        throw input_error("{}: adds a map of another shape", place);
      }
    }
  }
}

}  // namespace autonba
