#include "cosearch/logits.hpp"

#include <algorithm>
#include <cmath>

#include "base/softmax.hpp"

namespace autonba {
namespace {

int index_of_largest(const std::vector<double>& values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

Logits make_logits(const SearchSpace& space) {
  Logits logits;
  const std::vector<std::vector<double>> beta(space.operators.size(), std::vector<double>(space.bits.size(), 0.0));
  logits.alpha.assign(space.blocks.size(), std::vector<double>(space.operators.size(), 0.0));
  logits.beta.assign(space.blocks.size(), beta);
  return logits;
}

double relative_entropy(std::span<const double> logits) {
  if (logits.size() < 2) {
    return 0;
  }
  return entropy(logits) / std::log(static_cast<double>(logits.size()));
}

double alpha_entropy(const Logits& logits) {
  double sum = 0;
  for (const auto& alpha : logits.alpha) {
    sum += relative_entropy(alpha);
  }
  return sum / static_cast<double>(logits.alpha.size());
}

double beta_entropy(const Logits& logits) {
  double sum = 0;
  for (std::size_t block = 0; block < logits.beta.size(); ++block) {
    sum += relative_entropy(logits.beta[block][static_cast<std::size_t>(index_of_largest(logits.alpha[block]))]);
  }
  return sum / static_cast<double>(logits.beta.size());
}

Architecture most_likely(const Logits& logits) {
  Architecture architecture;
  for (std::size_t block = 0; block < logits.alpha.size(); ++block) {
    const int op = index_of_largest(logits.alpha[block]);
    architecture.push_back({op, index_of_largest(logits.beta[block][static_cast<std::size_t>(op)])});
  }
  return architecture;
}

double log_probability(const Logits& logits, std::size_t block, const BlockChoice& choice) {
  const auto op = static_cast<std::size_t>(choice.op);
  const std::vector<double>& alpha = logits.alpha[block];
  const std::vector<double>& beta = logits.beta[block][op];
  return alpha[op] - log_sum_exp(alpha) + beta[static_cast<std::size_t>(choice.bits)] - log_sum_exp(beta);
}

}  // namespace autonba
