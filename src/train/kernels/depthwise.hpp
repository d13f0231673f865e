#pragma once

#include <cstddef>

/// Depthwise convolution of maps stored as NHWC, with K×K weights stored as [K·K, C] so that channels fill the lanes.
/// Each call does a part of one image; the caller spreads them over threads.
namespace autonba::kernels {

struct Depthwise {
  std::ptrdiff_t channels;
  std::ptrdiff_t height_in, width_in;
  std::ptrdiff_t height_out, width_out;
  std::ptrdiff_t kernel;   // 3, 5 or 7
  std::ptrdiff_t stride;   // 1 or 2
  std::ptrdiff_t padding;  // zeros at each side
};

/// Rows begin … end − 1 of the output of one image.
void depthwise_rows(const float* image, const float* weights, const Depthwise& shape, std::ptrdiff_t begin,
                    std::ptrdiff_t end, float* output);

/// Rows begin … end − 1 of the gradient to the input of one image, from the gradient to its output; stride 2. (With
/// stride 1 it is a convolution with the kernel turned by 180 degrees.)
void depthwise_gradient_rows(const float* output_gradient, const float* weights, const Depthwise& shape,
                             std::ptrdiff_t begin, std::ptrdiff_t end, float* input_gradient);

/// Adds one image's part to the gradient of the weights, [K·K, C].
void depthwise_add_weight_gradient(const float* image, const float* output_gradient, const Depthwise& shape,
                                   float* weight_gradient);

}  // namespace autonba::kernels
