#include "train/ops/channel_shuffle.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include "train/kernels/transpose.hpp"
#include "train/ops/parts.hpp"
#include "train/ops/reference.hpp"
#include "train/ops/selection.hpp"
#include "train/ops/work.hpp"

namespace autonba {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The channels of every pixel of x, seen as rows × C/rows, transposed.
torch::Tensor transposed(const torch::Tensor& input, std::int64_t rows) {
  const torch::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
  const Timed timed("channel shuffle", [&] { return pass_over(x, 2, 0); });
  torch::Tensor y = torch::empty_like(x);
  const std::int64_t channels = x.size(1);
  for_parts(split(x.numel(), channels, 16384), [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    kernels::transpose_channels(x.data_ptr<float>() + begin, static_cast<std::size_t>((end - begin) / channels),
                                static_cast<std::size_t>(rows), static_cast<std::size_t>(channels / rows),
                                y.data_ptr<float>() + begin);
  });
  return y;
}

struct ShuffleFunction : torch::autograd::Function<ShuffleFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, std::int64_t groups) {
    context->saved_data["groups"] = groups;
    return transposed(x, groups);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {transposed(gradients[0], gradients[0].size(1) / context->saved_data["groups"].toInt()), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor channel_shuffle(const torch::Tensor& x, std::int64_t groups) {
  return kernels_apply(x) ? ShuffleFunction::apply(x, groups) : reference::channel_shuffle(x, groups);
}

}  // namespace autonba
