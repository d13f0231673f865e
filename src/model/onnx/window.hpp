#pragma once

#include "model/onnx/draft.hpp"

namespace autonba::onnx_import {

/// What convolutions and pooling do along each dimension after the first two.
struct Window {
  Dims kernel;
  Dims stride;
  Dims dilation;
  Dims before;  // padding
  Dims after;
  Dims outputs;
  bool ends_outside = false;  // ceil_mode made the padding after larger than the node says
};

/// Reads strides, pads, auto_pad, dilations and ceil_mode for a kernel of `kernel` on `inputs` (padding that was read
/// before included). Throws InputError where they contradict each other or the kernel does not fit.
Window read_window(const Draft& draft, const Node& node, Dims kernel, const Dims& inputs);

/// Whether it has one or two dimensions and no stride above the largest that a chunk may have (docs/cost-model.md).
bool runs_on_template(const Window& window);

/// A layer with the window on the input; everything about its outputs is still to be filled in.
Layer window_layer(const Draft& draft, const Node& node, const SpatialInput& input, const Window& window);

/// Appends the layer; the output has `rank` dimensions as the input.
Outputs window_output(Draft& draft, const Node& node, Layer layer, std::size_t rank, std::optional<int> weight_bits);

}  // namespace autonba::onnx_import
