#include "train/sgd.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <string>

#include "base/error.hpp"
#include "train/orthogonal.hpp"

namespace autonba {
namespace {

const auto real = torch::TensorOptions(torch::kFloat64);

Parameter made(const std::string& name, std::vector<double> values, ParameterKind kind = ParameterKind::weight) {
  return {name, torch::tensor(values, real).requires_grad_(), kind};
}

void set_gradient(const Parameter& parameter, std::vector<double> values) {
  torch::Tensor tensor = parameter.tensor;
  tensor.mutable_grad() = torch::tensor(values, real);
}

void expect_values(const Parameter& parameter, std::vector<double> wanted) {
  EXPECT_TRUE(torch::allclose(parameter.tensor.detach(), torch::tensor(wanted, real), 1e-12, 0)) << parameter.tensor;
}

TEST(Sgd, FollowsMomentumAndWeightDecay) {
  const Parameter w = made("w", {1.0});
  Sgd sgd({w}, {.momentum = 0.9, .weight_decay = 0.1, .clip_norm = 0});
  double value = 1.0;
  double velocity = 0;
  for (const double gradient : {0.5, -2.0, 0.25}) {
    set_gradient(w, {gradient});
    sgd.step(0.2);
    velocity = 0.9 * velocity + gradient + 0.1 * value;
    value -= 0.2 * velocity;
    expect_values(w, {value});
  }
}

TEST(Sgd, ClipsTheNormOfAllGradientsTogetherBeforeTheDecay) {
  const Parameter a = made("a", {1.0});
  const Parameter b = made("b", {2.0, 0.0});
  Sgd sgd({a, b}, {.momentum = 0, .weight_decay = 0.5, .clip_norm = 1});
  set_gradient(a, {3.0});
  set_gradient(b, {0.0, -4.0});  // the norm is 5
  sgd.step(1);
  expect_values(a, {1 - 0.6 - 0.5});
  expect_values(b, {2 - 1.0, 0.8});
}

TEST(Sgd, LeavesSmallGradientsAsTheyAre) {
  const Parameter a = made("a", {1.0});
  Sgd sgd({a}, {.momentum = 0, .weight_decay = 0, .clip_norm = 1});
  set_gradient(a, {0.5});
  sgd.step(1);
  expect_values(a, {0.5});
}

TEST(Sgd, TouchesNothingOfAParameterWithoutGradient) {
  const Parameter a = made("a", {1.0});
  const Parameter b = made("b", {1.0});
  Sgd sgd({a, b}, {.momentum = 0.5, .weight_decay = 0.1, .clip_norm = 0});
  set_gradient(a, {1.0});
  set_gradient(b, {1.0});
  sgd.step(1);
  expect_values(b, {-0.1});
  set_gradient(a, {1.0});
  sgd.step(1);
  expect_values(b, {-0.1});
  set_gradient(b, {0.0});
  sgd.step(1);  // its momentum is still 1.1: 0.55 - 0.01
  expect_values(b, {-0.1 - 0.54});
}

TEST(Sgd, MuonMovesDenseConvolutionsAlongOrthogonalMatrices) {
  Rng rng = make_rng(1, "muon");
  const auto weights = [&](std::int64_t groups) {
    const torch::Tensor tensor = random_normal({6, 8 / groups, 1, 1}, 1, rng, real).requires_grad_();
    return Parameter{"w", tensor, ParameterKind::weight, groups};
  };
  for (const std::int64_t groups : {1, 2}) {
    const Parameter w = weights(groups);
    Sgd sgd({w}, {.momentum = 0.5, .weight_decay = 0, .clip_norm = 0, .muon_factor = 2, .muon_weight_decay = 0.1});
    torch::Tensor tensor = w.tensor;
    const torch::Tensor before = tensor.detach().clone();
    const torch::Tensor gradient = random_normal(tensor.sizes(), 1, rng, real);
    tensor.mutable_grad() = gradient;
    sgd.step(0.25);
    const torch::Tensor moved = (before * (1 - 0.5 * 0.1) - tensor.detach()) / 0.5;
    for (std::int64_t group = 0; group < groups; ++group) {
      const std::int64_t rows = 6 / groups;
      const auto matrix = [&](const torch::Tensor& of) { return of.narrow(0, group * rows, rows).flatten(1); };
      const auto [u, s, v] = at::linalg_svd(matrix(gradient), false);
      // The same singular vectors, singular values that are about 1.
      const torch::Tensor values = torch::matmul(torch::matmul(u.t(), matrix(moved)), v.t());
      EXPECT_TRUE((values.diagonal() - 1).abs().max().item<double>() < 0.35) << values;
      EXPECT_LT((values - values.diagonal().diag()).abs().max().item<double>(), 1e-9);
    }
  }
}

TEST(Sgd, MuonLeavesOtherParametersToSgd) {
  const Parameter depthwise{"d", torch::ones({4, 1, 3, 3}, real).requires_grad_(), ParameterKind::weight, 4};
  const Parameter norm = made("n", {1.0}, ParameterKind::norm);
  Sgd sgd({depthwise, norm}, {.momentum = 0, .weight_decay = 0, .clip_norm = 0, .muon_factor = 7});
  torch::Tensor tensor = depthwise.tensor;
  tensor.mutable_grad() = torch::full({4, 1, 3, 3}, 2.0, real);
  set_gradient(norm, {2.0});
  sgd.step(0.25);
  EXPECT_TRUE(torch::allclose(tensor.detach(), torch::full({4, 1, 3, 3}, 0.5, real)));
  expect_values(norm, {0.5});
}

TEST(Orthogonalised, ZeroStaysZero) {
  EXPECT_TRUE(torch::equal(orthogonalised(torch::zeros({2, 3, 4}, real)), torch::zeros({2, 3, 4}, real)));
}

TEST(Sgd, DropsGradientsAfterTheStep) {
  const Parameter a = made("a", {1.0});
  Sgd sgd({a}, {});
  set_gradient(a, {1.0});
  sgd.step(1);
  EXPECT_FALSE(a.tensor.grad().defined());
  const torch::Tensor before = a.tensor.detach().clone();
  sgd.step(1);
  EXPECT_TRUE(torch::equal(a.tensor, before));
}

TEST(Sgd, AGradientThatIsNoNumberMovesNothing) {
  const Parameter a = made("a", {1.0});
  const Parameter b = made("b", {2.0});
  Sgd sgd({a, b}, {.clip_norm = 0});
  set_gradient(a, {1.0});
  set_gradient(b, {std::numeric_limits<double>::quiet_NaN()});
  EXPECT_THROW(sgd.step(1), WorkError);
  EXPECT_EQ(a.tensor.item<double>(), 1.0);
  EXPECT_EQ(b.tensor.item<double>(), 2.0);
}

TEST(Sgd, LogarithmsOfQuantiserStepsMoveByAdam) {
  const Parameter steps = made("steps", {0.5, 0.25}, ParameterKind::step);
  Sgd sgd({steps}, {.momentum = 0, .weight_decay = 0.1, .clip_norm = 0, .step_factor = 0.3});
  std::vector<double> values = {0.5, 0.25};
  std::vector<double> mean(2), square(2);
  for (const std::vector<double>& gradient : {std::vector<double>{2, -1e-3}, {-1, -2e-3}, {0.5, 0}}) {
    set_gradient(steps, gradient);
    sgd.step(0.1);
    for (std::size_t i = 0; i < 2; ++i) {
      const double to_logarithm = values[i] * gradient[i];
      mean[i] += 0.1 * (to_logarithm - mean[i]);
      square[i] += 0.01 * (to_logarithm * to_logarithm - square[i]);
      values[i] *= std::exp(-0.03 * mean[i] / std::sqrt(square[i]));
    }
    EXPECT_TRUE(torch::allclose(steps.tensor.detach(), torch::tensor(values, real), 1e-6)) << steps.tensor;
  }
}

TEST(Sgd, StepsOfQuantisersNeitherDecayNorFallBelowTheFloor) {
  for (const double step_factor : {0, 20}) {
    const Parameter steps = made("steps", {0.5, 0.25}, ParameterKind::step);
    Sgd sgd({steps}, {.momentum = 0, .weight_decay = 0.1, .clip_norm = 0, .step_factor = step_factor});
    set_gradient(steps, {0.0, 1.0});
    sgd.step(1);
    expect_values(steps, {0.5, step_floor});
  }
}

TEST(Sgd, NormParametersDecayAsWeightsDo) {
  const Parameter scale = made("scale", {2.0}, ParameterKind::norm);
  Sgd sgd({scale}, {.momentum = 0, .weight_decay = 0.1, .clip_norm = 0});
  set_gradient(scale, {0.0});
  sgd.step(1);
  expect_values(scale, {1.8});
}

TEST(Sgd, SavedMomentaContinueAlike) {
  const Parameter a = made("a", {1.0});
  const Parameter still = made("still", {1.0});
  const Parameter b = made("b", {1.0, 2.0}, ParameterKind::step);
  Sgd sgd({a, still, b}, {.step_factor = 0.1});
  set_gradient(a, {1.0});
  set_gradient(b, {1.0, -1.0});
  sgd.step(0.1);

  const Parameter a2 = made("a", {a.tensor.item<double>()});
  const Parameter still2 = made("still", {1.0});
  const Parameter b2 = made("b", {b.tensor[0].item<double>(), b.tensor[1].item<double>()}, ParameterKind::step);
  Sgd restored({a2, still2, b2}, {.step_factor = 0.1});
  restored.restore(sgd.save(), "checkpoint");
  EXPECT_EQ(restored.save(), sgd.save());
  set_gradient(b, {0.5, 0.5});
  sgd.step(0.1);
  set_gradient(b2, {0.5, 0.5});
  restored.step(0.1);
  EXPECT_TRUE(torch::equal(b.tensor, b2.tensor));
  set_gradient(a, {0.5});
  sgd.step(0.1);
  set_gradient(a2, {0.5});
  restored.step(0.1);
  EXPECT_TRUE(torch::equal(a.tensor, a2.tensor));
}

TEST(Sgd, MomentaOfOtherParametersAreRefused) {
  const Parameter a = made("a", {1.0});
  Sgd sgd({a}, {});
  set_gradient(a, {1.0});
  sgd.step(0.1);
  Sgd other({made("b", {1.0})}, {});
  EXPECT_THROW(other.restore(sgd.save(), "checkpoint"), InputError);
  Sgd wider({made("a", {1.0, 2.0})}, {});
  EXPECT_THROW(wider.restore(sgd.save(), "checkpoint"), InputError);
}

TEST(CosineRate, FallsFromStartToEndAndIsTheirMeanHalfWay) {
  EXPECT_DOUBLE_EQ(cosine_rate(0.5, 0.1, 0), 0.5);
  EXPECT_DOUBLE_EQ(cosine_rate(0.5, 0.1, 0.5), 0.3);
  EXPECT_DOUBLE_EQ(cosine_rate(0.5, 0.1, 1), 0.1);
  EXPECT_NEAR(cosine_rate(1, 0, 1.0 / 3), 0.75, 1e-15);
}

}  // namespace
}  // namespace autonba
