#include "train/ops/batch_norm.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "train/kernels/batch_norm.hpp"
#include "train/ops/mix_terms.hpp"
#include "train/ops/parts.hpp"
#include "train/ops/reference.hpp"
#include "train/ops/selection.hpp"
#include "train/ops/work.hpp"

namespace autonba {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t grain = 16384;  // values for which a thread is worth waking

/// One value for each channel, repeated over a period of the kernels.
std::vector<float> repeated(const float* values, std::size_t channels, std::size_t period) {
  std::vector<float> result(period);
  for (std::size_t begin = 0; begin < period; begin += channels) {
    std::copy_n(values, channels, &result[begin]);
  }
  return result;
}

/// Two sums for each channel, added up in the order of the parts.
struct ChannelSums {
  std::vector<double> first, second;  // [C]
};

/// Runs body(begin, count, part, first, second) over parts of the map, each with float sums [period] of its own.
template <typename Body>
ChannelSums sum_over_channels(const Parts& parts, std::size_t channels, std::size_t period, const Body& body) {
  std::vector<float> sums(static_cast<std::size_t>(parts.parts) * 2 * period);
  for_parts(parts, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
    float* first = &sums[static_cast<std::size_t>(part) * 2 * period];
    body(begin, static_cast<std::size_t>(end - begin), static_cast<std::size_t>(part), first, first + period);
  });
  ChannelSums total{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t part = 0; part < static_cast<std::size_t>(parts.parts); ++part) {
    for (std::size_t begin = 0; begin < period; begin += channels) {
      const float* first = &sums[part * 2 * period + begin];
      for (std::size_t c = 0; c < channels; ++c) {
        total.first[c] += first[c];
        total.second[c] += first[period + c];
      }
    }
  }
  return total;
}

/// Mean and 1/√(variance + ε) of each channel; rows 0 and 1 of a tensor [2, C].
struct Moments {
  torch::Tensor values;
  float* mean() const { return values.data_ptr<float>(); }
  float* inverse_deviation() const { return mean() + values.size(1); }
};

void update(torch::Tensor running, std::size_t channel, double value, double momentum) {
  float& average = running.data_ptr<float>()[channel];
  average = static_cast<float>((1 - momentum) * average + momentum * value);
}

Moments batch_moments(const torch::Tensor& z, const BatchNorm& norm, bool update_averages) {
  const Timed timed("batch norm statistics", [&] { return pass_over(z, 1, 4); });
  const auto channels = static_cast<std::size_t>(z.size(1));
  const std::size_t period = kernels::channel_period(channels);
  const float* data = z.data_ptr<float>();
  const std::vector<float> origin = repeated(data, channels, period);  // the first pixel
  const ChannelSums sums =
      sum_over_channels(split(z.numel(), static_cast<std::int64_t>(period), grain), channels, period,
                        [&](std::int64_t begin, std::size_t count, std::size_t, float* sum, float* squares) {
                          kernels::channel_sums(data + begin, count, period, origin.data(), sum, squares);
                        });
  const double n = static_cast<double>(z.numel()) / static_cast<double>(channels);
  const Moments moments{torch::empty({2, z.size(1)})};
  for (std::size_t c = 0; c < channels; ++c) {
    const double shifted_mean = sums.first[c] / n;
    const double variance = std::max(sums.second[c] / n - shifted_mean * shifted_mean, 0.0);
    const double mean = origin[c] + shifted_mean;
    moments.mean()[c] = static_cast<float>(mean);
    moments.inverse_deviation()[c] = static_cast<float>(1 / std::sqrt(variance + norm.epsilon));
    if (update_averages) {
      update(norm.running_mean, c, mean, norm.momentum);
      update(norm.running_var, c, variance * n / std::max(n - 1, 1.0), norm.momentum);
    }
  }
  return moments;
}

Moments running_moments(const BatchNorm& norm) {
  return {torch::stack({norm.running_mean, (norm.running_var + norm.epsilon).rsqrt()})};
}

/// What the kernels need beside the map: a = scale·z + shift, repeated over a period.
struct Affine {
  std::size_t channels, period;
  std::vector<float> scale, shift;

  kernels::Normalisation with(bool relu, std::span<const kernels::MixTerm> terms) const {
    return {scale.data(), shift.data(), period, relu, terms};
  }
};

Affine affine(const Moments& moments, const torch::Tensor& scale, const torch::Tensor& shift) {
  const auto channels = static_cast<std::size_t>(scale.numel());
  std::vector<float> a(channels);
  std::vector<float> b(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    a[c] = scale.data_ptr<float>()[c] * moments.inverse_deviation()[c];
    b[c] = shift.data_ptr<float>()[c] - a[c] * moments.mean()[c];
  }
  const std::size_t period = kernels::channel_period(channels);
  return {channels, period, repeated(a.data(), channels, period), repeated(b.data(), channels, period)};
}

/// Where the gradient to a saved map goes: into the map itself, which is not looked at again, unless somebody else
/// holds it. Half the lines then need not be fetched to be written. (The references that are ours: the graph's and
/// `saved`.)
torch::Tensor gradient_place(const torch::Tensor& saved) {
  const bool ours = saved.use_count() == 2 && saved.storage().use_count() == 1;
  return ours ? saved.detach() : torch::empty_like(saved);
}

/// Gradient to z, where h is the gradient to the normalised, scaled and shifted map: scale/σ·(h − mean(h) −
/// x̂·mean(h·x̂)) with batch statistics, whose means depend on z too, and scale/σ·h with constant ones.
torch::Tensor gradient_to_map(const torch::Tensor& z, const torch::Tensor& g, const Affine& map, const Moments& moments,
                              const kernels::Normalisation& normalisation, const ChannelSums& sums, bool constant) {
  const double n = static_cast<double>(z.numel()) / static_cast<double>(map.channels);
  std::vector<float> factor(map.channels);
  std::vector<float> offset(map.channels);
  for (std::size_t c = 0; c < map.channels && !constant; ++c) {
    const double inverse = moments.inverse_deviation()[c];
    const double z_factor = -map.scale[c] * inverse * inverse * sums.second[c] / n;
    factor[c] = static_cast<float>(z_factor);
    offset[c] = static_cast<float>(-map.scale[c] * sums.first[c] / n - z_factor * moments.mean()[c]);
  }
  const Timed timed("batch norm, ReLU, quantise, gradient",
                    [&] { return pass_over(z, 3, 7 + 4 * normalisation.terms.size()); });
  const std::vector<float> z_factor = repeated(factor.data(), map.channels, map.period);
  const std::vector<float> added = repeated(offset.data(), map.channels, map.period);
  torch::Tensor dz = gradient_place(z);
  for_parts(split(z.numel(), static_cast<std::int64_t>(map.period), grain),
            [&](std::int64_t, std::int64_t begin, std::int64_t end) {
              kernels::normalise_gradient(z.data_ptr<float>() + begin, g.data_ptr<float>() + begin,
                                          static_cast<std::size_t>(end - begin), normalisation, z_factor.data(),
                                          added.data(), dz.data_ptr<float>() + begin);
            });
  return dz;
}

/// Gradients to scale and shift, Σ h·x̂ and Σ h.
std::pair<torch::Tensor, torch::Tensor> gradients_to_affine(const ChannelSums& sums, const Moments& moments) {
  const std::size_t channels = sums.first.size();
  torch::Tensor scale = torch::empty({static_cast<std::int64_t>(channels)});
  torch::Tensor shift = torch::empty_like(scale);
  for (std::size_t c = 0; c < channels; ++c) {
    scale.data_ptr<float>()[c] = static_cast<float>(sums.second[c] * moments.inverse_deviation()[c]);
    shift.data_ptr<float>()[c] = static_cast<float>(sums.first[c]);
  }
  return {scale, shift};
}

/// Without a mixture, steps and coefficients are empty.
struct BatchNormFunction : torch::autograd::Function<BatchNormFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input, const torch::Tensor& scale,
                               const torch::Tensor& shift, const torch::Tensor& steps,
                               const torch::Tensor& coefficients, const std::vector<std::int64_t>& ranges,
                               const BatchNorm& norm, Statistics statistics, bool relu) {
    const torch::Tensor z = input.contiguous(at::MemoryFormat::ChannelsLast);
    const Moments moments = statistics == Statistics::running
                                ? running_moments(norm)
                                : batch_moments(z, norm, statistics == Statistics::batch_update);
    const Affine map = affine(moments, scale, shift);
    const MixRows mix = ranges.empty() ? MixRows() : without_zeros(mix_rows(steps, coefficients, unpack(ranges)));
    const kernels::Normalisation normalisation = map.with(relu, mix.values);
    const Timed timed("batch norm, ReLU, quantise", [&] { return pass_over(z, 2, 3 + 6 * mix.terms); });
    torch::Tensor y = torch::empty_like(z);
    const float* from = z.data_ptr<float>();
    float* to = y.data_ptr<float>();
    for_parts(split(z.numel(), static_cast<std::int64_t>(map.period), grain),
              [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                kernels::normalise(from + begin, static_cast<std::size_t>(end - begin), normalisation, to + begin);
              });
    context->save_for_backward({z, scale, shift, steps, coefficients, moments.values});
    context->saved_data["ranges"] = ranges;
    context->saved_data["relu"] = relu;
    context->saved_data["constant"] = statistics == Statistics::running;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor& z = saved[0];
    const Moments moments{saved[5]};
    const std::vector<QuantRange> ranges = unpack(context->saved_data["ranges"].toIntVector());
    const bool constant = context->saved_data["constant"].toBool();
    const torch::Tensor g = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const bool need_steps = context->needs_input_grad(3);
    const bool need_coefficients = context->needs_input_grad(4);
    const bool need_mix_sums = !ranges.empty() && (need_steps || need_coefficients);

    const Affine map = affine(moments, saved[1], saved[2]);
    MixRows mix = ranges.empty() ? MixRows() : mix_rows(saved[3], saved[4], ranges);
    if (!ranges.empty() && !need_mix_sums) {
      mix = without_zeros(mix);
    }
    const kernels::Normalisation normalisation = map.with(context->saved_data["relu"].toBool(), mix.values);
    const std::vector<float> mean = repeated(moments.mean(), map.channels, map.period);
    const Parts parts = split(z.numel(), static_cast<std::int64_t>(map.period), grain);
    std::vector<kernels::MixSums> mix_sums(static_cast<std::size_t>(parts.parts) * mix.terms);
    const ChannelSums sums = [&] {
      const Timed timed("batch norm, ReLU, quantise, gradient sums",
                        [&] { return pass_over(z, 2, 7 + (need_mix_sums ? 11 : 4) * mix.terms); });
      return sum_over_channels(parts, map.channels, map.period,
                               [&](std::int64_t begin, std::size_t count, std::size_t part, float* sum, float* moment) {
                                 kernels::normalise_gradient_sums(
                                     z.data_ptr<float>() + begin, g.data_ptr<float>() + begin, count, normalisation,
                                     mean.data(), sum, moment, need_mix_sums ? &mix_sums[part * mix.terms] : nullptr);
                               });
    }();

    variable_list result(9);
    if (context->needs_input_grad(0)) {
      result[0] = gradient_to_map(z, g, map, moments, normalisation, sums, constant);
    }
    if (context->needs_input_grad(1) || context->needs_input_grad(2)) {
      std::tie(result[1], result[2]) = gradients_to_affine(sums, moments);
    }
    if (need_mix_sums) {
      const MixGradients to_mix = mix_gradients(mix_sums, mix, saved[3].sizes(), z.numel() / z.size(0));
      result[3] = need_steps ? to_mix.steps : torch::Tensor();
      result[4] = need_coefficients ? to_mix.coefficients : torch::Tensor();
    }
    return result;
  }
};

}  // namespace

torch::Tensor batch_norm(const torch::Tensor& z, const BatchNorm& norm, Statistics statistics, bool relu,
                         const std::optional<Mixture>& mixture) {
  if (!kernels_apply(z)) {
    return reference::batch_norm(z, norm, statistics, relu, mixture);
  }
  const Mixture mix = mixture.value_or(Mixture{});
  return BatchNormFunction::apply(z, norm.scale, norm.shift, mix.steps, mix.coefficients, pack(mix.ranges), norm,
                                  statistics, relu);
}

}  // namespace autonba
