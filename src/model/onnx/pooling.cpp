#include <algorithm>

#include "model/onnx/attributes.hpp"
#include "model/onnx/operators.hpp"
#include "model/onnx/window.hpp"

namespace autonba::onnx_import {
namespace {

/// Zeros around a map do not change its maxima where no value is below zero.
bool is_never_negative(const Draft& draft, const std::vector<MapSlice>& slices) {
  return std::all_of(slices.begin(), slices.end(), [&](const MapSlice& slice) {
    if (slice.writer < 0) {
      return false;
    }
    const Activation& activation = draft.network.layers[static_cast<std::size_t>(slice.writer)].activation;
    return activation.kind == Activation::Kind::relu ||
           (activation.kind == Activation::Kind::clip && activation.low >= 0);
  });
}

void make_pooling(Layer& layer, LayerOp op) {
  layer.op = op;
  layer.groups = layer.channels_out = layer.channels_in;
}

/// One average or maximum of every channel, where the dimensions `reduced` are all rows and columns and nothing else.
std::optional<Outputs> pool_over(Draft& draft, const Node& node, LayerOp op, const Tensor& x,
                                 const std::vector<bool>& reduced, bool keeps_dims) {
  const Dims dims = x.dims().value();
  const auto map = as_map(draft, x, reduced[1] && !reduced.back() ? Channels::last : Channels::first);
  if (!map || lists_a_channel_twice(map->slices)) {
    return std::nullopt;
  }
  const auto spatial = [](const Factor& factor) { return factor.axis == Axis::row || factor.axis == Axis::column; };
  View channels;  // in the order in which the input shows them
  Dims left;
  std::int64_t places = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::vector<Factor>& dim = map->view.dims[i];
    if (reduced[i] ? !std::all_of(dim.begin(), dim.end(), spatial) : std::any_of(dim.begin(), dim.end(), spatial)) {
      return std::nullopt;
    }
    places *= reduced[i] ? dims[i] : 1;
    if (!reduced[i]) {
      channels.dims.push_back(dim);
      left.push_back(dims[i]);
    } else if (keeps_dims) {
      left.push_back(1);
    }
  }
  if (places != map->size.height * map->size.width) {
    return std::nullopt;
  }
  Layer layer;
  layer.inputs = map->slices;
  layer.channels_in = layer_size(draft, node, "the channels", map->size.channels);
  layer.height_in = layer_size(draft, node, "the height", map->size.height);
  layer.width_in = layer_size(draft, node, "the width", map->size.width);
  layer.kernel = {layer.height_in, layer.width_in};
  make_pooling(layer, op);
  MapTensor output = add_layer(draft, node, std::move(layer), std::nullopt);
  output.view = reshaped(channels, left).value();
  Tensor result{.value = std::move(output)};
  return Outputs{std::move(result)};
}

}  // namespace

std::optional<Outputs> read_pool(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims) {
    return std::nullopt;
  }
  const bool average = node.proto.op_type() == "AveragePool";
  const bool asks_for_indices = node.proto.output_size() > 1 && !node.proto.output(1).empty();
  const Dims kernel = ints_attribute(draft, node, "kernel_shape");
  if (dims->size() < 3 || kernel.size() != dims->size() - 2) {
    throw reject(draft.file, node.proto, "a kernel_shape of {} does not fit an input of {}", list_of(kernel),
                 list_of(*dims));
  }
  const Window window = read_window(draft, node, kernel, {dims->begin() + 2, dims->end()});
  const auto is_zero = [](std::int64_t size) { return size == 0; };
  const bool padded = !std::all_of(window.before.begin(), window.before.end(), is_zero) ||
                      !std::all_of(window.after.begin(), window.after.end(), is_zero);
  const bool counts_padding = int_attribute(draft, node, "count_include_pad", 0) != 0 && !window.ends_outside;
  if (!runs_on_template(window) || asks_for_indices || (average && padded && !counts_padding)) {
    return std::nullopt;  // the template divides every sum by the same number
  }
  const auto input = spatial_input(draft, node, *x);
  const bool zeros_matter = input && input->padding != all_sides(0) && !average;
  if (!input || (zeros_matter && !is_never_negative(draft, input->slices))) {
    return std::nullopt;
  }
  Layer layer = window_layer(draft, node, *input, window);
  make_pooling(layer, average ? LayerOp::avgpool : LayerOp::maxpool);
  return window_output(draft, node, std::move(layer), dims->size(), std::nullopt);
}

std::optional<Outputs> read_global_pool(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims || dims->size() < 3 || dims->size() > 4) {
    return std::nullopt;
  }
  std::vector<bool> reduced(dims->size(), true);
  reduced[0] = reduced[1] = false;
  const LayerOp op = node.proto.op_type() == "GlobalAveragePool" ? LayerOp::avgpool : LayerOp::maxpool;
  return pool_over(draft, node, op, *x, reduced, true);
}

std::optional<Outputs> read_reduction(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims || dims->size() < 3 || dims->size() > 4) {
    return std::nullopt;
  }
  const auto axes = parameters(draft, node, "axes", 1);
  std::vector<bool> reduced(dims->size(), !axes || axes->empty());
  for (const std::int64_t axis : axes.value_or(Dims())) {
    reduced[axis_of(draft, node, axis, dims->size())] = true;
  }
  const LayerOp op = node.proto.op_type() == "ReduceMean" ? LayerOp::avgpool : LayerOp::maxpool;
  return pool_over(draft, node, op, *x, reduced, int_attribute(draft, node, "keepdims", 1) != 0);
}

}  // namespace autonba::onnx_import
