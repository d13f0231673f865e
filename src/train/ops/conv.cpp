#include "train/ops/conv.hpp"

#include <fmt/format.h>
#include <torch/csrc/autograd/custom_function.h>

#include "base/profile.hpp"
#include "train/kernels/depthwise.hpp"
#include "train/kernels/pointwise.hpp"
#include "train/ops/parts.hpp"
#include "train/ops/reference.hpp"
#include "train/ops/selection.hpp"

namespace autonba {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::Depthwise shape_of(const torch::Tensor& x, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  const auto outputs = [&](std::int64_t size) { return (size + 2 * padding - kernel) / stride + 1; };
  return {x.size(1), x.size(2), x.size(3), outputs(x.size(2)), outputs(x.size(3)), kernel, stride, padding};
}

/// [C, 1, K, K] as the kernels want it, [K·K, C].
torch::Tensor taps_first(const torch::Tensor& weights) {
  return weights.flatten(1).t().contiguous();
}

/// Calls body(image, begin, end) for ranges that make up all rows of all images, on all threads.
template <typename Body>
void for_image_rows(std::int64_t images, std::int64_t rows, std::int64_t values_in_row, const Body& body) {
  const std::int64_t rows_least = std::max<std::int64_t>(1, 4096 / values_in_row);  // rows for which to wake a thread
  at::parallel_for(0, images * rows, rows_least, [&](std::int64_t first, std::int64_t last) {
    while (first < last) {
      const std::int64_t image = first / rows;
      const std::int64_t end = std::min(last, (image + 1) * rows);
      body(image, first - image * rows, end - image * rows);
      first = end;
    }
  });
}

/// A depthwise convolution of x, or its transpose.
template <typename Kernel>
torch::Tensor all_rows(const torch::Tensor& x, const torch::Tensor& taps, const kernels::Depthwise& shape,
                       std::int64_t height, std::int64_t width, const Kernel& kernel) {
  torch::Tensor y = torch::empty({x.size(0), x.size(1), height, width}, x.options(), at::MemoryFormat::ChannelsLast);
  const std::int64_t image = x.numel() / x.size(0);
  const std::int64_t row_size = width * x.size(1);
  for_image_rows(x.size(0), height, row_size, [&](std::int64_t n, std::int64_t begin, std::int64_t end) {
    kernel(x.data_ptr<float>() + n * image, taps.data_ptr<float>(), shape, begin, end,
           y.data_ptr<float>() + (n * height + begin) * row_size);
  });
  return y;
}

torch::Tensor depthwise_input_gradient(const torch::Tensor& g, const torch::Tensor& weights,
                                       const kernels::Depthwise& s) {
  if (s.stride != 1) {
    return all_rows(g, taps_first(weights), s, s.height_in, s.width_in, kernels::depthwise_gradient_rows);
  }
  // With stride 1 the transpose is a convolution with the kernel turned by 180 degrees.
  const kernels::Depthwise turned{s.channels, s.height_out, s.width_out, s.height_in,
                                  s.width_in, s.kernel,     1,           s.kernel - 1 - s.padding};
  return all_rows(g, taps_first(weights.flip({2, 3})), turned, s.height_in, s.width_in, kernels::depthwise_rows);
}

torch::Tensor depthwise_weight_gradient(const torch::Tensor& x, const torch::Tensor& g,
                                        const kernels::Depthwise& shape) {
  const std::int64_t images = x.size(0);
  const Parts parts = split(images, 1, std::max<std::int64_t>(1, 4096 * images / g.numel()));
  const torch::Tensor sums = torch::zeros({parts.parts, shape.kernel * shape.kernel, x.size(1)});
  for_parts(parts, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      kernels::depthwise_add_weight_gradient(x.data_ptr<float>() + n * (x.numel() / images),
                                             g.data_ptr<float>() + n * (g.numel() / images), shape,
                                             sums.data_ptr<float>() + part * sums.stride(0));
    }
  });
  return sums.sum(0).t().reshape({x.size(1), 1, shape.kernel, shape.kernel});
}

/// Of every pixel and group: x·weights, of [groups, channels_in, channels_out] each.
torch::Tensor pixel_products(const torch::Tensor& x, const torch::Tensor& weights) {
  const std::int64_t groups = weights.size(0);
  const std::int64_t padding = kernels::padded(weights.size(2)) - weights.size(2);
  const torch::Tensor rows = at::constant_pad_nd(weights, {0, padding}).contiguous();
  torch::Tensor y = torch::empty({x.size(0), groups * weights.size(2), x.size(2), x.size(3)}, x.options(),
                                 at::MemoryFormat::ChannelsLast);
  const kernels::Pointwise shape{weights.size(1), weights.size(2), x.size(1), y.size(1)};
  const std::int64_t pixels_least = 1 + 65536 / (shape.channels_in * y.size(1));  // for which to wake a thread
  at::parallel_for(0, x.numel() / x.size(1), pixels_least, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t group = 0; group < groups; ++group) {
      kernels::pointwise_products(x.data_ptr<float>() + begin * shape.x_pixel + group * shape.channels_in,
                                  rows.data_ptr<float>() + group * rows.stride(0), end - begin, shape,
                                  y.data_ptr<float>() + begin * shape.y_pixel + group * shape.channels_out);
    }
  });
  return y;
}

/// Of a 1×1 convolution. Each thread adds up pixels where there are many, else rows of the gradient.
torch::Tensor pointwise_weight_gradient(const torch::Tensor& x, const torch::Tensor& g, std::int64_t groups) {
  const kernels::Pointwise shape{x.size(1) / groups, g.size(1) / groups, x.size(1), g.size(1)};
  const std::int64_t pixels = x.numel() / x.size(1);
  constexpr std::int64_t many_pixels = 4096;
  const Parts of_pixels = split(pixels, 1, pixels < many_pixels ? pixels : 256);
  const std::int64_t rows_least = 1 + 65536 / (pixels * shape.channels_in);  // for which to wake a thread
  const Parts of_rows = split(shape.channels_out, 1, of_pixels.parts > 1 ? shape.channels_out : rows_least);
  const torch::Tensor sums = torch::zeros({of_pixels.parts, g.size(1), shape.channels_in});
  const std::int64_t tasks = groups * of_pixels.parts * of_rows.parts;
  at::parallel_for(0, tasks, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t task = first; task < last; ++task) {
      const std::int64_t group = task % groups;
      const std::int64_t pixel = task / groups % of_pixels.parts * of_pixels.size;
      const std::int64_t row = task / groups / of_pixels.parts * of_rows.size;
      kernels::pointwise_add_weight_gradient(x.data_ptr<float>() + pixel * x.size(1) + group * shape.channels_in,
                                             g.data_ptr<float>() + pixel * g.size(1) + group * shape.channels_out,
                                             std::min(of_pixels.size, pixels - pixel), shape, row,
                                             std::min(row + of_rows.size, shape.channels_out),
                                             sums.data_ptr<float>() + pixel / of_pixels.size * sums.stride(0) +
                                                 group * shape.channels_out * sums.stride(1));
    }
  });
  return sums.sum(0).reshape({g.size(1), shape.channels_in, 1, 1});
}

/// How a convolution is done: by the kernels, or by what ATen finds best (oneDNN), which is
/// slower for 1×1 convolutions in groups and with small weights.
struct Conv {
  std::int64_t stride, padding, groups;
  bool depthwise;  // by the kernels

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& weights) const {
    if (depthwise) {
      const kernels::Depthwise shape = shape_of(x, weights.size(2), stride, padding);
      return all_rows(x, taps_first(weights), shape, shape.height_out, shape.width_out, kernels::depthwise_rows);
    }
    if (multiplies(weights)) {
      return pixel_products(x, of_groups(weights).transpose(1, 2));
    }
    return reference::conv(x, weights, stride, padding, groups);
  }
  torch::Tensor input_gradient(const torch::Tensor& x, const torch::Tensor& weights, const torch::Tensor& g) const {
    if (depthwise) {
      return depthwise_input_gradient(g, weights, shape_of(x, weights.size(2), stride, padding));
    }
    return multiplies(weights) ? pixel_products(g, of_groups(weights))
                               : std::get<0>(gradients(x, weights, g, {true, false, false}));
  }
  torch::Tensor weight_gradient(const torch::Tensor& x, const torch::Tensor& weights, const torch::Tensor& g) const {
    if (depthwise) {
      return depthwise_weight_gradient(x, g, shape_of(x, weights.size(2), stride, padding));
    }
    return is_pointwise(weights) ? pointwise_weight_gradient(x, g, groups)
                                 : std::get<1>(gradients(x, weights, g, {false, true, false}));
  }

  /// Of the convolution and of each of its gradients: two of map, weights and result are read, the third is written.
  Work work(const torch::Tensor& x, const torch::Tensor& weights) const {
    const kernels::Depthwise s = shape_of(x, weights.size(2), stride, padding);
    const std::int64_t outputs = x.size(0) * s.height_out * s.width_out * weights.size(0);
    return {.flops = 2.0 * static_cast<double>(outputs * (weights.numel() / weights.size(0))),
            .bytes = static_cast<double>(sizeof(float)) * static_cast<double>(x.numel() + weights.numel() + outputs),
            .shape = fmt::format("{} of {}x{}x{} to {}, {}x{}{}{}", x.size(0), s.height_in, s.width_in, x.size(1),
                                 weights.size(0), s.kernel, s.kernel, stride > 1 ? " stride 2" : "",
                                 groups > 1 && groups < x.size(1) ? fmt::format(", {} groups", groups) : "")};
  }

 private:
  bool is_pointwise(const torch::Tensor& weights) const { return weights.size(2) == 1 && stride == 1 && padding == 0; }
  /// Whether pixel_products() is the faster way.
  bool multiplies(const torch::Tensor& weights) const {
    constexpr std::int64_t first_cache = 8192;  // floats
    return is_pointwise(weights) && (groups > 1 || weights.numel() <= first_cache);
  }
  /// [groups, C_out / groups, C_in / groups] of a 1×1 convolution.
  torch::Tensor of_groups(const torch::Tensor& weights) const {
    return weights.reshape({groups, weights.size(0) / groups, weights.size(1)});
  }
  std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> gradients(const torch::Tensor& x,
                                                                    const torch::Tensor& weights,
                                                                    const torch::Tensor& g,
                                                                    std::array<bool, 3> wanted) const {
    return at::convolution_backward(g, x, weights, at::OptionalIntArrayRef(), {stride, stride}, {padding, padding},
                                    {1, 1}, false, {0, 0}, groups, wanted);
  }
};

struct ConvFunction : torch::autograd::Function<ConvFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input, const torch::Tensor& weights,
                               const Conv& conv) {
    const torch::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
    context->save_for_backward({x, weights});
    context->saved_data["conv"] = std::vector<std::int64_t>{conv.stride, conv.padding, conv.groups, conv.depthwise};
    const Timed timed(conv.depthwise ? "depthwise convolution" : "convolution", [&] { return conv.work(x, weights); });
    return conv.forward(x, weights);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor& x = saved[0];
    const torch::Tensor& weights = saved[1];
    const std::vector<std::int64_t> values = context->saved_data["conv"].toIntVector();
    const Conv conv{values[0], values[1], values[2], values[3] != 0};
    const torch::Tensor g = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const auto work = [&] { return conv.work(x, weights); };
    variable_list result(3);
    if (context->needs_input_grad(0)) {
      const Timed timed(conv.depthwise ? "depthwise convolution, input gradient" : "convolution, input gradient", work);
      result[0] = conv.input_gradient(x, weights, g);
    }
    if (context->needs_input_grad(1)) {
      const Timed timed(conv.depthwise ? "depthwise convolution, weight gradient" : "convolution, weight gradient",
                        work);
      result[1] = conv.weight_gradient(x, weights, g);
    }
    return result;
  }
};

bool depthwise_applies(const torch::Tensor& x, const torch::Tensor& weights, std::int64_t stride, std::int64_t padding,
                       std::int64_t groups) {
  const std::int64_t kernel = weights.size(2);
  return groups == x.size(1) && groups == weights.size(0) && kernel == weights.size(3) &&
         (kernel == 3 || kernel == 5 || kernel == 7) && (stride == 1 || stride == 2) && padding < kernel;
}

}  // namespace

torch::Tensor conv(const torch::Tensor& x, const torch::Tensor& weights, std::int64_t stride, std::int64_t padding,
                   std::int64_t groups) {
  if (!kernels_apply(x)) {
    return reference::conv(x, weights, stride, padding, groups);
  }
  return ConvFunction::apply(x, weights,
                             Conv{stride, padding, groups, depthwise_applies(x, weights, stride, padding, groups)});
}

}  // namespace autonba
