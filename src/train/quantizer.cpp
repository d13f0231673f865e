#include "train/quantizer.hpp"

#include <torch/torch.h>

#include <cmath>
#include <utility>

namespace autonba {
namespace {

constexpr double magnitude_momentum = 0.1;  // share of a batch in the moving average, as in batch normalisation

/// [J, …] from one row [...] of data and a factor for each range.
template <typename Factor>
torch::Tensor rows(const torch::Tensor& row, const std::vector<QuantRange>& ranges, Factor factor) {
  std::vector<torch::Tensor> result;
  for (const QuantRange& range : ranges) {
    result.push_back(row * factor(range));
  }
  return torch::stack(result).clamp_min(step_floor);
}

torch::Tensor lsq_start(const torch::Tensor& mean_magnitude, const std::vector<QuantRange>& ranges) {
  return rows(mean_magnitude, ranges, [](const QuantRange& range) { return 2 / std::sqrt(double(q_max(range))); });
}

/// The largest magnitude becomes the largest integer; by a hair less than that, so that a division's last bit does not
/// put it out of the range, where it would get no gradient.
torch::Tensor steps_from_magnitude(const torch::Tensor& magnitude, const std::vector<QuantRange>& ranges) {
  return rows(magnitude, ranges, [](const QuantRange& range) { return (1 + 1e-6) / range.high; });
}

torch::Tensor lsq_steps(ActivationQuantizer& quantizer, Mode mode, const std::function<torch::Tensor()>& map) {
  if (!quantizer.started) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor start = lsq_start(map().abs().mean(), quantizer.ranges);
    if (mode != Mode::weights) {
      return start;
    }
    quantizer.steps.copy_(start);
    quantizer.started = true;
  }
  return mode == Mode::weights ? quantizer.steps : quantizer.steps.detach();
}

torch::Tensor minmax_steps(ActivationQuantizer& quantizer, Mode mode, const std::function<torch::Tensor()>& map) {
  const torch::NoGradGuard no_grad;
  if (mode == Mode::evaluation && quantizer.started) {
    return steps_from_magnitude(quantizer.magnitude.squeeze(0), quantizer.ranges);
  }
  const torch::Tensor magnitude = map().abs().flatten(1).amax(1).mean();
  if (mode == Mode::weights) {
    quantizer.magnitude.lerp_(magnitude.unsqueeze(0), quantizer.started ? magnitude_momentum : 1.0);
    quantizer.started = true;
  }
  return steps_from_magnitude(magnitude, quantizer.ranges);
}

/// Magnitudes of the weights, those that share a step in one row: [C_out, n] or [1, n].
torch::Tensor shared_rows(const torch::Tensor& weight, bool per_channel) {
  return weight.detach().reshape({per_channel ? weight.size(0) : 1, -1}).abs();
}

}  // namespace

ActivationQuantizer make_activation_quantizer(std::string name, QuantizerKind kind, const std::vector<int>& bits,
                                              bool is_signed, const torch::TensorOptions& options) {
  ActivationQuantizer quantizer{.name = std::move(name), .kind = kind};
  if (kind == QuantizerKind::none) {
    return quantizer;
  }
  for (const int b : bits) {
    quantizer.ranges.push_back(is_signed ? signed_range(b) : unsigned_range(b));
  }
  if (kind == QuantizerKind::lsq) {
    quantizer.steps = torch::ones({static_cast<std::int64_t>(bits.size())}, options).requires_grad_();
  } else {
    quantizer.magnitude = torch::zeros({1}, options);
  }
  return quantizer;
}

WeightQuantizer make_weight_quantizer(QuantizerKind kind, const std::vector<int>& bits, bool per_channel,
                                      const torch::Tensor& weight) {
  WeightQuantizer quantizer{.kind = kind, .per_channel = per_channel};
  if (kind == QuantizerKind::none) {
    return quantizer;
  }
  for (const int b : bits) {
    quantizer.ranges.push_back(weight_range(b));
  }
  start_steps(quantizer, weight);
  return quantizer;
}

void start_steps(WeightQuantizer& quantizer, const torch::Tensor& weight) {
  if (quantizer.kind == QuantizerKind::lsq) {
    const torch::NoGradGuard no_grad;
    quantizer.steps = lsq_start(shared_rows(weight, quantizer.per_channel).mean(1), quantizer.ranges);
    quantizer.steps.requires_grad_();
  }
}

Mixture mixture(ActivationQuantizer& quantizer, const torch::Tensor& coefficients, Mode mode,
                const std::function<torch::Tensor()>& map) {
  if (quantizer.kind == QuantizerKind::none) {
    return {};
  }
  const torch::Tensor steps =
      quantizer.kind == QuantizerKind::lsq ? lsq_steps(quantizer, mode, map) : minmax_steps(quantizer, mode, map);
  return {steps, coefficients, quantizer.ranges};
}

torch::Tensor mixed_weight(const WeightQuantizer& quantizer, const torch::Tensor& weight,
                           const torch::Tensor& coefficients, Mode mode) {
  const bool trains = mode == Mode::weights;
  const torch::Tensor values = trains ? weight : weight.detach();
  if (quantizer.kind == QuantizerKind::none) {
    return values;
  }
  const torch::Tensor steps =
      quantizer.kind == QuantizerKind::minmax
          ? steps_from_magnitude(shared_rows(weight, quantizer.per_channel).amax(1), quantizer.ranges)
          : (trains ? quantizer.steps : quantizer.steps.detach());
  return mix_quantize_weights(values, {steps, coefficients, quantizer.ranges});
}

}  // namespace autonba
