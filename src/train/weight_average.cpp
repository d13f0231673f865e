#include "train/weight_average.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

namespace autonba {

WeightAverage::WeightAverage(NamedTensors tensors, double decay)
    : tensors_(std::move(tensors)), decay_(decay), steps_(torch::zeros({1}, torch::kInt64)) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors_) {
    average_.push_back(tensor.detach().clone());
  }
}

void WeightAverage::update() {
  const torch::NoGradGuard no_grad;
  const auto step = static_cast<double>(steps_.add_(1).item<std::int64_t>());
  const double decay = std::min(decay_, (1 + step) / (10 + step));
  std::vector<torch::Tensor> now;
  for (const auto& [name, tensor] : tensors_) {
    now.push_back(tensor.detach());
  }
  at::_foreach_mul_(average_, decay);
  at::_foreach_add_(average_, now, 1 - decay);
}

void WeightAverage::swap() {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    torch::Tensor value = tensors_[i].second;
    const torch::Tensor kept = value.detach().clone();
    value.copy_(average_[i]);
    average_[i].copy_(kept);
  }
}

NamedTensors WeightAverage::averages() const {
  NamedTensors named;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    named.emplace_back(tensors_[i].first, average_[i]);
  }
  named.emplace_back("steps", steps_);
  return named;
}

std::string WeightAverage::save() const {
  return pack_tensors(averages());
}

void WeightAverage::restore(const std::string& bytes, const std::string& file) {
  copy_tensors(unpack_tensors(bytes, file), averages(), file);
}

}  // namespace autonba
