#include "cosearch/logit_adam.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace autonba {
namespace {

TEST(LogitAdam, KeepsTheShareOfTheActiveLogitsAndTouchesNoOther) {
  std::vector<double> logits = {0.2, -0.1, 0.4, 0.0};
  const std::vector<double> before = logits;
  LogitAdam adam = make_logit_adam(4);
  const std::vector<double> gradient = {0.5, 9, -0.3, 9};
  update(adam, {.learning_rate = 0.1}, std::vector<int>{0, 2}, gradient, logits);
  EXPECT_EQ(logits[1], before[1]);
  EXPECT_EQ(logits[3], before[3]);
  EXPECT_EQ(adam.steps, (std::vector<std::int64_t>{1, 0, 1, 0}));
  EXPECT_EQ(adam.first[1], 0);
  EXPECT_LT(logits[0], before[0]);
  EXPECT_GT(logits[2], before[2]);
  EXPECT_NEAR(std::exp(logits[0]) + std::exp(logits[2]), std::exp(before[0]) + std::exp(before[2]), 1e-12);
}

TEST(LogitAdam, FirstStepIsTheLearningRateAgainstTheSign) {
  // Adam's first step is -rate·sign(g), whatever |g|; with opposite signs the shift leaves twice the rate between them.
  std::vector<double> logits = {0.0, 0.0};
  LogitAdam adam = make_logit_adam(2);
  update(adam, {.learning_rate = 0.05}, std::vector<int>{0, 1}, std::vector<double>{3.0, -0.01}, logits);
  EXPECT_NEAR(logits[1] - logits[0], 0.1, 1e-6);
}

TEST(LogitAdam, FollowsThePublishedRecursion) {
  // Two steps computed by hand from Kingma and Ba, algorithm 1, with β1 = 0.5, β2 = 0.999, rate 0.1, one active logit
  // (the shift then undoes the step), read off the moments.
  std::vector<double> logits = {0.0, 0.0};
  LogitAdam adam = make_logit_adam(2);
  const LogitAdamOptions options{.learning_rate = 0.1};
  update(adam, options, std::vector<int>{0}, std::vector<double>{2.0, 0.0}, logits);
  update(adam, options, std::vector<int>{0}, std::vector<double>{-1.0, 0.0}, logits);
  EXPECT_DOUBLE_EQ(adam.first[0], 0.5 * 1.0 + 0.5 * -1.0);
  EXPECT_NEAR(adam.second[0], 0.999 * 0.004 + 0.001 * 1.0, 1e-15);
  EXPECT_NEAR(logits[0], 0.0, 1e-12);
}

}  // namespace
}  // namespace autonba
