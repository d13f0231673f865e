#include <algorithm>
#include <cmath>
#include <limits>

#include "model/onnx/attributes.hpp"
#include "model/onnx/operators.hpp"

namespace autonba::onnx_import {
namespace {

Layer& layer_of(Draft& draft, int index) {
  return draft.network.layers[static_cast<std::size_t>(index)];
}

bool is_pooling(const Layer& layer) {
  return layer.op == LayerOp::avgpool || layer.op == LayerOp::maxpool;
}

/// Whether what comes now can become a part of all the layers that write the tensor.
bool can_fold(const Draft& draft, const Tensor& x) {
  return x.map() != nullptr && !x.map()->whole.empty() && has_one_reader(draft, x);
}

/// The tensor after something was folded into its layers: bits that were stated before that no longer hold.
Outputs folded(Draft& draft, const Tensor& x) {
  for (const int layer : x.map()->whole) {
    draft.stated_bits.erase(layer);
  }
  return {x};
}

/// Whether a factor, or a summand, for each channel can be folded: they scale and shift the sums.
bool can_scale(Draft& draft, const Tensor& x, bool only_shifts) {
  return can_fold(draft, x) && std::all_of(x.map()->whole.begin(), x.map()->whole.end(), [&](int index) {
           const Layer& layer = layer_of(draft, index);
           return !is_pooling(layer) && layer.activation.kind == Activation::Kind::none &&
                  (only_shifts || !layer.residual);
         });
}

/// Whether the constant has one value, or one for each channel of the map.
bool is_per_channel(const Dims& constant, const MapTensor& map) {
  const Dims dims = dims_of(map.view);
  if (constant.size() > dims.size()) {
    return false;
  }
  const std::size_t first = dims.size() - constant.size();
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const bool along_channels =
        constant[i] == dims[first + i] && is_part_of_axis(map.view.dims[first + i], Axis::channel);
    if (constant[i] != 1 && !along_channels) {
      return false;
    }
  }
  return true;
}

std::pair<double, double> bounds_of(const Activation& activation) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  switch (activation.kind) {
    case Activation::Kind::none:
      return {-infinity, infinity};
    case Activation::Kind::relu:
      return {0, infinity};
    case Activation::Kind::clip:
      break;
  }
  return {activation.low, activation.high};
}

/// A clamp after another one is a clamp.
Activation clamped(const Activation& before, double low, double high) {
  const auto [low_before, high_before] = bounds_of(before);
  low = std::clamp(low_before, low, high);
  high = std::clamp(high_before, low, high);
  if (low == 0 && std::isinf(high)) {
    return {Activation::Kind::relu, 0, 0};
  }
  if (std::isinf(low) && std::isinf(high)) {
    return {};
  }
  constexpr double largest = std::numeric_limits<float>::max();  // files hold no infinity
  return {Activation::Kind::clip, std::max(low, -largest), std::min(high, largest)};
}

/// The bounds of Relu or Clip: attributes before opset 11, then inputs; none where they are not known.
std::optional<std::pair<double, double>> bounds_of(const Draft& draft, const Node& node) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (node.proto.op_type() == "Relu") {
    return std::pair(0.0, infinity);
  }
  std::pair<double, double> bounds = {float_attribute(draft, node, "min", -infinity),
                                      float_attribute(draft, node, "max", infinity)};
  for (const std::size_t input : {1U, 2U}) {
    const Tensor* bound = node.input(input);
    if (bound == nullptr) {
      continue;
    }
    const bool known = bound->constant() != nullptr && bound->constant()->values &&
                       bound->constant()->values->size() == 1 && !std::isnan(bound->constant()->values->front());
    if (!known) {
      return std::nullopt;
    }
    (input == 1 ? bounds.first : bounds.second) = bound->constant()->values->front();
  }
  if (std::isnan(bounds.first) || std::isnan(bounds.second)) {
    return std::nullopt;
  }
  bounds.first = std::min(bounds.first, bounds.second);
  return bounds;
}

/// Brevitas writes narrow integers as QuantizeLinear, Clip, DequantizeLinear: the Clip's bounds tell the bits.
std::optional<Outputs> narrowed_integers(Draft& draft, const Tensor& x, double low, double high) {
  constexpr int most = 8;  // of QuantizeLinear
  int bits = 2;
  while (bits < most && (low < 0 ? low < -std::ldexp(1.0, bits - 1) || high >= std::ldexp(1.0, bits - 1)
                                 : high >= std::ldexp(1.0, bits))) {
    ++bits;
  }
  if (x.map() != nullptr) {
    for (const MapSlice& slice : x.map()->slices) {
      draft.stated_bits[slice.writer] = bits;
    }
  } else if (x.host() != nullptr) {
    draft.array_bits[x.host()->array] = bits;
  }
  return Outputs{x};
}

/// Reads y as the map that is added to what `layer` writes.
std::optional<int> residual_writer(Draft& draft, const Tensor& y, const MapTensor& to, int layer) {
  const bool channels_last = to.view.dims.size() == 3 && is_part_of_axis(to.view.dims[2], Axis::channel);
  if (y.host() != nullptr && y.dims() != dims_of(to.view)) {
    return std::nullopt;  // broadcast, or not known
  }
  const auto added = as_map(draft, y, channels_last ? Channels::last : Channels::first);
  if (!added || added->view != to.view || added->size != to.size || added->padding != all_sides(0)) {
    return std::nullopt;
  }
  const auto writer = one_whole_map(added->slices, to.size.channels);
  const bool whole = writer && *writer != layer &&
                     (*writer < 0 || layer_of(draft, *writer).channels_out == to.size.channels) &&
                     (*writer != network_input || draft.network.input.channels == to.size.channels);
  return whole ? writer : std::nullopt;
}

/// Folds an addition of maps into the last layer before it that can take it.
std::optional<Outputs> add_residual(Draft& draft, const Tensor& a, const Tensor& b) {
  std::vector<std::pair<const Tensor*, const Tensor*>> ways;
  for (const auto& [x, y] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (!can_scale(draft, *x, false) || x->map()->whole.size() != 1 || x->name == y->name) {
      continue;
    }
    const Layer& layer = layer_of(draft, x->map()->whole.front());
    if (one_whole_map(x->map()->slices, layer.channels_out)) {
      ways.emplace_back(x, y);
    }
  }
  std::sort(ways.begin(), ways.end(), [](const auto& one, const auto& other) {
    return one.first->map()->whole.front() > other.first->map()->whole.front();
  });
  for (const auto& [x, y] : ways) {
    const int index = x->map()->whole.front();
    if (const auto writer = residual_writer(draft, *y, *x->map(), index)) {
      layer_of(draft, index).residual = writer;
      return folded(draft, *x);
    }
  }
  return std::nullopt;
}

/// x · sigmoid(x) and x · hard sigmoid(x) become one operation of the host.
std::optional<Outputs> gated(Draft& draft, const Tensor& a, const Tensor& b) {
  for (const auto& [gate, x] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (gate->host() == nullptr || !has_one_reader(draft, *gate)) {
      continue;
    }
    const auto found = draft.gates.find(gate->host()->op);
    if (found == draft.gates.end() || found->second != x->name) {
      continue;
    }
    HostOp& op = draft.network.host_ops[gate->host()->op];
    op.op = op.op == "Sigmoid" ? "SiLU" : "HardSwish";
    op.operations *= 2;
    Tensor result = *gate;
    std::get<HostTensor>(result.value).array = draft.arrays++;
    return Outputs{std::move(result)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Outputs> read_batch_normalisation(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  if (x == nullptr) {
    throw reject(draft.file, node.proto, "has no input");
  }
  const std::optional<Dims> dims = x->dims();
  for (const std::size_t input : {1U, 2U, 3U, 4U}) {
    const Tensor* parameter = node.input(input);
    if (parameter == nullptr || parameter->constant() == nullptr ||
        int_attribute(draft, node, "training_mode", 0) != 0) {
      return std::nullopt;
    }
    if (dims && dims->size() > 1 && parameter->constant()->dims != Dims{(*dims)[1]}) {
      throw reject(draft.file, node.proto, "{} has the dimensions {}, for {} channels", printable(parameter->name),
                   list_of(parameter->constant()->dims), (*dims)[1]);
    }
  }
  if (can_scale(draft, *x, false) && x->map()->view.dims.size() > 1 &&
      is_part_of_axis(x->map()->view.dims[1], Axis::channel)) {
    return folded(draft, *x);
  }
  const auto input = spatial_input(draft, node, *x);
  if (!input) {
    return std::nullopt;
  }
  Layer layer;  // a factor and a summand for each channel are a depthwise convolution of 1×1
  layer.op = LayerOp::depthwise;
  layer.inputs = input->slices;
  layer.channels_in = layer.channels_out = layer.groups = layer_size(draft, node, "the channels", input->size.channels);
  layer.height_in = layer_size(draft, node, "the height", input->size.height);
  layer.width_in = layer_size(draft, node, "the width", input->size.width);
  MapTensor output = add_layer(draft, node, std::move(layer), std::nullopt);
  output.view = reshaped(output.view, *dims).value();
  Tensor result{.value = std::move(output)};
  return Outputs{std::move(result)};
}

std::optional<Outputs> read_clamp(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const auto bounds = bounds_of(draft, node);
  if (x == nullptr || !bounds) {
    return std::nullopt;
  }
  const bool integers = x->element_type != onnx::TensorProto::FLOAT && x->element_type != onnx::TensorProto::FLOAT16 &&
                        x->element_type != onnx::TensorProto::DOUBLE && x->element_type != onnx::TensorProto::BFLOAT16;
  if (integers && node.proto.op_type() == "Clip") {
    return narrowed_integers(draft, *x, bounds->first, bounds->second);
  }
  if (!can_fold(draft, *x)) {
    return std::nullopt;
  }
  for (const int index : x->map()->whole) {
    Activation& activation = layer_of(draft, index).activation;
    activation = clamped(activation, bounds->first, bounds->second);
  }
  return folded(draft, *x);
}

std::optional<Outputs> read_arithmetic(Draft& draft, const Node& node) {
  const std::string& op = node.proto.op_type();
  const Tensor* a = node.input(0);
  const Tensor* b = node.input(1);
  if (node.inputs.size() != 2 || a == nullptr || b == nullptr) {
    return std::nullopt;
  }
  const bool adds = op == "Add" || op == "Sum";
  const bool is_commutative = adds || op == "Mul";
  if (is_commutative && a->constant() != nullptr) {
    std::swap(a, b);
  }
  if (b->constant() != nullptr) {
    const bool shifts = adds || op == "Sub";
    const bool folds = can_scale(draft, *a, shifts) && is_per_channel(b->constant()->dims, *a->map());
    return folds ? std::optional(folded(draft, *a)) : std::nullopt;
  }
  if (adds && a->dims() && a->dims() == b->dims()) {
    return add_residual(draft, *a, *b);
  }
  return op == "Mul" ? gated(draft, *a, *b) : std::nullopt;
}

}  // namespace autonba::onnx_import
