#include "explore/gamma_logits.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/softmax.hpp"

namespace autonba {

GammaLogits uniform_logits(std::size_t options) {
  const std::vector<double> zeros(options, 0.0);
  return {zeros, zeros, zeros, zeros};
}

GammaLogits logits_around(std::size_t options, std::size_t pick, double probability) {
  GammaLogits gamma = uniform_logits(options);
  if (options > 1) {
    gamma.logits[pick] = std::log(probability / (1 - probability) * static_cast<double>(options - 1));
  }
  return gamma;
}

void adam_step(GammaLogits& gamma, double learning_rate, std::int64_t step) {
  constexpr double beta1 = 0.9;
  constexpr double beta2 = 0.99;
  constexpr double epsilon = 1e-8;
  const double correction1 = 1 - std::pow(beta1, step);
  const double correction2 = 1 - std::pow(beta2, step);
  for (std::size_t i = 0; i < gamma.logits.size(); ++i) {
    const double g = gamma.gradient[i];
    gamma.first_moment[i] += (1 - beta1) * (g - gamma.first_moment[i]);
    gamma.second_moment[i] += (1 - beta2) * (g * g - gamma.second_moment[i]);
    gamma.logits[i] -= learning_rate * (gamma.first_moment[i] / correction1) /
                       (std::sqrt(gamma.second_moment[i] / correction2) + epsilon);
  }
}

void keep_entropy(std::vector<double>& logits, double least) {
  const double mean = std::accumulate(logits.begin(), logits.end(), 0.0) / static_cast<double>(logits.size());
  for (double& logit : logits) {
    logit -= mean;
  }
  while (entropy(logits) < least) {
    for (double& logit : logits) {
      logit *= 0.95;
    }
  }
}

}  // namespace autonba
