#pragma once

#include <cstddef>

/// 1×1 convolution of maps stored as NHWC.
namespace autonba::kernels {

/// One group of the convolution, or of its transpose.
struct Pointwise {
  std::ptrdiff_t channels_in, channels_out;  // of the group
  std::ptrdiff_t x_pixel, y_pixel;           // channels of a whole pixel of the input and of the output
};

/// y = x·weights for each of `pixels`, where x and y are the group's channels in the first pixel. The weights are
/// [channels_in, padded(channels_out)]; what the padding holds does not matter.
void pointwise_products(const float* x, const float* weights, std::ptrdiff_t pixels, const Pointwise& shape, float* y);

/// The next multiple of the widest vector.
constexpr std::ptrdiff_t padded(std::ptrdiff_t channels) {
  return (channels + 15) / 16 * 16;
}

/// Adds Σ over `pixels` of g·xᵀ to rows begin … end − 1 of the gradient of the weights [channels_out, channels_in],
/// where x and g are the group's channels in the first pixel of the input and of the gradient to the output.
void pointwise_add_weight_gradient(const float* x, const float* g, std::ptrdiff_t pixels, const Pointwise& shape,
                                   std::ptrdiff_t begin, std::ptrdiff_t end, float* weight_gradient);

}  // namespace autonba::kernels
