#include "train/sgd.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "train/orthogonal.hpp"

namespace autonba {
namespace {

double norm_of(const std::vector<torch::Tensor>& gradients) {
  return torch::stack(at::_foreach_norm(gradients, 2)).norm().item<double>();
}

/// Parameters that move by plain SGD, all in a few passes.
struct PlainStep {
  std::vector<torch::Tensor> values, gradients, momenta;
  std::vector<torch::Tensor> decaying, decaying_gradients;
  std::vector<torch::Tensor> steps;  // of quantisers

  void add(const Parameter& parameter, const torch::Tensor& gradient, const torch::Tensor& momentum) {
    values.push_back(parameter.tensor);
    gradients.push_back(gradient);
    momenta.push_back(momentum);
    if (parameter.kind == ParameterKind::step) {
      steps.push_back(parameter.tensor);
    } else {
      decaying.push_back(parameter.tensor);
      decaying_gradients.push_back(gradient);
    }
  }

  void run(double rate, const SgdOptions& options) {
    if (!decaying.empty()) {
      at::_foreach_add_(decaying_gradients, decaying, options.weight_decay);
    }
    if (!values.empty()) {
      at::_foreach_mul_(momenta, options.momentum);
      at::_foreach_add_(momenta, gradients);
      at::_foreach_add_(values, momenta, -rate);
    }
    for (torch::Tensor& step : steps) {
      step.clamp_min_(step_floor);
    }
  }
};

}  // namespace

Sgd::Sgd(const std::vector<Parameter>& parameters, const SgdOptions& options)
    : parameters_(parameters), momenta_(parameters.size()), options_(options) {}

bool Sgd::uses_muon(const Parameter& parameter) const {
  const bool is_dense = parameter.tensor.dim() == 4 && parameter.groups < parameter.tensor.size(0);
  return options_.muon_factor > 0 && parameter.kind == ParameterKind::weight && is_dense;
}

void Sgd::muon_step(const Parameter& parameter, const torch::Tensor& gradient, torch::Tensor& momentum,
                    double rate) const {
  torch::Tensor value = parameter.tensor;
  momentum.mul_(options_.momentum).add_(gradient);
  const torch::Tensor direction = gradient + options_.momentum * momentum;  // Nesterov's
  const torch::Tensor matrices = direction.reshape({parameter.groups, value.size(0) / parameter.groups, -1});
  const double longer = std::max(1.0, static_cast<double>(matrices.size(1)) / static_cast<double>(matrices.size(2)));
  value.mul_(1 - rate * options_.muon_weight_decay);
  value.sub_(orthogonalised(matrices).reshape(value.sizes()), rate * std::sqrt(longer));
}

void Sgd::step(double rate) {
  const torch::NoGradGuard no_grad;
  std::vector<std::size_t> moving;
  std::vector<torch::Tensor> gradients;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor& value = parameters_[i].tensor;
    if (!value.grad().defined()) {
      continue;
    }
    if (!momenta_[i].defined()) {
      momenta_[i] = torch::zeros_like(value);
    }
    moving.push_back(i);
    gradients.push_back(value.grad());
    value.mutable_grad().reset();
  }
  const double norm = gradients.empty() ? 0 : norm_of(gradients);
  if (!std::isfinite(norm)) {
    throw work_error("a gradient is not a finite number; a lower learning_rate may help");
  }
  if (options_.clip_norm > 0 && norm > options_.clip_norm) {
    at::_foreach_mul_(gradients, options_.clip_norm / norm);  // all together
  }
  PlainStep plain;
  for (std::size_t k = 0; k < moving.size(); ++k) {
    const Parameter& parameter = parameters_[moving[k]];
    torch::Tensor& momentum = momenta_[moving[k]];
    if (uses_muon(parameter)) {
      muon_step(parameter, gradients[k], momentum, options_.muon_factor * rate);
    } else {
      plain.add(parameter, gradients[k], momentum);
    }
  }
  plain.run(rate, options_);
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
