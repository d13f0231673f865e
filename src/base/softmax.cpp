#include "base/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace autonba {

std::vector<double> softmax(std::span<const double> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  for (const double logit : logits) {
    p.push_back(std::exp(logit - largest));
  }
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& value : p) {
    value /= sum;
  }
  return p;
}

double log_sum_exp(std::span<const double> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double logit : logits) {
    sum += std::exp(logit - largest);
  }
  return largest + std::log(sum);
}

double entropy(std::span<const double> logits) {
  double sum = 0;
  for (const double p : softmax(logits)) {
    sum -= p > 0 ? p * std::log(p) : 0;
  }
  return sum;
}

}  // namespace autonba
