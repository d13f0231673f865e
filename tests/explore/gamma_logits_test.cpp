#include "explore/gamma_logits.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "base/softmax.hpp"

namespace autonba {
namespace {

TEST(GammaLogits, SoftmaxAndEntropyAreThoseOfTheirDefinitions) {
  const std::vector<double> logits = {std::log(0.5) + 7, std::log(0.25) + 7, std::log(0.25) + 7};
  EXPECT_THAT(softmax(logits), testing::Pointwise(testing::DoubleNear(1e-12), std::vector{0.5, 0.25, 0.25}));
  EXPECT_NEAR(entropy(logits), 1.5 * std::log(2.0), 1e-12);
  EXPECT_DOUBLE_EQ(entropy(std::vector{1000.0, 0.0}), 0.0);
}

TEST(GammaLogits, AStartHasItsProbability) {
  const GammaLogits gamma = logits_around(5, 2, 0.8);
  const std::vector<double> p = softmax(gamma.logits);
  EXPECT_NEAR(p[2], 0.8, 1e-12);
  EXPECT_NEAR(p[0], 0.05, 1e-12);
  EXPECT_DOUBLE_EQ(softmax(logits_around(1, 0, 0.8).logits)[0], 1.0);
}

TEST(GammaLogits, TwoStepsOfAdamAreThoseOfThePaper) {
  // Kingma and Ba, algorithm 1, worked out by hand for gradients 2 and -1.
  GammaLogits gamma = uniform_logits(1);
  gamma.gradient = {2};
  adam_step(gamma, 0.1, 1);
  EXPECT_NEAR(gamma.logits[0], -0.1, 1e-9);
  gamma.gradient = {-1};
  adam_step(gamma, 0.1, 2);
  const double m = (0.9 * 0.2 + 0.1 * -1) / (1 - 0.81);
  const double v = (0.99 * 0.04 + 0.01 * 1) / (1 - 0.9801);
  EXPECT_NEAR(gamma.logits[0], -0.1 - 0.1 * m / std::sqrt(v), 1e-9);
}

TEST(GammaLogits, KeepingEntropyKeepsTheOrder) {
  std::vector<double> logits = {9, 3, 0, 1};
  keep_entropy(logits, 1.0);
  EXPECT_GE(entropy(logits), 1.0);
  EXPECT_LT(entropy(logits), 1.1);
  EXPECT_TRUE(logits[0] > logits[1] && logits[1] > logits[3] && logits[3] > logits[2]);
  std::vector<double> flat = {0.1, 0, -0.1};
  keep_entropy(flat, 1.0);
  EXPECT_THAT(flat, testing::Pointwise(testing::DoubleNear(1e-12), std::vector{0.1, 0.0, -0.1}));
}

}  // namespace
}  // namespace autonba
