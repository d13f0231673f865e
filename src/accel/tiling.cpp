#include "accel/tiling.hpp"

namespace autonba {

Axis row_axis(const LayerShape& shape, int tile, int batch) {
  if (shape.flattened) {
    const int pixels = tiled_rows(shape, batch);
    return {.outputs = pixels, .inputs = pixels, .tile = tile};
  }
  return {.outputs = shape.output.height,
          .inputs = shape.input.height,
          .tile = tile,
          .kernel = shape.kernel_height,
          .stride = shape.stride_rows,
          .padding = shape.padding_top,
          .dilation = shape.dilation_rows,
          .used_only = shape.kernel_height == 1 && shape.kernel_width == 1};
}

Axis col_axis(const LayerShape& shape, int tile) {
  if (shape.flattened) {
    return {};
  }
  return {.outputs = shape.output.width,
          .inputs = shape.input.width,
          .tile = tile,
          .kernel = shape.kernel_width,
          .stride = shape.stride_cols,
          .padding = shape.padding_left,
          .dilation = shape.dilation_cols};
}

int largest_load(const Axis& axis) {
  const auto [tiles, head, tail] = axis.range();
  int largest = 0;
  for (int i = 0; i < std::min(head + 1, tiles); ++i) {
    largest = std::max(largest, axis.extent(i).inputs);
  }
  for (int i = tail; i < tiles; ++i) {
    largest = std::max(largest, axis.extent(i).inputs);
  }
  return largest;
}

}  // namespace autonba
