#include "train/sgd.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"

namespace autonba {
namespace {

/// Scales the gradients, all together, down to `limit`.
void clip(std::vector<torch::Tensor>& gradients, double limit) {
  const double norm = torch::stack(at::_foreach_norm(gradients, 2)).norm().item<double>();
  if (norm > limit) {
    at::_foreach_mul_(gradients, limit / norm);
  }
}

}  // namespace

Sgd::Sgd(const std::vector<Parameter>& parameters, const SgdOptions& options)
    : parameters_(parameters), momenta_(parameters.size()), options_(options) {}

void Sgd::step(double rate) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> values;
  std::vector<torch::Tensor> gradients;
  std::vector<torch::Tensor> momenta;
  std::vector<torch::Tensor> decaying_values;
  std::vector<torch::Tensor> decaying_gradients;
  std::vector<torch::Tensor> steps;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor& value = parameters_[i].tensor;
    torch::Tensor gradient = value.grad();
    if (!gradient.defined()) {
      continue;
    }
    if (!momenta_[i].defined()) {
      momenta_[i] = torch::zeros_like(value);
    }
    values.push_back(value);
    gradients.push_back(gradient);
    momenta.push_back(momenta_[i]);
    if (parameters_[i].kind == ParameterKind::step) {
      steps.push_back(value);
    } else {
      decaying_values.push_back(value);
      decaying_gradients.push_back(gradient);
    }
    value.mutable_grad().reset();
  }
  if (values.empty()) {
    return;
  }
  if (options_.clip_norm > 0) {
    clip(gradients, options_.clip_norm);
  }
  if (!decaying_values.empty()) {
    at::_foreach_add_(decaying_gradients, decaying_values, options_.weight_decay);
  }
  at::_foreach_mul_(momenta, options_.momentum);
  at::_foreach_add_(momenta, gradients);
  at::_foreach_add_(values, momenta, -rate);
  for (torch::Tensor& step : steps) {
    step.clamp_min_(step_floor);
  }
}

std::string Sgd::save() const {
  NamedTensors tensors;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (momenta_[i].defined()) {
      tensors.emplace_back(parameters_[i].name, momenta_[i]);
    }
  }
  return pack_tensors(tensors);
}

void Sgd::restore(const std::string& bytes, const std::string& file) {
  const NamedTensors saved = unpack_tensors(bytes, file);
  std::vector<torch::Tensor> momenta(parameters_.size());
  NamedTensors own;
  for (std::size_t i = 0; i < parameters_.size() && own.size() < saved.size(); ++i) {
    if (parameters_[i].name == saved[own.size()].first) {  // both are in the order of the parameters
      momenta[i] = torch::zeros_like(parameters_[i].tensor);
      own.emplace_back(parameters_[i].name, momenta[i]);
    }
  }
  copy_tensors(saved, own, file);
  momenta_ = std::move(momenta);
}

double cosine_rate(double start, double end, double progress) {
  return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * std::clamp(progress, 0.0, 1.0)));
}

}  // namespace autonba
