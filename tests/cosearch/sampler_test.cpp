#include "cosearch/sampler.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "base/softmax.hpp"

namespace autonba {
namespace {

using Values = std::vector<double>;

/// Σ_i g_i·f_i(x): with constant g, its derivative is what the chained gradient must be.
template <typename Function>
Values finite_differences(Function weighted_sum, Values x) {
  Values gradient;
  for (double& value : x) {
    const double step = 1e-6;
    const double kept = value;
    value = kept + step;
    const double above = weighted_sum(x);
    value = kept - step;
    const double below = weighted_sum(x);
    value = kept;
    gradient.push_back((above - below) / (2 * step));
  }
  return gradient;
}

TEST(SampleOperators, TheFirstOneFollowsTheProbabilitiesOfAlpha) {
  const Values alpha = {0.0, 1.0, -0.5};
  const Values p = softmax(alpha);
  Values counts(3, 0.0);
  Rng rng = make_rng(1, "test");
  const int n = 60000;
  for (int i = 0; i < n; ++i) {
    counts[static_cast<std::size_t>(sample_operators(alpha, 2, rng).active[0])] += 1.0 / n;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(counts[i], p[i], 0.01);
  }
}

TEST(SampleOperators, ProbabilitiesAreThoseOfTheRawActiveLogits) {
  const Values alpha = {0.3, -0.2, 0.9, 0.1};
  Rng rng = make_rng(2, "test");
  for (int i = 0; i < 100; ++i) {
    const OperatorSample sample = sample_operators(alpha, 2, rng);
    const double a = std::exp(alpha[static_cast<std::size_t>(sample.active[0])]);
    const double b = std::exp(alpha[static_cast<std::size_t>(sample.active[1])]);
    EXPECT_NE(sample.active[0], sample.active[1]);
    EXPECT_NEAR(sample.p[0], a / (a + b), 1e-12);
    EXPECT_NEAR(sample.p[1], b / (a + b), 1e-12);
  }
}

TEST(AlphaGradient, EqualsFiniteDifferencesOfTheSoftmaxOfActiveLogits) {
  const Values alpha = {0.3, -0.2, 0.9, 0.1};
  Rng rng = make_rng(3, "test");
  const OperatorSample sample = sample_operators(alpha, 3, rng);
  const Values loss_by_p = {0.7, -1.3, 0.4};
  Values gradient(alpha.size(), 0.0);
  add_alpha_gradient(sample, loss_by_p, gradient);
  const auto loss = [&](const Values& logits) {
    Values active;
    for (const int index : sample.active) {
      active.push_back(logits[static_cast<std::size_t>(index)]);
    }
    const Values p = softmax(active);
    return p[0] * loss_by_p[0] + p[1] * loss_by_p[1] + p[2] * loss_by_p[2];
  };
  EXPECT_THAT(gradient, testing::Pointwise(testing::DoubleNear(1e-8), finite_differences(loss, alpha)));
}

TEST(SampleBits, SoftIsTheGumbelSoftmaxOfAllAndHardIsOneHot) {
  const Values beta = {0.1, 0.5, -0.4};
  Rng rng = make_rng(4, "test");
  const double tau = 0.7;
  Rng same = rng;
  const BitSample soft = sample_bits(beta, BitSampling::soft, 2, tau, rng);
  Values scaled;
  for (const double logit : beta) {
    scaled.push_back((logit + gumbel(same)) / tau);
  }
  EXPECT_THAT(soft.coefficients, testing::Pointwise(testing::DoubleNear(1e-12), softmax(scaled)));

  const BitSample hard = sample_bits(beta, BitSampling::hard, 2, tau, rng);
  for (std::size_t j = 0; j < 3; ++j) {
    EXPECT_EQ(hard.coefficients[j], static_cast<int>(j) == hard.selected ? 1.0 : 0.0);
  }
  EXPECT_EQ(std::count(hard.soft.begin(), hard.soft.end(), 0.0), 1) << "gradient reaches the first two only";
}

TEST(BetaGradient, EqualsFiniteDifferencesOfTheGumbelSoftmax) {
  const Values beta = {0.1, 0.5, -0.4};
  const Values loss_by_coefficient = {0.9, -0.2, 0.5};
  const double tau = 1.7;
  const Rng start = make_rng(5, "test");
  Rng rng = start;
  const BitSample sample = sample_bits(beta, BitSampling::soft, 3, tau, rng);
  Values gradient(3, 0.0);
  add_beta_gradient(sample, tau, loss_by_coefficient, gradient);
  const auto loss = [&](const Values& logits) {
    Rng same = start;
    const BitSample moved = sample_bits(logits, BitSampling::soft, 3, tau, same);
    return moved.soft[0] * loss_by_coefficient[0] + moved.soft[1] * loss_by_coefficient[1] +
           moved.soft[2] * loss_by_coefficient[2];
  };
  EXPECT_THAT(gradient, testing::Pointwise(testing::DoubleNear(1e-8), finite_differences(loss, beta)));
}

TEST(BetaGradient, OfAHardSampleIsThatOfTheSoftmaxOverItsActiveBits) {
  const Values beta = {0.1, 0.5, -0.4};
  const Values loss_by_coefficient = {0.9, -0.2, 0.5};
  const double tau = 0.8;
  const Rng start = make_rng(6, "test");
  Rng rng = start;
  const BitSample sample = sample_bits(beta, BitSampling::hard, 2, tau, rng);
  Values gradient(3, 0.0);
  add_beta_gradient(sample, tau, loss_by_coefficient, gradient);
  const auto loss = [&](const Values& logits) {  // softmax over the two active ones, written out
    Rng same = start;
    double sum = 0;
    double weighted = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const double e = std::exp((logits[j] + gumbel(same)) / tau);
      if (sample.soft[j] > 0) {
        sum += e;
        weighted += e * loss_by_coefficient[j];
      }
    }
    return weighted / sum;
  };
  EXPECT_THAT(gradient, testing::Pointwise(testing::DoubleNear(1e-8), finite_differences(loss, beta)));
}

}  // namespace
}  // namespace autonba
