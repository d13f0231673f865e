#include "train/quantizer.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

namespace autonba {
namespace {

const auto real = torch::TensorOptions(torch::kFloat64);

/// Two images of two channels of one pixel.
torch::Tensor small_map() {
  return torch::tensor({1.0, -3.0, 0.5, 2.0}, real).view({2, 2, 1, 1});
}

Mixture of(ActivationQuantizer& quantizer, const torch::Tensor& map, Mode mode) {
  return mixture(quantizer, torch::ones({2}, real), mode, [&] { return map; });
}

void expect_steps(const torch::Tensor& steps, const std::vector<double>& wanted) {
  EXPECT_TRUE(torch::allclose(steps.detach(), torch::tensor(wanted, real).view_as(steps), 2e-6, 0)) << steps;
}

TEST(LsqQuantizer, StartsAtTwiceTheMeanMagnitudeOverTheRootOfTheLargestInteger) {
  // mean |x| = 6.5 / 4
  ActivationQuantizer between = make_activation_quantizer("map", QuantizerKind::lsq, {4, 8}, true, real);
  expect_steps(of(between, small_map(), Mode::weights).steps, {3.25 / std::sqrt(8), 3.25 / std::sqrt(128)});
  ActivationQuantizer after_relu = make_activation_quantizer("map", QuantizerKind::lsq, {4, 8}, false, real);
  expect_steps(of(after_relu, small_map(), Mode::weights).steps, {3.25 / std::sqrt(15), 3.25 / std::sqrt(255)});
}

TEST(LsqQuantizer, StartsOnceAndInWeightStepsOnly) {
  ActivationQuantizer quantizer = make_activation_quantizer("map", QuantizerKind::lsq, {4, 8}, true, real);
  expect_steps(of(quantizer, 2 * small_map(), Mode::arch).steps, {6.5 / std::sqrt(8), 6.5 / std::sqrt(128)});
  EXPECT_FALSE(quantizer.started);
  const Mixture first = of(quantizer, small_map(), Mode::weights);
  EXPECT_TRUE(quantizer.started);
  EXPECT_TRUE(first.steps.requires_grad());
  const Mixture later = of(quantizer, 5 * small_map(), Mode::arch);
  expect_steps(later.steps, {3.25 / std::sqrt(8), 3.25 / std::sqrt(128)});
  EXPECT_FALSE(later.steps.requires_grad());
}

TEST(LsqQuantizer, AMapOfZerosStartsAtTheFloor) {
  ActivationQuantizer quantizer = make_activation_quantizer("map", QuantizerKind::lsq, {4, 8}, true, real);
  expect_steps(of(quantizer, torch::zeros({2, 2, 1, 1}, real), Mode::weights).steps, {1e-8, 1e-8});
}

TEST(LsqQuantizer, WeightsHaveAStepForEachBitwidthAndOutputChannel) {
  const torch::Tensor weight = torch::tensor({0.1, -0.3, 2.0, 1.0}, real).view({2, 2, 1, 1});
  const WeightQuantizer each = make_weight_quantizer(QuantizerKind::lsq, {2, 8}, true, weight);
  expect_steps(each.steps, {0.4, 3.0, 0.4 / std::sqrt(127), 3.0 / std::sqrt(127)});
  const WeightQuantizer whole = make_weight_quantizer(QuantizerKind::lsq, {8}, false, weight);
  expect_steps(whole.steps, {1.7 / std::sqrt(127)});
}

TEST(MinmaxQuantizer, MapsTheLargestMagnitudeOfAnImageToTheLargestInteger) {
  ActivationQuantizer quantizer = make_activation_quantizer("map", QuantizerKind::minmax, {4, 8}, true, real);
  // Largest magnitudes 3 and 2: 2.5 on average.
  expect_steps(of(quantizer, small_map(), Mode::weights).steps, {2.5 / 7, 2.5 / 127});
  EXPECT_FALSE(quantizer.steps.defined());
}

TEST(MinmaxQuantizer, KeepsAMovingAverageInWeightStepsAndTakesItAtEvaluation) {
  ActivationQuantizer quantizer = make_activation_quantizer("map", QuantizerKind::minmax, {4, 8}, false, real);
  expect_steps(of(quantizer, small_map(), Mode::evaluation).steps, {2.5 / 15, 2.5 / 255});  // nothing kept so far
  of(quantizer, small_map(), Mode::weights);
  expect_steps(of(quantizer, 3 * small_map(), Mode::weights).steps, {7.5 / 15, 7.5 / 255});
  expect_steps(of(quantizer, 9 * small_map(), Mode::arch).steps, {22.5 / 15, 22.5 / 255});
  const double average = 0.9 * 2.5 + 0.1 * 7.5;
  expect_steps(of(quantizer, 9 * small_map(), Mode::evaluation).steps, {average / 15, average / 255});
}

TEST(MinmaxQuantizer, TakesTheWeightsAtHand) {
  torch::Tensor weight = torch::tensor({0.3, -0.7, 2.0, 1.4}, real).view({2, 2, 1, 1}).requires_grad_();
  const WeightQuantizer quantizer = make_weight_quantizer(QuantizerKind::minmax, {4}, true, weight);
  const torch::Tensor quantised = mixed_weight(quantizer, weight, torch::ones({1}, real), Mode::weights);
  // Steps 0.1 and 2/7; 1.4 / (2/7) = 4.9.
  const torch::Tensor wanted = torch::tensor({0.3, -0.7, 2.0, 10.0 / 7}, real).view({2, 2, 1, 1});
  EXPECT_TRUE(torch::allclose(quantised, wanted, 2e-6, 0)) << quantised;
  quantised.sum().backward();
  EXPECT_TRUE(torch::equal(weight.grad(), torch::ones_like(weight)));
}

TEST(MixedWeight, GivesWeightsAndStepsNoGradientOutsideWeightSteps) {
  const torch::Tensor weight = torch::tensor({0.3, -0.7}, real).view({2, 1, 1, 1}).requires_grad_();
  const WeightQuantizer quantizer = make_weight_quantizer(QuantizerKind::lsq, {4}, true, weight);
  EXPECT_TRUE(mixed_weight(quantizer, weight, torch::ones({1}, real), Mode::weights).requires_grad());
  EXPECT_FALSE(mixed_weight(quantizer, weight, torch::ones({1}, real), Mode::arch).requires_grad());
  const torch::Tensor coefficients = torch::ones({1}, real).requires_grad_();
  mixed_weight(quantizer, weight, coefficients, Mode::arch).sum().backward();
  EXPECT_TRUE(coefficients.grad().defined());
  EXPECT_FALSE(weight.grad().defined());
}

}  // namespace
}  // namespace autonba
