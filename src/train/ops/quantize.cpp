#include "train/ops/quantize.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "train/kernels/mixture.hpp"
#include "train/ops/mix_terms.hpp"
#include "train/ops/parts.hpp"
#include "train/ops/reference.hpp"
#include "train/ops/selection.hpp"
#include "train/ops/work.hpp"

namespace autonba {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// x with its rows one after the other and each dense, in whatever order; a copy where it is not.
torch::Tensor dense_rows(const torch::Tensor& x) {
  const bool dense = x.is_contiguous() || x.is_contiguous(at::MemoryFormat::ChannelsLast);
  return dense ? x : x.contiguous();
}

/// g in the memory order of x.
torch::Tensor like(const torch::Tensor& g, const torch::Tensor& x) {
  return g.strides() == x.strides() ? g : torch::empty_like(x).copy_(g);
}

/// Parts of a tensor that is one row are pieces of it; else they are whole rows.
Parts split_rows(std::int64_t count, std::size_t rows) {
  return split(count, rows == 1 ? 16 : count / static_cast<std::int64_t>(rows), 16384);
}

/// Calls body(begin, count, row, slot) for what lies in each part, on all threads: a row, or a piece of the only one.
/// Sums of a slot belong to one call alone.
template <typename Body>
void for_rows(const Parts& parts, std::size_t rows, const Body& body) {
  for_parts(parts, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
    const std::int64_t length = rows == 1 ? end - begin : parts.count / static_cast<std::int64_t>(rows);
    for (std::int64_t i = begin; i < end; i += length) {
      const auto row = static_cast<std::size_t>(rows == 1 ? 0 : i / length);
      body(i, static_cast<std::size_t>(length), row, rows == 1 ? static_cast<std::size_t>(part) : row);
    }
  });
}

struct MixFunction : torch::autograd::Function<MixFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input, const torch::Tensor& steps,
                               const torch::Tensor& coefficients, const std::vector<std::int64_t>& ranges,
                               std::int64_t shared) {
    const torch::Tensor x = dense_rows(input);
    torch::Tensor y = torch::empty_like(x);
    const MixRows mix = without_zeros(mix_rows(steps, coefficients, unpack(ranges)));
    const Timed timed("quantise", [&] { return pass_over(x, 2, 6 * mix.terms); });
    const float* from = x.data_ptr<float>();
    float* to = y.data_ptr<float>();
    for_rows(split_rows(x.numel(), mix.rows), mix.rows,
             [&](std::int64_t begin, std::size_t count, std::size_t row, std::size_t) {
               kernels::mix_forward(from + begin, count, mix.row(row), to + begin);
             });
    context->save_for_backward({x, steps, coefficients});
    context->saved_data["ranges"] = ranges;
    context->saved_data["shared"] = shared;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor& x = saved[0];
    const bool need_x = context->needs_input_grad(0);
    const bool need_steps = context->needs_input_grad(1);
    const bool need_coefficients = context->needs_input_grad(2);
    MixRows mix = mix_rows(saved[1], saved[2], unpack(context->saved_data["ranges"].toIntVector()));
    const bool need_sums = need_steps || need_coefficients;
    if (!need_sums) {
      mix = without_zeros(mix);
    }
    const Timed timed("quantise, gradient",
                      [&] { return pass_over(x, need_x ? 3 : 2, (need_sums ? 11 : 4) * mix.terms); });
    const torch::Tensor g = like(gradients[0], x);
    const torch::Tensor dx = need_x ? torch::empty_like(x) : torch::Tensor();
    const float* x_data = x.data_ptr<float>();
    const float* g_data = g.data_ptr<float>();
    float* dx_data = need_x ? dx.data_ptr<float>() : nullptr;

    const Parts parts = split_rows(x.numel(), mix.rows);
    const std::size_t slots = mix.rows == 1 ? static_cast<std::size_t>(parts.parts) : 1;
    std::vector<kernels::MixSums> sums(need_sums ? slots * mix.values.size() : 0);
    for_rows(parts, mix.rows, [&](std::int64_t begin, std::size_t count, std::size_t row, std::size_t slot) {
      kernels::mix_backward(x_data + begin, g_data + begin, count, mix.row(row), need_x ? dx_data + begin : nullptr,
                            need_sums ? &sums[slot * mix.terms] : nullptr);
    });
    MixGradients result;
    if (need_sums) {
      result = mix_gradients(sums, mix, saved[1].sizes(), context->saved_data["shared"].toInt());
    }
    return {dx, need_steps ? result.steps : torch::Tensor(), need_coefficients ? result.coefficients : torch::Tensor(),
            torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

QuantRange signed_range(int bits) {
  return {-(1 << (bits - 1)), (1 << (bits - 1)) - 1};
}
QuantRange unsigned_range(int bits) {
  return {0, (1 << bits) - 1};
}
QuantRange weight_range(int bits) {
  return {-((1 << (bits - 1)) - 1), (1 << (bits - 1)) - 1};
}

int q_max(QuantRange range) {
  return std::max(-range.low, range.high);
}

torch::Tensor mix_quantize(const torch::Tensor& x, const Mixture& mixture) {
  if (mixture.ranges.empty() || !kernels_apply(x)) {
    return reference::mix_quantize(x, mixture);
  }
  return MixFunction::apply(x, mixture.steps, mixture.coefficients, pack(mixture.ranges), x.numel() / x.size(0));
}

torch::Tensor mix_quantize_weights(const torch::Tensor& weights, const Mixture& mixture) {
  if (!kernels_apply(weights)) {
    return reference::mix_quantize_weights(weights, mixture);
  }
  return MixFunction::apply(weights, mixture.steps, mixture.coefficients, pack(mixture.ranges),
                            weights.numel() / mixture.steps.size(1));
}

}  // namespace autonba
