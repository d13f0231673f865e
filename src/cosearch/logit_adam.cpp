#include "cosearch/logit_adam.hpp"

#include <cmath>

#include "base/softmax.hpp"

namespace autonba {

LogitAdam make_logit_adam(std::size_t size) {
  return {std::vector<double>(size, 0.0), std::vector<double>(size, 0.0), std::vector<std::int64_t>(size, 0)};
}

void update(LogitAdam& adam, const LogitAdamOptions& options, std::span<const int> active,
            std::span<const double> gradient, std::span<double> logits) {
  std::vector<double> before;
  std::vector<double> after;
  for (const int index : active) {
    const auto i = static_cast<std::size_t>(index);
    before.push_back(logits[i]);
    adam.first[i] = options.beta1 * adam.first[i] + (1 - options.beta1) * gradient[i];
    adam.second[i] = options.beta2 * adam.second[i] + (1 - options.beta2) * gradient[i] * gradient[i];
    const auto step = static_cast<double>(++adam.steps[i]);
    const double mean = adam.first[i] / (1 - std::pow(options.beta1, step));
    const double variance = adam.second[i] / (1 - std::pow(options.beta2, step));
    after.push_back(logits[i] - options.learning_rate * mean / (std::sqrt(variance) + 1e-8));
  }
  const double shift = log_sum_exp(before) - log_sum_exp(after);
  for (std::size_t k = 0; k < active.size(); ++k) {
    logits[static_cast<std::size_t>(active[k])] = after[k] + shift;
  }
}

}  // namespace autonba
