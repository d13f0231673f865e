#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "train/ops/batch_norm.hpp"
#include "train/ops/channel_shuffle.hpp"
#include "train/ops/conv.hpp"
#include "train/ops/quantize.hpp"
#include "train/ops/reference.hpp"

namespace autonba {
namespace {

using torch::Tensor;

Tensor normals(at::IntArrayRef shape, std::uint64_t index) {
  Rng rng = make_rng(11, "ops", index);
  Tensor values = torch::empty(shape, torch::kFloat64);
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    values.data_ptr<double>()[i] = normal(rng);
  }
  return values.to(torch::kFloat32);  // the same numbers in float and double
}

Tensor map(at::IntArrayRef shape, std::uint64_t index) {
  return normals(shape, index).contiguous(at::MemoryFormat::ChannelsLast);
}

double relative_error(const Tensor& found, const Tensor& wanted) {
  const Tensor difference = found.to(torch::kFloat64) - wanted;
  return (difference.norm() / (wanted.norm() + 1e-12)).item<double>();
}

/// Value and gradients of run(inputs) under a fixed gradient of its output, all in one list.
template <typename Run>
std::vector<Tensor> value_and_gradients(std::vector<Tensor> inputs, torch::Dtype type, const Run& run) {
  for (Tensor& input : inputs) {
    input = input.detach().to(type).clone().requires_grad_();
  }
  const Tensor y = run(inputs);
  const Tensor g = normals(y.sizes(), 99).to(type);
  std::vector<Tensor> results = torch::autograd::grad({y}, inputs, {g});
  results.insert(results.begin(), y.detach());
  return results;
}

/// The kernels in float against the reference in double.
template <typename Fast, typename Reference>
void expect_same(const std::vector<Tensor>& inputs, const Fast& fast, const Reference& plain) {
  const std::vector<Tensor> found = value_and_gradients(inputs, torch::kFloat32, fast);
  const std::vector<Tensor> wanted = value_and_gradients(inputs, torch::kFloat64, plain);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].sizes(), wanted[i].sizes());
    EXPECT_LT(relative_error(found[i], wanted[i]), 1e-4) << (i == 0 ? "value" : "gradient of input ") << i;
  }
}

const std::vector<QuantRange> unsigned_ranges = {unsigned_range(2), unsigned_range(4), unsigned_range(6)};
const std::vector<QuantRange> signed_ranges = {signed_range(2), signed_range(4), signed_range(6)};
const std::vector<QuantRange> weight_ranges = {weight_range(2), weight_range(4), weight_range(6)};
Tensor three_steps() {
  return torch::tensor({0.71f, 0.23f, 0.057f});
}
Tensor soft() {
  return torch::tensor({0.2f, 0.5f, 0.3f});
}
Tensor hard() {
  return torch::tensor({0.0f, 1.0f, 0.0f});
}

const std::vector<std::vector<std::int64_t>> map_shapes = {
    {2, 24, 7, 6}, {1, 1, 1, 1}, {3, 16, 5, 5}, {2, 37, 3, 4}, {4, 96, 9, 9}};

TEST(QuantRange, IsTheRangeOfItsBits) {
  EXPECT_EQ(signed_range(8), (QuantRange{-128, 127}));
  EXPECT_EQ(unsigned_range(4), (QuantRange{0, 15}));
  EXPECT_EQ(weight_range(8), (QuantRange{-127, 127}));
  EXPECT_EQ(q_max(signed_range(8)), 128);
  EXPECT_EQ(q_max(unsigned_range(4)), 15);
}

TEST(MixQuantize, ReferenceHasTheGradientsOfLsq) {
  const Tensor x = normals({2, 3, 4, 5}, 1).to(torch::kFloat64);
  const std::vector<Tensor> found =
      value_and_gradients({x, three_steps(), soft()}, torch::kFloat64, [](const std::vector<Tensor>& in) {
        return mix_quantize(in[0], {in[1], in[2], signed_ranges});
      });
  const Tensor g = normals(x.sizes(), 99).to(torch::kFloat64);
  const Tensor dx = torch::zeros_like(x);
  for (int j = 0; j < 3; ++j) {
    const double step = three_steps()[j].item<float>();
    const double coefficient = soft()[j].item<float>();
    const QuantRange range = signed_ranges[static_cast<std::size_t>(j)];
    double to_step = 0, to_coefficient = 0;
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      const double v = x.data_ptr<double>()[i] / step;
      const double gradient = g.data_ptr<double>()[i];
      const bool inside = v >= range.low && v <= range.high;
      const double q = inside ? std::nearbyint(v) : (v < range.low ? range.low : range.high);
      to_step += gradient * (inside ? q - v : q);
      to_coefficient += gradient * step * q;
      dx.data_ptr<double>()[i] += inside ? gradient * coefficient : 0;
    }
    to_step *= coefficient / std::sqrt(3 * 4 * 5 * static_cast<double>(q_max(range)));
    EXPECT_NEAR(found[2][j].item<double>(), to_step, 1e-10);
    EXPECT_NEAR(found[3][j].item<double>(), to_coefficient, 1e-10);
  }
  EXPECT_LT(relative_error(found[1], dx), 1e-10);
}

TEST(MixQuantize, ReferenceGradientOfCoefficientsAgreesWithFiniteDifferences) {
  const Tensor x = normals({2, 3, 4, 5}, 1).to(torch::kFloat64);
  const Tensor steps = three_steps().to(torch::kFloat64);
  const Tensor g = normals(x.sizes(), 99).to(torch::kFloat64);
  const auto loss = [&](const Tensor& c) {
    return (mix_quantize(x, {steps, c, signed_ranges}) * g).sum().item<double>();
  };
  const Tensor found = value_and_gradients({soft()}, torch::kFloat64, [&](const std::vector<Tensor>& in) {
    return mix_quantize(x, {steps, in[0], signed_ranges});
  })[1];
  for (int j = 0; j < 3; ++j) {
    Tensor up = soft().to(torch::kFloat64), down = up.clone();
    up[j] += 1e-3;
    down[j] -= 1e-3;
    const double difference = (loss(up) - loss(down)) / 2e-3;
    EXPECT_NEAR(found[j].item<double>(), difference, 1e-8 * std::abs(difference) + 1e-9);
  }
}

TEST(MixQuantize, KernelAgreesWithTheReferenceOnMaps) {
  for (const auto& shape : map_shapes) {
    for (const Tensor& coefficients : {soft(), hard()}) {
      expect_same(
          {map(shape, 1), three_steps(), coefficients},
          [](const std::vector<Tensor>& in) {
            return mix_quantize(in[0], {in[1], in[2], signed_ranges});
          },
          [](const std::vector<Tensor>& in) {
            return reference::mix_quantize(in[0], {in[1], in[2], signed_ranges});
          });
    }
  }
}

TEST(MixQuantize, KernelAgreesWithTheReferenceOnWeights) {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{5, 7, 1, 1}, {33, 1, 5, 5}, {16, 3, 3, 3}, {10, 21}, {300, 40, 1, 1}}) {
    for (bool channelwise : {true, false}) {
      const std::int64_t rows = channelwise ? shape[0] : 1;
      const Tensor steps = three_steps().unsqueeze(1) * torch::exp2(torch::arange(rows).remainder(3) - 1);
      for (const Tensor& coefficients : {soft(), hard()}) {
        expect_same(
            {normals(shape, 1), steps, coefficients},
            [](const std::vector<Tensor>& in) {
              return mix_quantize_weights(in[0], {in[1], in[2], weight_ranges});
            },
            [](const std::vector<Tensor>& in) {
              return reference::mix_quantize_weights(in[0], {in[1], in[2], weight_ranges});
            });
      }
    }
  }
}

TEST(MixQuantize, OnlyTheGradientsThatAreAskedForComeBack) {
  const Tensor x = map({2, 3, 4, 4}, 1);
  const Tensor coefficients = hard().requires_grad_();
  const Tensor y = mix_quantize(x, {three_steps(), coefficients, signed_ranges});
  y.sum().backward();
  EXPECT_TRUE(coefficients.grad().defined());
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(mix_quantize(x, {three_steps(), soft(), signed_ranges}).requires_grad());
}

TEST(MixQuantize, KernelTakesMapsInAnyMemoryOrder) {
  const Tensor x = normals({2, 5, 6, 3}, 1).permute({3, 0, 2, 1});
  const Mixture mixture{three_steps(), soft(), signed_ranges};
  EXPECT_LT(relative_error(mix_quantize(x, mixture), reference::mix_quantize(x, mixture).to(torch::kFloat64)), 1e-6);
}

/// Inputs: z, scale, shift and, where mixed, steps and coefficients.
template <typename Op>
auto norm_run(Statistics statistics, bool relu, bool mixed, const Op& op) {
  return [=](const std::vector<Tensor>& in) {
    const auto options = in[0].options();
    const std::int64_t channels = in[0].size(1);
    const BatchNorm norm{in[1], in[2], torch::full({channels}, 0.1, options), torch::full({channels}, 1.5, options)};
    std::optional<Mixture> mixture;
    if (mixed) {
      mixture = Mixture{in[3], in[4], relu ? unsigned_ranges : signed_ranges};
    }
    return op(in[0], norm, statistics, relu, mixture);
  };
}

TEST(BatchNorm, AMapThatSomebodyHoldsIsNotOverwrittenByItsGradient) {
  const std::vector<Tensor> inputs = {map({2, 24, 7, 6}, 1), normals({24}, 2), normals({24}, 3)};
  const auto loss = norm_run(Statistics::batch, true, false, batch_norm);
  const Tensor weights = map({2, 24, 7, 6}, 4);
  const auto gradient_of = [&](const auto& hold) {
    const Tensor leaf = inputs[0].clone().requires_grad_();
    Tensor z = leaf * 2;
    const Tensor before = z.detach().clone();
    const Tensor held = hold(z);
    const Tensor total = (loss({z, inputs[1], inputs[2]}) * weights).sum();
    z.reset();
    total.backward();
    EXPECT_TRUE(!held.defined() || torch::equal(held.detach(), before));
    return leaf.grad();
  };
  const Tensor overwritten = gradient_of([](const Tensor&) { return Tensor(); });
  EXPECT_TRUE(torch::equal(gradient_of([](const Tensor& z) { return z; }), overwritten));
  EXPECT_TRUE(torch::equal(gradient_of([](const Tensor& z) { return z.detach(); }), overwritten));
}

TEST(BatchNorm, KernelAgreesWithTheReference) {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{2, 24, 7, 6}, {3, 16, 5, 5}, {2, 37, 3, 4}}) {
    const std::int64_t channels = shape[1];
    const std::vector<Tensor> inputs = {map(shape, 1) * 2 + 0.5, normals({channels}, 2) * 0.2 + 1,
                                        normals({channels}, 3) * 0.3, three_steps(), soft()};
    for (Statistics statistics : {Statistics::batch, Statistics::batch_update, Statistics::running}) {
      for (bool relu : {false, true}) {
        for (bool mixed : {false, true}) {
          SCOPED_TRACE(testing::Message() << channels << " channels, statistics " << static_cast<int>(statistics)
                                          << ", relu " << relu << ", mixed " << mixed);
          const std::vector<Tensor> used(inputs.begin(), inputs.begin() + (mixed ? 5 : 3));
          expect_same(used, norm_run(statistics, relu, mixed, batch_norm),
                      norm_run(statistics, relu, mixed, reference::batch_norm));
        }
      }
    }
  }
}

TEST(BatchNorm, RunningAveragesFollowOnlyWhenAsked) {
  const Tensor z = map({4, 19, 5, 5}, 1) * 3 + 2;
  const auto fresh = [](torch::Dtype type) {
    return BatchNorm{torch::ones({19}, type), torch::zeros({19}, type), torch::zeros({19}, type),
                     torch::ones({19}, type)};
  };
  BatchNorm found = fresh(torch::kFloat32), wanted = fresh(torch::kFloat64);
  batch_norm(z, found, Statistics::batch, true);
  EXPECT_EQ(found.running_mean.abs().sum().item<float>(), 0);
  batch_norm(z, found, Statistics::batch_update, true);
  reference::batch_norm(z.to(torch::kFloat64), wanted, Statistics::batch_update, true, std::nullopt);
  EXPECT_LT(relative_error(found.running_mean, wanted.running_mean), 1e-5);
  EXPECT_LT(relative_error(found.running_var, wanted.running_var), 1e-5);
}

TEST(BatchNorm, StatisticsSurviveAMeanFarFromZero) {
  const Tensor z = map({4, 19, 5, 5}, 1) * 0.1 + 50;
  const BatchNorm norm{torch::ones({19}), torch::zeros({19}), torch::zeros({19}), torch::ones({19})};
  const Tensor y = batch_norm(z, norm, Statistics::batch, false).to(torch::kFloat64);
  EXPECT_LT(y.mean({0, 2, 3}).abs().max().item<double>(), 1e-3);
  EXPECT_LT((y.square().mean({0, 2, 3}) - 1).abs().max().item<double>(), 5e-3);
}

TEST(Conv, DepthwiseKernelAgreesWithTheReference) {
  for (std::int64_t kernel : {3, 5, 7}) {
    for (std::int64_t stride : {1, 2}) {
      for (const std::vector<std::int64_t>& shape :
           {std::vector<std::int64_t>{2, 24, 9, 7}, {1, 16, 1, 1}, {5, 33, 4, 4}, {20, 6, 8, 8}}) {
        SCOPED_TRACE(testing::Message() << "kernel " << kernel << ", stride " << stride << ", shape " << shape);
        const std::int64_t channels = shape[1];
        const auto run = [&](const auto& op) {
          return [&, op](const std::vector<Tensor>& in) { return op(in[0], in[1], stride, kernel / 2, channels); };
        };
        expect_same({map(shape, 1), normals({channels, 1, kernel, kernel}, 2)}, run(conv), run(reference::conv));
      }
    }
  }
}

TEST(Conv, OtherConvolutionsAgreeWithTheReference) {
  const Tensor few_pixels = map({2, 24, 6, 6}, 1);
  const Tensor many_pixels = map({5, 24, 31, 29}, 1);  // so many that threads share them, the last one getting fewer
  for (const Tensor& x : {few_pixels, many_pixels}) {
    for (std::int64_t groups : {1, 2}) {
      for (std::int64_t stride : {1, 2}) {
        const auto run = [&](const auto& op) {
          return [&, op](const std::vector<Tensor>& in) { return op(in[0], in[1], stride, 0, groups); };
        };
        expect_same({x, normals({10, 24 / groups, 1, 1}, 2)}, run(conv), run(reference::conv));
      }
    }
  }
}

TEST(ChannelShuffle, SendsChannelsOfAGroupApart) {
  const Tensor x = torch::arange(6).reshape({1, 6, 1, 1}).to(torch::kFloat32);
  const Tensor y = autonba::channel_shuffle(x, 2).flatten();
  EXPECT_TRUE(torch::equal(y, torch::tensor({0.0f, 3.0f, 1.0f, 4.0f, 2.0f, 5.0f})));
  EXPECT_TRUE(autonba::channel_shuffle(map({2, 6, 3, 3}, 1), 2).is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(ChannelShuffle, AgreesWithTheReference) {
  for (const std::int64_t groups : {1, 2, 3}) {
    for (const std::int64_t channels : {6, 48, 150}) {
      const auto run = [&](const auto& op) {
        return [&, op](const std::vector<Tensor>& in) { return op(in[0], groups); };
      };
      expect_same({map({2, channels, 3, 5}, 1)}, run(autonba::channel_shuffle), run(reference::channel_shuffle));
    }
  }
}

TEST(Operators, ResultsDoNotDependOnTheNumberOfThreads) {
  const auto run = [](const std::vector<Tensor>& in) {
    const BatchNorm norm{torch::ones({40}), torch::zeros({40}), torch::zeros({40}), torch::ones({40})};
    const Tensor z = conv(in[0], in[1], 1, 2, 40);
    return batch_norm(z, norm, Statistics::batch, true, Mixture{in[2], in[3], unsigned_ranges});
  };
  const std::vector<Tensor> inputs = {map({16, 40, 12, 12}, 1), normals({40, 1, 5, 5}, 2), three_steps(), soft()};
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const std::vector<Tensor> one = value_and_gradients(inputs, torch::kFloat32, run);
  at::set_num_threads(2);
  const std::vector<Tensor> two = value_and_gradients(inputs, torch::kFloat32, run);
  at::set_num_threads(threads);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(torch::equal(one[i], two[i])) << "result " << i;
  }
}

}  // namespace
}  // namespace autonba
