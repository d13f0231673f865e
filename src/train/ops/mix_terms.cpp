#include "train/ops/mix_terms.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace autonba {

MixRows mix_rows(const torch::Tensor& steps, const torch::Tensor& coefficients, const std::vector<QuantRange>& ranges) {
  const auto terms = static_cast<std::int64_t>(ranges.size());
  if (ranges.empty() || ranges.size() > kernels::max_mix_terms || steps.size(0) != terms ||
      coefficients.numel() != terms || steps.scalar_type() != torch::kFloat32 ||
      coefficients.scalar_type() != torch::kFloat32) {
    throw std::invalid_argument("a mixture needs 1 to 8 bitwidths, with a float32 step, coefficient and range each");
  }
  const torch::Tensor s = steps.contiguous();
  const torch::Tensor c = coefficients.contiguous();
  MixRows mix{static_cast<std::size_t>(s.numel() / terms), ranges.size(), {}};
  mix.values.resize(mix.rows * mix.terms);
  for (std::size_t j = 0; j < mix.terms; ++j) {
    const float coefficient = c.data_ptr<float>()[j];
    const float* step = s.data_ptr<float>() + j * mix.rows;
    for (std::size_t r = 0; r < mix.rows; ++r) {
      mix.values[r * mix.terms + j] = {step[r], 1 / step[r], coefficient, static_cast<float>(ranges[j].low),
                                       static_cast<float>(ranges[j].high)};
    }
  }
  return mix;
}

MixRows without_zeros(const MixRows& mix) {
  MixRows rest = mix;
  std::erase_if(rest.values, [](const kernels::MixTerm& term) { return term.coefficient == 0; });
  rest.terms = rest.values.size() / rest.rows;
  return rest;
}

MixGradients mix_gradients(std::span<const kernels::MixSums> sums, const MixRows& mix, at::IntArrayRef steps_shape,
                           std::int64_t shared) {
  MixGradients gradients{torch::empty(steps_shape), torch::empty({static_cast<std::int64_t>(mix.terms)})};
  const std::size_t slots = sums.size() / mix.values.size();
  for (std::size_t j = 0; j < mix.terms; ++j) {
    double to_coefficient = 0;
    for (std::size_t r = 0; r < mix.rows; ++r) {
      const kernels::MixTerm& term = mix.values[r * mix.terms + j];
      kernels::MixSums sum;
      for (std::size_t slot = 0; slot < slots; ++slot) {
        const kernels::MixSums& part = sums[(slot * mix.rows + r) * mix.terms + j];
        sum.step += part.step;
        sum.coefficient += part.coefficient;
      }
      const double q_max = std::max(-term.low, term.high);
      const double scale = term.coefficient / std::sqrt(static_cast<double>(shared) * q_max);
      gradients.steps.data_ptr<float>()[j * mix.rows + r] = static_cast<float>(scale * sum.step);
      to_coefficient += term.step * sum.coefficient;
    }
    gradients.coefficients.data_ptr<float>()[j] = static_cast<float>(to_coefficient);
  }
  return gradients;
}

std::vector<std::int64_t> pack(const std::vector<QuantRange>& ranges) {
  std::vector<std::int64_t> packed;
  for (const QuantRange& range : ranges) {
    packed.insert(packed.end(), {range.low, range.high});
  }
  return packed;
}

std::vector<QuantRange> unpack(const std::vector<std::int64_t>& packed) {
  std::vector<QuantRange> ranges;
  for (std::size_t i = 0; i < packed.size(); i += 2) {
    ranges.push_back({static_cast<int>(packed[i]), static_cast<int>(packed[i + 1])});
  }
  return ranges;
}

}  // namespace autonba
