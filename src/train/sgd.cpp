#include "train/sgd.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <utility>

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

  void add(const Parameter& parameter, const torch::Tensor& gradient, const torch::Tensor& momentum) {
    values.push_back(parameter.tensor);
    gradients.push_back(gradient);
    momenta.push_back(momentum);
    if (parameter.kind != ParameterKind::step) {
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
  }
};

/// Steps of quantisers, whose logarithms move by Adam, all in a few passes. Both averages start at 0, and no correction
/// for that is needed: with these decays the first move is as long as the rate, and none is longer than 1/√(1 −
/// 0.81/0.99) = 2.35 times that (Cauchy–Schwarz).
struct AdamStep {
  std::vector<torch::Tensor> steps, gradients, means, squares;

  void add(const Parameter& parameter, const torch::Tensor& gradient, const torch::Tensor& mean,
           const torch::Tensor& square) {
    steps.push_back(parameter.tensor);
    gradients.push_back(gradient);
    means.push_back(mean);
    squares.push_back(square);
  }

  void run(double rate) {
    if (steps.empty()) {
      return;
    }
    at::_foreach_mul_(gradients, steps);  // now those of log(step)
    at::_foreach_mul_(means, 0.9);
    at::_foreach_add_(means, gradients, 0.1);
    at::_foreach_mul_(squares, 0.99);
    at::_foreach_addcmul_(squares, gradients, gradients, 0.01);
    std::vector<torch::Tensor> factors = at::_foreach_sqrt(squares);
    at::_foreach_add_(factors, 1e-12);
    factors = at::_foreach_div(means, factors);
    at::_foreach_mul_(factors, -rate);
    at::_foreach_exp_(factors);
    at::_foreach_mul_(steps, factors);
  }
};

}  // namespace

Sgd::Sgd(const std::vector<Parameter>& parameters, const SgdOptions& options)
    : parameters_(parameters), states_(parameters.size()), options_(options) {}

Sgd::State Sgd::started(const Parameter& parameter) const {
  const torch::Tensor zeros = torch::zeros_like(parameter.tensor);
  return {zeros, uses_adam(parameter) ? zeros.clone() : torch::Tensor()};
}

bool Sgd::uses_adam(const Parameter& parameter) const {
  return options_.step_factor > 0 && parameter.kind == ParameterKind::step;
}

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
    if (!states_[i].momentum.defined()) {
      states_[i] = started(parameters_[i]);
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
  AdamStep adam;
  for (std::size_t k = 0; k < moving.size(); ++k) {
    const Parameter& parameter = parameters_[moving[k]];
    State& state = states_[moving[k]];
    if (uses_muon(parameter)) {
      muon_step(parameter, gradients[k], state.momentum, options_.muon_factor * rate);
    } else if (uses_adam(parameter)) {
      adam.add(parameter, gradients[k], state.momentum, state.square);
    } else {
      plain.add(parameter, gradients[k], state.momentum);
    }
  }
  plain.run(rate, options_);
  adam.run(options_.step_factor * rate);
  for (const std::size_t i : moving) {
    if (parameters_[i].kind == ParameterKind::step) {
      parameters_[i].tensor.clamp_min_(step_floor);
    }
  }
}

NamedTensors Sgd::named(const std::vector<State>& states) const {
  NamedTensors tensors;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].momentum.defined()) {
      tensors.emplace_back(parameters_[i].name, states[i].momentum);
    }
    if (states[i].square.defined()) {
      tensors.emplace_back(parameters_[i].name + ".square", states[i].square);
    }
  }
  return tensors;
}

std::string Sgd::save() const {
  return pack_tensors(named(states_));
}

void Sgd::restore(const std::string& bytes, const std::string& file) {
  const NamedTensors saved = unpack_tensors(bytes, file);
  std::set<std::string> names;
  for (const auto& [name, tensor] : saved) {
    names.insert(name);
  }
  std::vector<State> states(parameters_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (names.contains(parameters_[i].name)) {
      states[i] = started(parameters_[i]);
    }
  }
  copy_tensors(saved, named(states), file);
  states_ = std::move(states);
}

double cosine_rate(double start, double end, double progress) {
  return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * std::clamp(progress, 0.0, 1.0)));
}

}  // namespace autonba
