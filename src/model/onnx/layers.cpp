#include <algorithm>

#include "model/onnx/attributes.hpp"
#include "model/onnx/operators.hpp"
#include "model/onnx/window.hpp"

namespace autonba::onnx_import {
namespace {

/// Where the weights stand among the inputs, and the bias, of the floating-point and the quantised forms.
struct Operands {
  std::size_t weight = 1;
  std::size_t bias = 2;
};

Operands operands_of(const Node& node) {
  const std::string& op = node.proto.op_type();
  if (op == "QLinearConv" || op == "QLinearMatMul") {
    return {3, 8};
  }
  return op == "ConvInteger" || op == "MatMulInteger" ? Operands{1, 4} : Operands{};
}

bool is_constant_or_absent(const Tensor* tensor) {
  return tensor == nullptr || tensor->constant() != nullptr;
}

void check_weights(const Draft& draft, const Node& node, const Dims& weights, const Dims& input, std::int64_t groups) {
  if (weights.size() != input.size()) {
    throw reject(draft.file, node.proto, "its weights have {} dimensions, its input {}", weights.size(), input.size());
  }
  if (groups < 1 || input[1] % groups != 0 || weights[1] != input[1] / groups || weights[0] % groups != 0) {
    throw reject(draft.file, node.proto, "weights of {} do not fit an input of {} in {} groups", list_of(weights),
                 list_of(input), groups);
  }
  for (const std::int64_t size : weights) {
    layer_size(draft, node, "a size of the weights", size);
  }
}

std::optional<int> bits_of_weights(const Tensor& weights) {
  return weights.constant()->bits;
}

}  // namespace

std::optional<Outputs> read_conv(Draft& draft, const Node& node) {
  const Operands operands = operands_of(node);
  const Tensor* x = node.input(0);
  const Tensor* weights = node.input(operands.weight);
  if (x == nullptr || weights == nullptr) {
    throw reject(draft.file, node.proto, "has no input or no weights");
  }
  const std::optional<Dims> dims = x->dims();
  if (!dims) {
    throw reject(draft.file, node.proto, "the shape of its input {} is not known", printable(x->name));
  }
  if (weights->constant() == nullptr || !is_constant_or_absent(node.input(operands.bias))) {
    return std::nullopt;
  }
  const Dims& shape = weights->constant()->dims;
  const std::int64_t groups = int_attribute(draft, node, "group", 1);
  if (dims->size() < 3) {
    throw reject(draft.file, node.proto, "its input has {} dimensions, a convolution needs at least 3", dims->size());
  }
  check_weights(draft, node, shape, *dims, groups);
  const Window window = read_window(draft, node, {shape.begin() + 2, shape.end()}, {dims->begin() + 2, dims->end()});
  if (!runs_on_template(window)) {
    return std::nullopt;
  }
  const auto input = spatial_input(draft, node, *x);
  if (!input) {
    return std::nullopt;
  }
  Layer layer = window_layer(draft, node, *input, window);
  layer.channels_out = layer_size(draft, node, "the output channels", shape[0]);
  layer.groups = static_cast<int>(groups);
  const bool depthwise = groups > 1 && groups == layer.channels_in && groups == layer.channels_out;
  layer.op = depthwise ? LayerOp::depthwise : LayerOp::conv;
  return window_output(draft, node, std::move(layer), dims->size(), bits_of_weights(*weights));
}

namespace {

/// A map that a matrix is multiplied with, along the last dimension of a tensor.
struct MatrixInput {
  MapTensor map;
  bool flat = false;  // the last dimension is all of an image; else it is its channels
};

std::optional<MatrixInput> matrix_input(Draft& draft, const Node& node, const Tensor& x) {
  const std::optional<Dims> dims = x.dims();
  if (!dims || dims->size() < 2 || dims->size() > 4) {
    return std::nullopt;
  }
  const auto read = [](const MapTensor& map) -> std::optional<MatrixInput> {
    const std::vector<Factor>& last = map.view.dims.back();
    if (lists_a_channel_twice(map.slices)) {
      return std::nullopt;
    }
    if (map.view.dims.size() == 2 && is_whole_axis(map.view.dims[0], Axis::batch, map.size)) {
      return MatrixInput{map, true};
    }
    const bool along_channels = is_part_of_axis(last, Axis::channel) && length(last) == map.size.channels;
    return along_channels ? std::optional(MatrixInput{map, false}) : std::nullopt;
  };
  const auto map = as_map(draft, x, Channels::last);
  if (auto found = map ? read(*map) : std::nullopt) {
    return found;
  }
  if (x.map() == nullptr || (draft.batch > 1 && (*dims)[0] != draft.batch)) {
    return std::nullopt;
  }
  const auto copy = as_map(draft, copied_by_host(draft, node, x, "Layout"), Channels::last);
  return copy ? read(*copy) : std::nullopt;
}

/// A layer with `outputs` results for each row of the matrix that the tensor is; its output has the tensor's dimensions
/// but the last.
std::optional<Outputs> multiply(Draft& draft, const Node& node, const Tensor& x, std::int64_t outputs,
                                std::optional<int> bits) {
  const auto input = matrix_input(draft, node, x);
  if (!input) {
    return std::nullopt;
  }
  const MapTensor& map = input->map;
  Layer layer;
  layer.channels_in = layer_size(draft, node, "the input channels", map.size.channels);
  layer.channels_out = layer_size(draft, node, "the outputs", outputs);
  layer.height_in = layer_size(draft, node, "the height", map.size.height);
  layer.width_in = layer_size(draft, node, "the width", map.size.width);
  layer.inputs = map.slices;
  const bool linear = input->flat || (map.size.height == 1 && map.size.width == 1);
  if (linear) {
    layer.op = LayerOp::linear;
    layer.kernel = {layer.height_in, layer.width_in};
  } else if (!is_whole_axis(map.view.dims.back(), Axis::channel, map.size)) {
    layer.inputs = select_channels(map.slices, places(map.view.dims.back()));
    count_ranges(draft, node, range_count(layer.inputs));
  }
  MapTensor output = add_layer(draft, node, std::move(layer), bits);
  if (linear) {
    Dims dims = *x.dims();
    dims.back() = outputs;
    output.view = *reshaped(output.view, dims);
  } else {
    output.view.dims.assign(map.view.dims.begin(), map.view.dims.end() - 1);
    output.view.dims.push_back(plain_view(output.size).dims[1]);
  }
  Tensor result{.value = std::move(output)};
  return Outputs{std::move(result)};
}

}  // namespace

std::optional<Outputs> read_gemm(Draft& draft, const Node& node) {
  const Tensor* a = node.input(0);
  const Tensor* b = node.input(1);
  if (a == nullptr || b == nullptr) {
    throw reject(draft.file, node.proto, "has no input or no weights");
  }
  const bool with_weights = b->constant() != nullptr && is_constant_or_absent(node.input(2));
  if (!with_weights || int_attribute(draft, node, "transA", 0) != 0) {
    return std::nullopt;
  }
  const std::optional<Dims> input = a->dims();
  const Dims& weights = b->constant()->dims;
  const std::size_t outputs_at = int_attribute(draft, node, "transB", 0) != 0 ? 0 : 1;
  if (!input) {
    throw reject(draft.file, node.proto, "the shape of its input {} is not known", printable(a->name));
  }
  if (weights.size() != 2 || input->size() != 2 || weights[1 - outputs_at] != (*input)[1]) {
    throw reject(draft.file, node.proto, "weights of {} do not fit an input of {}", list_of(weights), list_of(*input));
  }
  return multiply(draft, node, *a, weights[outputs_at], bits_of_weights(*b));
}

std::optional<Outputs> read_matmul(Draft& draft, const Node& node) {
  const Tensor* a = node.input(0);
  const Tensor* b = node.input(operands_of(node).weight);
  if (a == nullptr || b == nullptr) {
    throw reject(draft.file, node.proto, "has fewer than two factors");
  }
  const std::optional<Dims> input = a->dims();
  if (b->constant() == nullptr || b->constant()->dims.size() != 2 || !input || input->size() < 2) {
    return std::nullopt;
  }
  const Dims& weights = b->constant()->dims;
  if (weights[0] != input->back()) {
    throw reject(draft.file, node.proto, "weights of {} do not fit an input of {}", list_of(weights), list_of(*input));
  }
  return multiply(draft, node, *a, weights[1], bits_of_weights(*b));
}

}  // namespace autonba::onnx_import
