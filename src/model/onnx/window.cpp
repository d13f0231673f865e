#include "model/onnx/window.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"
#include "model/onnx/attributes.hpp"

namespace autonba::onnx_import {
namespace {

constexpr std::int64_t largest = 1 << 20;
constexpr std::int64_t largest_stride = 4;  // stride_max of docs/cost-model.md

Dims sizes(const Draft& draft, const Node& node, const char* name, std::size_t count, std::int64_t least,
           std::int64_t otherwise) {
  Dims found = ints_attribute(draft, node, name);
  if (found.empty()) {
    found.assign(count, otherwise);
  }
  if (found.size() != count) {
    throw reject(draft.file, node.proto, "{} has {} values, {} are needed", name, found.size(), count);
  }
  for (const std::int64_t size : found) {
    if (size < least || size > largest) {
      throw reject(draft.file, node.proto, "{}: {} is not between {} and {}", name, size, least, largest);
    }
  }
  return found;
}

/// Padding such that there are ⌈inputs / stride⌉ outputs, the odd one at the end or at the beginning.
void pad_to_same(Window& window, std::size_t axis, std::int64_t inputs, bool odd_at_end) {
  const std::int64_t outputs = ceil_div(inputs, window.stride[axis]);
  const std::int64_t covered = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
  const std::int64_t padding = std::max<std::int64_t>((outputs - 1) * window.stride[axis] + covered - inputs, 0);
  window.before[axis] = odd_at_end ? padding / 2 : padding - padding / 2;
  window.after[axis] = padding - window.before[axis];
}

/// One more output where the last window begins before the padding after the map, as ceil_mode asks for.
void round_up(Window& window, std::size_t axis, std::int64_t inputs) {
  const std::int64_t covered = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
  const std::int64_t padded = inputs + window.before[axis] + window.after[axis];
  const std::int64_t begin = window.outputs[axis] * window.stride[axis];  // of one window more
  if (begin < inputs + window.before[axis] && begin + covered > padded &&
      (padded - covered) % window.stride[axis] != 0) {
    ++window.outputs[axis];
    window.after[axis] += begin + covered - padded;
    window.ends_outside = true;
  }
}

}  // namespace

Window read_window(const Draft& draft, const Node& node, Dims kernel, const Dims& inputs) {
  const std::size_t count = kernel.size();
  Window window;
  if (has_attribute(node, "kernel_shape")) {
    if (sizes(draft, node, "kernel_shape", count, 1, 1) != kernel) {
      throw reject(draft.file, node.proto, "kernel_shape is not that of the weights, {}", list_of(kernel));
    }
  }
  window.kernel = std::move(kernel);
  window.stride = sizes(draft, node, "strides", count, 1, 1);
  window.dilation = sizes(draft, node, "dilations", count, 1, 1);
  const Dims pads = sizes(draft, node, "pads", 2 * count, 0, 0);
  window.before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(count));
  window.after.assign(pads.begin() + static_cast<std::ptrdiff_t>(count), pads.end());
  const std::string auto_pad = string_attribute(draft, node, "auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID") {
    throw reject(draft.file, node.proto, "auto_pad: \"{}\" is not NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                 printable(auto_pad));
  }
  const bool ceil_mode = int_attribute(draft, node, "ceil_mode", 0) != 0;
  for (std::size_t axis = 0; axis < count; ++axis) {
    if (inputs[axis] < 1 || inputs[axis] > largest) {
      throw reject(draft.file, node.proto, "its input has a size of {}, not between 1 and {}", inputs[axis], largest);
    }
    if (same) {
      pad_to_same(window, axis, inputs[axis], auto_pad == "SAME_UPPER");
    } else if (auto_pad == "VALID") {
      window.before[axis] = window.after[axis] = 0;
    }
    const std::int64_t covered = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
    const std::int64_t padded = inputs[axis] + window.before[axis] + window.after[axis];
    if (covered > padded) {
      throw reject(draft.file, node.proto, "the kernel covers {} of a padded map of {}", covered, padded);
    }
    window.outputs.push_back((padded - covered) / window.stride[axis] + 1);
    if (ceil_mode) {
      round_up(window, axis, inputs[axis]);
    }
  }
  return window;
}

bool runs_on_template(const Window& window) {
  for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
    if (window.outputs[axis] > 1 && window.stride[axis] > largest_stride) {
      return false;
    }
  }
  return window.kernel.size() == 1 || window.kernel.size() == 2;
}

Layer window_layer(const Draft& draft, const Node& node, const SpatialInput& input, const Window& window) {
  Layer layer;
  layer.inputs = input.slices;
  layer.channels_in = layer_size(draft, node, "the input channels", input.size.channels);
  layer.height_in = layer_size(draft, node, "the height", input.size.height);
  layer.width_in = layer_size(draft, node, "the width", input.size.width);
  layer.padding = input.padding;
  // One dimension: along the columns of a map of one row.
  const std::size_t first = 2 - window.kernel.size();
  for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
    layer.kernel[first + axis] = static_cast<int>(window.kernel[axis]);
    layer.stride[first + axis] = static_cast<int>(window.stride[axis]);
    layer.dilation[first + axis] = static_cast<int>(window.dilation[axis]);
    layer.padding[first + axis] += static_cast<int>(window.before[axis]);
    layer.padding[2 + first + axis] += static_cast<int>(window.after[axis]);
  }
  return layer;
}

Outputs window_output(Draft& draft, const Node& node, Layer layer, std::size_t rank, std::optional<int> weight_bits) {
  MapTensor output = add_layer(draft, node, std::move(layer), weight_bits);
  if (rank == 3) {
    output.view = *reshaped(output.view, {output.size.batch, output.size.channels, output.size.width});
  }
  Tensor result{.value = std::move(output)};
  return {std::move(result)};
}

}  // namespace autonba::onnx_import
