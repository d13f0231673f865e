// What operators are before the first step.
#include "train/operators.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "train/ops/channel_shuffle.hpp"

namespace autonba {
namespace {

const LayerOptions in_double{.tensor = torch::TensorOptions().dtype(torch::kFloat64)};
const std::vector<int> bits = {4, 8};

torch::Tensor random_map(int channels, int size, Rng& rng) {
  return random_normal({2, channels, size, size}, 1, rng, in_double.tensor);
}

OperatorLayers made(const Operator& op, const Block& block, Rng& rng) {
  return make_operator("block", op, block, bits, in_double, rng);
}

void clear_weights(OperatorLayers& op) {
  const torch::NoGradGuard no_grad;
  for (ConvLayer& conv : op.convs) {
    conv.weight.zero_();
  }
}

/// The operator's convolutions alone: no quantisation, normalisation or ReLU.
torch::Tensor convolved(const OperatorLayers& op, torch::Tensor x) {
  for (std::size_t i = 0; i < op.convs.size(); ++i) {
    const ConvLayer& conv = op.convs[i];
    x = torch::conv2d(x, conv.weight, {}, conv.stride, conv.weight.size(2) / 2, 1, conv.groups);
    x = i == 0 && op.op.groups > 1 ? autonba::channel_shuffle(x, op.op.groups) : x;
  }
  return x;
}

/// common·x at every second pixel, of the channels that output channel `o` reads behind grouped convolutions.
double common_by_hand(const torch::Tensor& common, const torch::Tensor& x, int groups, int expansion, int n, int o,
                      int row, int column) {
  const auto channels_out = static_cast<int>(common.size(0));
  const auto channels_in = static_cast<int>(common.size(1));
  const int each = channels_in / groups;
  const int hidden_each = channels_in * expansion / groups;
  double sum = 0;
  for (int i = 0; i < channels_in; ++i) {
    const int shuffled = i % each * groups + i / each;  // channel i is hidden channel i % each of group i / each
    if (shuffled / hidden_each == o / (channels_out / groups)) {
      sum += common[o][i].item<double>() * x[n][i][2 * row][2 * column].item<double>();
    }
  }
  return sum;
}

void expect_common(int groups, int expansion) {
  Rng rng = make_rng(1, "operators");
  const Block block{4, 6, 2, 8, 8};
  OperatorLayers op = made({.kernel = 5, .expansion = expansion, .groups = groups}, block, rng);
  clear_weights(op);
  const torch::Tensor common = random_normal({6, 4}, 1, rng, in_double.tensor);
  start_alike(op, common);
  const torch::Tensor x = random_map(4, 8, rng);
  const torch::Tensor y = convolved(op, x);
  for (int o = 0; o < 6; ++o) {
    for (int row = 0; row < 4; ++row) {
      EXPECT_NEAR(y[1][o][row][3].item<double>(), common_by_hand(common, x, groups, expansion, 1, o, row, 3), 1e-12)
          << "groups " << groups << " expansion " << expansion << " channel " << o;
    }
  }
}

TEST(Operators, OfABlockThatChangesShapeStartFromTheCommonMap) {
  expect_common(1, 1);
  expect_common(1, 3);
  expect_common(2, 1);
  expect_common(2, 3);
}

TEST(Operators, ASkipThatChangesShapeStartsFromTheCommonMap) {
  Rng rng = make_rng(2, "operators");
  OperatorLayers op = made({.skip = true}, {4, 6, 2, 8, 8}, rng);
  clear_weights(op);
  const torch::Tensor common = random_normal({6, 4}, 1, rng, in_double.tensor);
  start_alike(op, common);
  EXPECT_TRUE(torch::equal(op.convs[0].weight.flatten(1), common));
}

TEST(Operators, OfABlockThatChangesShapeResembleEachOther) {
  Rng rng = make_rng(3, "operators");
  const Block block{16, 24, 2, 8, 8};
  const torch::Tensor common = random_normal({24, 16}, 0.35, rng, in_double.tensor);
  const torch::Tensor x = random_map(16, 8, rng);
  const auto output = [&](const Operator& op, bool alike) {
    OperatorLayers layers = made(op, block, rng);
    if (alike) {
      start_alike(layers, common);
    }
    return convolved(layers, x);
  };
  const auto cosine = [&](bool alike) {
    const torch::Tensor a = output({.kernel = 3, .expansion = 6}, alike).flatten();
    const torch::Tensor b = output({.kernel = 5, .expansion = 3}, alike).flatten();
    return (a.dot(b) / (a.norm() * b.norm())).item<double>();
  };
  EXPECT_GT(cosine(true), 0.5);
  EXPECT_LT(std::abs(cosine(false)), 0.2);
}

TEST(Operators, StepsFollowTheWeightsThatWereSetAnew) {
  Rng rng = make_rng(4, "operators");
  OperatorLayers op = made({.kernel = 3, .expansion = 1}, {4, 6, 1, 8, 8}, rng);
  start_alike(op, random_normal({6, 4}, 1, rng, in_double.tensor));
  for (const ConvLayer& conv : op.convs) {
    const torch::Tensor mean = conv.weight.detach().abs().flatten(1).mean(1);
    EXPECT_TRUE(torch::allclose(conv.quantizer.steps[1].detach(), 2 * mean / std::sqrt(127.0))) << conv.name;
  }
}

TEST(Operators, AResidualOneStartsAsTheIdentity) {
  Rng rng = make_rng(5, "operators");
  OperatorLayers op = made({.kernel = 3, .expansion = 3}, {4, 4, 1, 8, 8}, rng);
  const torch::Tensor x = random_map(4, 8, rng);
  const torch::Tensor coefficients = torch::tensor({0.25, 0.75}, torch::kFloat64);
  EXPECT_TRUE(torch::equal(run_operator(op, x, coefficients, Mode::weights), x));
}

}  // namespace
}  // namespace autonba
