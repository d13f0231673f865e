// Gradients of the supernet against the definition of its forward pass, written out in plain tensor operations.
#include <gtest/gtest.h>

#include "plain_supernet.hpp"
#include "small_net.hpp"
#include "train/combine.hpp"
#include "train/random_path.hpp"

namespace autonba {
namespace {

// In double; the two sum in different orders. Some gradients are 0 but for rounding, as batch normalisation forgets.
constexpr double relative_tolerance = 1e-9;
constexpr double absolute_tolerance = 1e-12;

/// A loss in which every logit counts.
torch::Tensor loss_of(const torch::Tensor& logits) {
  return (logits.sin() + 0.3 * logits.square()).sum();
}

struct Case {
  Supernet net = small_net();
  Rng rng = make_rng(7, "gradient test");
  torch::Tensor images = random_images(5, net.space(), torch::kFloat64, rng);

  Case() {
    start_quantizers(net, images);
    const torch::NoGradGuard no_grad;
    for (const Parameter& parameter : net.parameters()) {  // away from the regular start
      for (std::int64_t i = 0; i < parameter.tensor.numel(); ++i) {
        parameter.tensor.view(-1)[i] *= 0.7 + 0.6 * uniform(rng);
        if (parameter.name.ends_with("shift")) {
          parameter.tensor.view(-1)[i] = 0.2 * normal(rng);
        }
      }
    }
  }
};

/// The same path with leaves of its own.
std::vector<BlockPath> with_own_leaves(const std::vector<BlockPath>& path) {
  std::vector<BlockPath> copy = path;
  for (BlockPath& block : copy) {
    block.bit_coefficients = block.bit_coefficients.detach().clone().requires_grad_();
    if (block.op_probabilities.defined()) {
      block.op_probabilities = block.op_probabilities.detach().clone().requires_grad_();
    }
  }
  return copy;
}

void expect_same_gradient(const torch::Tensor& found, const torch::Tensor& wanted, const std::string& what) {
  ASSERT_EQ(found.defined(), wanted.defined()) << what;
  if (wanted.defined()) {
    EXPECT_LT((found - wanted).norm().item<double>(),
              relative_tolerance * wanted.norm().item<double>() + absolute_tolerance)
        << what;
  }
}

TEST(SupernetGradient, WithoutQuantisersIsThatOfFiniteDifferences) {
  // Only without rounding is the loss smooth, but for ReLU's kinks, which no step of 1e-6 meets here.
  Supernet net = small_net(QuantizerKind::none);
  Rng rng = make_rng(11, "float net");
  const torch::Tensor images = random_images(5, net.space(), torch::kFloat64, rng);
  const std::vector<BlockPath> path = path_of(net, same_everywhere(net, 0, 1));
  const auto loss = [&] { return loss_of(net.forward(images, path, Mode::weights)); };
  loss().backward();
  const torch::NoGradGuard no_grad;
  for (const char* name :
       {"stem.weight", "block0.k3_e3.expand.weight", "block1.k3_e3.depthwise.weight", "block2.k3_e3.project.weight",
        "block2.k3_e3.expand.norm.scale", "head.weight", "classifier.weight"}) {
    const torch::Tensor value = parameter(net, name).view(-1)[2];
    const double gradient = parameter(net, name).grad().view(-1)[2].item<double>();
    constexpr double step = 1e-6;
    value.add_(step);
    const double above = loss().item<double>();
    value.sub_(2 * step);
    const double below = loss().item<double>();
    value.add_(step);
    EXPECT_NEAR((above - below) / (2 * step), gradient, 1e-6 * std::abs(gradient) + 1e-8) << name;
    EXPECT_NE(gradient, 0) << name;
  }
}

TEST(SupernetGradient, ArchStepsFollowTheSumOverActiveOperators) {
  Case test;
  for (int draw = 0; draw < 6; ++draw) {
    const int alternatives = 1 + draw % 2;
    const std::vector<BlockPath> path = random_arch_path(test.net, alternatives, test.rng);
    const std::vector<BlockPath> plain_path = with_own_leaves(path);
    const torch::Tensor loss = loss_of(test.net.forward(test.images, path, Mode::arch));
    const torch::Tensor plain_loss = loss_of(PlainSupernet(test.net).forward(test.images, plain_path));
    EXPECT_NEAR(loss.item<double>(), plain_loss.item<double>(), 1e-9 * plain_loss.item<double>());
    loss.backward();
    plain_loss.backward();
    for (std::size_t i = 0; i < path.size(); ++i) {
      const std::string block = "draw " + std::to_string(draw) + ", block " + std::to_string(i);
      expect_same_gradient(path[i].op_probabilities.grad(), plain_path[i].op_probabilities.grad(), block + ", p");
      expect_same_gradient(path[i].bit_coefficients.grad(), plain_path[i].bit_coefficients.grad(), block + ", bits");
      EXPECT_GT(path[i].op_probabilities.grad().abs().min().item<double>(), 0) << block;
    }
  }
}

TEST(SupernetGradient, ArchStepsOfSoftMixturesToo) {
  Case test;
  std::vector<BlockPath> path = random_arch_path(test.net, 1, test.rng);
  for (std::size_t i = 0; i < path.size(); ++i) {
    path[i].bit_coefficients = random_weight_path(test.net, test.rng)[i].bit_coefficients.requires_grad_();
  }
  const std::vector<BlockPath> plain_path = with_own_leaves(path);
  loss_of(test.net.forward(test.images, path, Mode::arch)).backward();
  loss_of(PlainSupernet(test.net).forward(test.images, plain_path)).backward();
  for (std::size_t i = 0; i < path.size(); ++i) {
    expect_same_gradient(path[i].op_probabilities.grad(), plain_path[i].op_probabilities.grad(), "p");
    expect_same_gradient(path[i].bit_coefficients.grad(), plain_path[i].bit_coefficients.grad(), "bits");
  }
}

TEST(SupernetGradient, ArchStepsGiveParametersNone) {
  Case test;
  loss_of(test.net.forward(test.images, random_arch_path(test.net, 2, test.rng), Mode::arch)).backward();
  for (const Parameter& parameter : test.net.parameters()) {
    EXPECT_FALSE(parameter.tensor.grad().defined()) << parameter.name;
  }
}

TEST(SupernetGradient, WeightStepsReachEveryParameterOfThePathAndNoOther) {
  Case test;
  const std::vector<BlockPath> path = random_weight_path(test.net, test.rng);
  const PlainSupernet plain(test.net);
  loss_of(test.net.forward(test.images, path, Mode::weights)).backward();
  loss_of(plain.forward(test.images, path)).backward();
  int reached = 0;
  for (const Parameter& parameter : test.net.parameters()) {
    expect_same_gradient(parameter.tensor.grad(), plain.parameter(parameter.name).grad(), parameter.name);
    reached += parameter.tensor.grad().defined() ? 1 : 0;
  }
  EXPECT_GT(reached, 13);  // of stem, head and classifier there are 13
}

TEST(SupernetGradient, WeightStepsAlongEachOperator) {
  Case test;
  for (int op = 0; op < 3; ++op) {
    const std::vector<BlockPath> path = path_of(test.net, same_everywhere(test.net, op, op));
    const PlainSupernet plain(test.net);
    loss_of(test.net.forward(test.images, path, Mode::weights)).backward();
    loss_of(plain.forward(test.images, path)).backward();
    for (const Parameter& parameter : test.net.parameters()) {
      expect_same_gradient(parameter.tensor.grad(), plain.parameter(parameter.name).grad(),
                           "operator " + std::to_string(op) + ", " + parameter.name);
      parameter.tensor.mutable_grad().reset();
    }
  }
}

TEST(Combine, GivesTheExecutedOutputAndInnerProductsAsGradient) {
  const auto options = torch::TensorOptions(torch::kFloat64);
  const torch::Tensor executed = torch::tensor({1.0, 2.0, 3.0}, options).view({1, 3}).requires_grad_();
  const torch::Tensor alternative = torch::tensor({-1.0, 0.5, 4.0}, options).view({1, 3});
  const torch::Tensor p = torch::tensor({0.6, 0.4}, options).requires_grad_();
  const torch::Tensor output = combine(executed, {alternative}, p);
  EXPECT_TRUE(torch::equal(output, executed));
  (output * torch::tensor({1.0, -2.0, 0.5}, options)).sum().backward();
  EXPECT_TRUE(torch::equal(executed.grad(), torch::tensor({1.0, -2.0, 0.5}, options).view({1, 3})));
  EXPECT_TRUE(torch::equal(p.grad(), torch::tensor({1.0 - 4.0 + 1.5, -1.0 - 1.0 + 2.0}, options)));
}

TEST(Combine, GivesProbabilitiesAGradientWhereTheOutputItselfNeedsNone) {
  const torch::Tensor p = torch::tensor({0.5, 0.5}, torch::kFloat64).requires_grad_();
  combine(torch::ones({1, 2}, torch::kFloat64), {torch::full({1, 2}, 3.0, torch::kFloat64)}, p).sum().backward();
  EXPECT_TRUE(torch::equal(p.grad(), torch::tensor({2.0, 6.0}, torch::kFloat64)));
}

}  // namespace
}  // namespace autonba
