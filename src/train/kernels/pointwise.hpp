#pragma once

#include <cstddef>

/// 1×1 convolution of maps stored as NHWC.
namespace autonba::kernels {

/// One group of the convolution.
struct Pointwise {
  std::ptrdiff_t channels_in, channels_out;  // of the group
  std::ptrdiff_t x_pixel, g_pixel;           // channels of a whole pixel of the input and of the output
};

/// Adds Σ over `pixels` of g·xᵀ to rows begin … end − 1 of the gradient of the weights [channels_out, channels_in],
/// where x and g are the group's channels in the first pixel of the input and of the gradient to the output.
void pointwise_add_weight_gradient(const float* x, const float* g, std::ptrdiff_t pixels, const Pointwise& shape,
                                   std::ptrdiff_t begin, std::ptrdiff_t end, float* weight_gradient);

/// One group of a convolution or of its transpose, y = x·weights for every pixel.
struct PixelProduct {
  std::ptrdiff_t channels_in, channels_out;  // of the group
  std::ptrdiff_t x_pixel, y_pixel;           // channels of a whole pixel
  std::ptrdiff_t weight_row;                 // floats from a row of the weights to the next
};

/// Of `pixels`. The weights are [channels_in, weight_row], of which channels_out columns count; the others, up to a
/// multiple of 16, are read too.
void pointwise_products(const float* x, const float* weights, std::ptrdiff_t pixels, const PixelProduct& shape,
                        float* y);

}  // namespace autonba::kernels
