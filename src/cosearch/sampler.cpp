#include "cosearch/sampler.hpp"

#include <algorithm>
#include <numeric>

#include "base/softmax.hpp"

namespace autonba {
namespace {

std::vector<double> with_gumbel_noise(std::span<const double> logits, Rng& rng) {
  std::vector<double> noisy;
  for (const double logit : logits) {
    noisy.push_back(logit + gumbel(rng));
  }
  return noisy;
}

/// Indices of the `count` largest values, largest first.
std::vector<int> largest(const std::vector<double>& values, int count) {
  std::vector<int> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return values[static_cast<std::size_t>(a)] > values[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  return order;
}

std::vector<double> gather(std::span<const double> values, const std::vector<int>& indices) {
  std::vector<double> gathered;
  for (const int index : indices) {
    gathered.push_back(values[static_cast<std::size_t>(index)]);
  }
  return gathered;
}

/// Σ p·g: what a softmax subtracts from every gradient.
double mean_gradient(std::span<const double> p, std::span<const double> gradient) {
  return std::inner_product(p.begin(), p.end(), gradient.begin(), 0.0);
}

}  // namespace

OperatorSample sample_operators(std::span<const double> alpha, int count, Rng& rng) {
  OperatorSample sample;
  sample.active = largest(with_gumbel_noise(alpha, rng), count);
  sample.p = softmax(gather(alpha, sample.active));
  return sample;
}

void add_alpha_gradient(const OperatorSample& sample, std::span<const double> loss_by_p, std::span<double> gradient) {
  const double mean = mean_gradient(sample.p, loss_by_p);
  for (std::size_t k = 0; k < sample.active.size(); ++k) {
    gradient[static_cast<std::size_t>(sample.active[k])] += sample.p[k] * (loss_by_p[k] - mean);
  }
}

BitSample sample_bits(std::span<const double> beta, BitSampling sampling, int count, double tau, Rng& rng) {
  std::vector<double> noisy = with_gumbel_noise(beta, rng);
  const bool soft = sampling == BitSampling::soft;
  const std::vector<int> active = largest(noisy, soft ? static_cast<int>(beta.size()) : count);
  std::vector<double> scaled = gather(noisy, active);
  for (double& value : scaled) {
    value /= tau;
  }
  const std::vector<double> p = softmax(scaled);

  BitSample sample{active.front(), std::vector<double>(beta.size(), 0.0), std::vector<double>(beta.size(), 0.0)};
  for (std::size_t k = 0; k < active.size(); ++k) {
    sample.soft[static_cast<std::size_t>(active[k])] = p[k];
  }
  if (soft) {
    sample.coefficients = sample.soft;
  } else {
    sample.coefficients[static_cast<std::size_t>(sample.selected)] = 1;
  }
  return sample;
}

void add_beta_gradient(const BitSample& sample, double tau, std::span<const double> loss_by_coefficient,
                       std::span<double> gradient) {
  const double mean = mean_gradient(sample.soft, loss_by_coefficient);
  for (std::size_t j = 0; j < sample.soft.size(); ++j) {
    gradient[j] += sample.soft[j] / tau * (loss_by_coefficient[j] - mean);
  }
}

}  // namespace autonba
