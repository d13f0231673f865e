#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "train/kernels/batch_norm.hpp"
#include "train/kernels/depthwise.hpp"
#include "train/kernels/mixture.hpp"
#include "train/kernels/pointwise.hpp"
#include "train/kernels/transpose.hpp"

namespace autonba::kernels {
namespace {

/// Runs a test on one instruction set after the other, not only on the machine's best.
class EveryTarget : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::GetChosenTarget().Update(GetParam()); }
  void TearDown() override { hwy::GetChosenTarget().Update(hwy::SupportedTargets()); }
};

std::string target_name(const testing::TestParamInfo<std::int64_t>& info) {
  return hwy::TargetName(info.param);
}

class MixKernel : public EveryTarget {};
class BatchNormKernel : public EveryTarget {};
class DepthwiseKernel : public EveryTarget {};
class PointwiseKernel : public EveryTarget {};
class TransposeKernel : public EveryTarget {};
INSTANTIATE_TEST_SUITE_P(On, MixKernel, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), target_name);
INSTANTIATE_TEST_SUITE_P(On, BatchNormKernel, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), target_name);
INSTANTIATE_TEST_SUITE_P(On, DepthwiseKernel, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), target_name);
INSTANTIATE_TEST_SUITE_P(On, PointwiseKernel, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), target_name);
INSTANTIATE_TEST_SUITE_P(On, TransposeKernel, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), target_name);

std::vector<float> normals(std::size_t count, std::uint64_t index) {
  Rng rng = make_rng(7, "kernels", index);
  std::vector<float> values(count);
  std::generate(values.begin(), values.end(), [&] { return static_cast<float>(normal(rng)); });
  return values;
}

/// Three bitwidths, 2, 4 and 6, some values beyond their ranges.
std::vector<MixTerm> signed_terms() {
  return {{0.8f, 1 / 0.8f, 0.2f, -2, 1}, {0.25f, 1 / 0.25f, 0.5f, -8, 7}, {0.07f, 1 / 0.07f, 0.3f, -32, 31}};
}
std::vector<MixTerm> unsigned_terms() {
  return {{0.8f, 1 / 0.8f, 0.2f, 0, 3}, {0.1f, 1 / 0.1f, 0.5f, 0, 15}, {0.03f, 1 / 0.03f, 0.3f, 0, 63}};
}

// The plain references.

float quantised(float x, const MixTerm& t) {
  return std::clamp(std::nearbyint(x * t.inverse_step), t.low, t.high);
}
bool inside(float x, const MixTerm& t) {
  return x * t.inverse_step >= t.low && x * t.inverse_step <= t.high;
}

double plain_mix(float x, const std::vector<MixTerm>& terms) {
  double y = 0;
  for (const MixTerm& t : terms) {
    y += double{t.coefficient} * t.step * quantised(x, t);
  }
  return y;
}

double plain_mix_gradient(float x, float g, const std::vector<MixTerm>& terms) {
  double pass = 0;
  for (const MixTerm& t : terms) {
    pass += inside(x, t) ? t.coefficient : 0;
  }
  return g * pass;
}

MixSums plain_mix_sums(const std::vector<float>& x, const std::vector<float>& g, const MixTerm& t) {
  MixSums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sums.step += double{g[i]} * (quantised(x[i], t) - (inside(x[i], t) ? x[i] * t.inverse_step : 0.0f));
    sums.coefficient += double{g[i]} * quantised(x[i], t);
  }
  return sums;
}

/// Calls run(oy, ox, iy, ix, ky, kx) for every product of a convolution of one channel.
template <typename Run>
void for_products(const Depthwise& s, const Run& run) {
  for (std::ptrdiff_t oy = 0; oy < s.height_out; ++oy) {
    for (std::ptrdiff_t ox = 0; ox < s.width_out; ++ox) {
      for (std::ptrdiff_t k = 0; k < s.kernel * s.kernel; ++k) {
        const std::ptrdiff_t iy = oy * s.stride - s.padding + k / s.kernel;
        const std::ptrdiff_t ix = ox * s.stride - s.padding + k % s.kernel;
        if (iy >= 0 && iy < s.height_in && ix >= 0 && ix < s.width_in) {
          run(oy * s.width_out + ox, iy * s.width_in + ix, k);
        }
      }
    }
  }
}

void expect_near(const std::vector<float>& found, const std::vector<double>& wanted, double tolerance) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], wanted[i], tolerance * (1 + std::abs(wanted[i]))) << "at " << i;
  }
}

const std::vector<std::size_t> ragged_counts = {1, 7, 15, 16, 17, 100, 8193};

TEST_P(MixKernel, ForwardIsTheSumOverBitwidths) {
  for (std::size_t count : ragged_counts) {
    for (std::size_t used = 1; used <= 3; ++used) {
      std::vector<MixTerm> terms = signed_terms();
      terms.resize(used);
      const std::vector<float> x = normals(count, count);
      std::vector<float> y(count + 1, 42.0f);
      mix_forward(x.data(), count, terms, y.data());
      EXPECT_EQ(y.back(), 42.0f) << "written beyond the end";
      y.pop_back();
      std::vector<double> wanted(count);
      std::transform(x.begin(), x.end(), wanted.begin(), [&](float v) { return plain_mix(v, terms); });
      expect_near(y, wanted, 1e-6);
    }
  }
}

TEST_P(MixKernel, TiesRoundToEven) {
  const std::vector<MixTerm> terms = {{1, 1, 1, -8, 7}};
  const std::vector<float> x = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 6.5f, 7.5f, -8.5f};
  std::vector<float> y(x.size());
  mix_forward(x.data(), x.size(), terms, y.data());
  EXPECT_THAT(y, testing::ElementsAre(0, 2, 2, 0, -2, 6, 7, -8));
}

TEST_P(MixKernel, WhatIsNoNumberStaysNone) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x(19, 0.5f);
  x[3] = x[18] = none;
  std::vector<float> y(x.size());
  mix_forward(x.data(), x.size(), signed_terms(), y.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(std::isnan(y[i]), std::isnan(x[i])) << "at " << i;
  }
}

TEST_P(MixKernel, BackwardIsTheDefinitionOfLsq) {
  for (std::size_t count : ragged_counts) {
    const std::vector<MixTerm> terms = signed_terms();
    const std::vector<float> x = normals(count, count);
    const std::vector<float> g = normals(count, count + 1000);
    std::vector<float> dx(count + 1, 42.0f);
    std::vector<MixSums> sums(3);
    mix_backward(x.data(), g.data(), count, terms, dx.data(), sums.data());
    EXPECT_EQ(dx.back(), 42.0f) << "written beyond the end";
    dx.pop_back();
    std::vector<double> wanted(count);
    for (std::size_t i = 0; i < count; ++i) {
      wanted[i] = plain_mix_gradient(x[i], g[i], terms);
    }
    expect_near(dx, wanted, 1e-6);
    for (std::size_t j = 0; j < 3; ++j) {
      const MixSums plain = plain_mix_sums(x, g, terms[j]);
      EXPECT_NEAR(sums[j].step, plain.step, 1e-5 * (std::sqrt(count) + std::abs(plain.step)));
      EXPECT_NEAR(sums[j].coefficient, plain.coefficient, 1e-5 * (10 * std::sqrt(count) + std::abs(plain.coefficient)));
    }
  }
}

TEST_P(MixKernel, SumsAreAddedAndEitherOutputMayBeMissing) {
  const std::vector<MixTerm> terms = signed_terms();
  const std::vector<float> x = normals(50, 1);
  const std::vector<float> g = normals(50, 2);
  std::vector<MixSums> sums(3, MixSums{10, 20});
  mix_backward(x.data(), g.data(), 50, terms, nullptr, sums.data());
  EXPECT_NEAR(sums[1].step, 10 + plain_mix_sums(x, g, terms[1]).step, 1e-4);
  EXPECT_NEAR(sums[1].coefficient, 20 + plain_mix_sums(x, g, terms[1]).coefficient, 1e-4);
  std::vector<float> dx(50);
  mix_backward(x.data(), g.data(), 50, terms, dx.data(), nullptr);
  EXPECT_NEAR(dx[49], plain_mix_gradient(x[49], g[49], terms), 1e-6);
}

/// A map [rows, C] with what belongs to its channels, repeated over a period.
struct NormCase {
  std::size_t channels, period;
  std::vector<float> z, g, scale, shift, origin;

  NormCase(std::size_t rows, std::size_t c)
      : channels(c), period(channel_period(c)), z(normals(rows * c, 1)), g(normals(rows * c, 2)) {
    for (std::size_t i = 0; i < period; ++i) {
      scale.push_back(0.5f + 0.1f * static_cast<float>(i % c % 7));
      shift.push_back(0.1f * static_cast<float>(i % c % 5) - 0.2f);
      origin.push_back(0.01f * static_cast<float>(i % c));
    }
  }
  Normalisation with(bool relu, std::span<const MixTerm> terms) const {
    return {scale.data(), shift.data(), period, relu, terms};
  }
  float activation(std::size_t i, bool relu) const {
    const float a = std::fma(z[i], scale[i % channels], shift[i % channels]);
    return relu ? std::max(a, 0.0f) : a;
  }
  double inner_gradient(std::size_t i, bool relu, const std::vector<MixTerm>& terms) const {
    const float a = std::fma(z[i], scale[i % channels], shift[i % channels]);
    if (relu && a <= 0) {
      return 0;
    }
    return terms.empty() ? g[i] : plain_mix_gradient(a, g[i], terms);
  }
};

const std::vector<std::pair<std::size_t, std::size_t>> norm_shapes = {{1, 1},   {1, 16},  {3, 5},    {49, 7},
                                                                      {64, 24}, {33, 92}, {5, 1104}, {257, 17}};

TEST_P(BatchNormKernel, ThePeriodIsWholeVectorsAndWholePixels) {
  for (std::size_t channels : {1, 3, 8, 16, 24, 92, 184, 1104}) {
    EXPECT_EQ(channel_period(channels) % channels, 0U);
    EXPECT_EQ(channel_period(channels) % 16, 0U);
  }
}

TEST_P(BatchNormKernel, SumsAreThoseOfEachChannel) {
  for (const auto& [rows, channels] : norm_shapes) {
    const NormCase c(rows, channels);
    std::vector<float> sum(c.period);
    std::vector<float> squares(c.period);
    channel_sums(c.z.data(), c.z.size(), c.period, c.origin.data(), sum.data(), squares.data());
    std::vector<double> found_sum(channels), found_squares(channels), wanted_sum(channels), wanted_squares(channels);
    for (std::size_t i = 0; i < c.period; ++i) {
      found_sum[i % channels] += sum[i];
      found_squares[i % channels] += squares[i];
    }
    for (std::size_t i = 0; i < c.z.size(); ++i) {
      const double d = c.z[i] - c.origin[i % channels];
      wanted_sum[i % channels] += d;
      wanted_squares[i % channels] += d * d;
    }
    for (std::size_t k = 0; k < channels; ++k) {
      EXPECT_NEAR(found_sum[k], wanted_sum[k], 1e-4);
      EXPECT_NEAR(found_squares[k], wanted_squares[k], 1e-4 * (1 + wanted_squares[k]));
    }
  }
}

TEST_P(BatchNormKernel, ForwardNormalisesActivatesAndQuantises) {
  for (const auto& [rows, channels] : norm_shapes) {
    for (bool relu : {false, true}) {
      for (const std::vector<MixTerm>& terms : {std::vector<MixTerm>{}, relu ? unsigned_terms() : signed_terms()}) {
        const NormCase c(rows, channels);
        std::vector<float> y(c.z.size());
        normalise(c.z.data(), c.z.size(), c.with(relu, terms), y.data());
        std::vector<double> wanted(y.size());
        for (std::size_t i = 0; i < y.size(); ++i) {
          const float a = c.activation(i, relu);
          wanted[i] = terms.empty() ? a : plain_mix(a, terms);
        }
        expect_near(y, wanted, 1e-5);
      }
    }
  }
}

TEST_P(BatchNormKernel, WhatIsNoNumberStaysNone) {
  for (bool relu : {false, true}) {
    for (const std::vector<MixTerm>& terms : {std::vector<MixTerm>{}, relu ? unsigned_terms() : signed_terms()}) {
      NormCase c(3, 19);
      c.z[5] = c.z[56] = std::numeric_limits<float>::quiet_NaN();
      std::vector<float> y(c.z.size());
      normalise(c.z.data(), c.z.size(), c.with(relu, terms), y.data());
      for (std::size_t i = 0; i < y.size(); ++i) {
        EXPECT_EQ(std::isnan(y[i]), std::isnan(c.z[i])) << "at " << i;
      }
    }
  }
}

TEST_P(BatchNormKernel, BackwardPassesTheGradientThroughQuantiserAndActivation) {
  for (const auto& [rows, channels] : norm_shapes) {
    for (bool relu : {false, true}) {
      for (const std::vector<MixTerm>& terms : {std::vector<MixTerm>{}, relu ? unsigned_terms() : signed_terms()}) {
        const NormCase c(rows, channels);
        const std::vector<float> factor = normals(channels, 3);
        const std::vector<float> constant = normals(channels, 4);
        std::vector<float> z_factor(c.period), added(c.period), sum(c.period), moment(c.period), dz(c.z.size());
        for (std::size_t i = 0; i < c.period; ++i) {
          z_factor[i] = factor[i % channels];
          added[i] = constant[i % channels];
        }
        std::vector<MixSums> sums(terms.size());
        normalise_gradient_sums(c.z.data(), c.g.data(), c.z.size(), c.with(relu, terms), c.origin.data(), sum.data(),
                                moment.data(), terms.empty() ? nullptr : sums.data());
        normalise_gradient(c.z.data(), c.g.data(), c.z.size(), c.with(relu, terms), z_factor.data(), added.data(),
                           dz.data());
        std::vector<double> wanted(dz.size());
        std::vector<double> wanted_sum(channels), wanted_moment(channels);
        for (std::size_t i = 0; i < dz.size(); ++i) {
          const std::size_t k = i % channels;
          const double h = c.inner_gradient(i, relu, terms);
          wanted[i] = c.scale[k] * h + factor[k] * c.z[i] + constant[k];
          wanted_sum[k] += h;
          wanted_moment[k] += h * (c.z[i] - c.origin[k]);
        }
        expect_near(dz, wanted, 1e-5);
        std::vector<double> found_sum(channels), found_moment(channels);
        for (std::size_t i = 0; i < c.period; ++i) {
          found_sum[i % channels] += sum[i];
          found_moment[i % channels] += moment[i];
        }
        for (std::size_t k = 0; k < channels; ++k) {
          EXPECT_NEAR(found_sum[k], wanted_sum[k], 1e-4 * (1 + std::abs(wanted_sum[k])));
          EXPECT_NEAR(found_moment[k], wanted_moment[k], 1e-4 * (1 + std::abs(wanted_moment[k])));
        }
        std::vector<float> activations(dz.size()), activation_gradients(dz.size());
        for (std::size_t i = 0; i < dz.size(); ++i) {
          activations[i] = c.activation(i, relu);
        }
        for (std::size_t j = 0; j < terms.size(); ++j) {
          const MixSums plain = plain_mix_sums(activations, c.g, terms[j]);
          EXPECT_NEAR(sums[j].step, plain.step, 1e-2);
          EXPECT_NEAR(sums[j].coefficient, plain.coefficient, 1e-2 * (1 + std::abs(plain.coefficient)));
        }
      }
    }
  }
}

std::vector<Depthwise> depthwise_shapes() {
  std::vector<Depthwise> shapes;
  for (std::ptrdiff_t kernel : {3, 5, 7}) {
    for (std::ptrdiff_t stride : {1, 2}) {
      for (auto [channels, height, width] : {std::tuple{1, 1, 1},
                                             {16, 4, 4},
                                             {5, 1, 9},
                                             {24, 7, 6},
                                             {33, 5, 13},
                                             {72, 8, 8},
                                             {130, 2, 3},
                                             {24, 3, 17},
                                             {300, 3, 9}}) {
        const std::ptrdiff_t padding = kernel / 2;
        shapes.push_back({channels, height, width, (height + 2 * padding - kernel) / stride + 1,
                          (width + 2 * padding - kernel) / stride + 1, kernel, stride, padding});
      }
    }
  }
  shapes.push_back({20, 9, 9, 7, 7, 3, 1, 0});  // without padding
  shapes.push_back({20, 9, 12, 4, 5, 3, 2, 0});
  shapes.push_back({20, 9, 11, 5, 6, 5, 2, 2});
  shapes.push_back({20, 8, 11, 4, 5, 5, 2, 1});
  return shapes;
}

TEST_P(DepthwiseKernel, ForwardIsTheSumOfAllProducts) {
  for (const Depthwise& s : depthwise_shapes()) {
    const auto c = static_cast<std::size_t>(s.channels);
    const std::vector<float> x = normals(c * s.height_in * s.width_in, 1);
    const std::vector<float> w = normals(c * s.kernel * s.kernel, 2);
    std::vector<float> y(c * s.height_out * s.width_out);
    const std::ptrdiff_t half = s.height_out / 2;
    depthwise_rows(x.data(), w.data(), s, 0, half, y.data());
    depthwise_rows(x.data(), w.data(), s, half, s.height_out, y.data() + half * s.width_out * s.channels);
    std::vector<double> wanted(y.size());
    for_products(s, [&](std::ptrdiff_t o, std::ptrdiff_t i, std::ptrdiff_t k) {
      for (std::size_t ch = 0; ch < c; ++ch) {
        wanted[o * c + ch] += double{x[i * c + ch]} * w[k * c + ch];
      }
    });
    expect_near(y, wanted, 1e-5);
  }
}

TEST_P(DepthwiseKernel, InputGradientIsTheTranspose) {
  for (const Depthwise& s : depthwise_shapes()) {
    if (s.stride != 2) {
      continue;
    }
    const auto c = static_cast<std::size_t>(s.channels);
    const std::vector<float> g = normals(c * s.height_out * s.width_out, 1);
    const std::vector<float> w = normals(c * s.kernel * s.kernel, 2);
    std::vector<float> dx(c * s.height_in * s.width_in);
    const std::ptrdiff_t half = s.height_in / 2;
    depthwise_gradient_rows(g.data(), w.data(), s, 0, half, dx.data());
    depthwise_gradient_rows(g.data(), w.data(), s, half, s.height_in, dx.data() + half * s.width_in * s.channels);
    std::vector<double> wanted(dx.size());
    for_products(s, [&](std::ptrdiff_t o, std::ptrdiff_t i, std::ptrdiff_t k) {
      for (std::size_t ch = 0; ch < c; ++ch) {
        wanted[i * c + ch] += double{g[o * c + ch]} * w[k * c + ch];
      }
    });
    expect_near(dx, wanted, 1e-5);
  }
}

TEST_P(DepthwiseKernel, WeightGradientIsAddedToWhatIsThere) {
  for (const Depthwise& s : depthwise_shapes()) {
    const auto c = static_cast<std::size_t>(s.channels);
    const std::vector<float> x = normals(c * s.height_in * s.width_in, 1);
    const std::vector<float> g = normals(c * s.height_out * s.width_out, 2);
    std::vector<float> dw(c * s.kernel * s.kernel, 3.0f);
    std::vector<double> wanted(dw.size(), 3.0);
    depthwise_add_weight_gradient(x.data(), g.data(), s, dw.data());
    for_products(s, [&](std::ptrdiff_t o, std::ptrdiff_t i, std::ptrdiff_t k) {
      for (std::size_t ch = 0; ch < c; ++ch) {
        wanted[k * c + ch] += double{x[i * c + ch]} * g[o * c + ch];
      }
    });
    expect_near(dw, wanted, 1e-5);
  }
}

TEST_P(PointwiseKernel, WeightGradientIsAddedToWhatIsThere) {
  for (const auto& [pixels, channels_in, channels_out, groups] :
       {std::tuple<std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t>{1, 1, 1, 1},
        {3, 5, 2, 1},
        {300, 16, 24, 1},
        {129, 37, 19, 1},
        {64, 48, 12, 2},
        {10, 6, 26, 2},
        {7, 99, 33, 3}}) {
    const Pointwise s = {channels_in / groups, channels_out / groups, channels_in, channels_out};
    const std::vector<float> x = normals(pixels * channels_in, 1);
    const std::vector<float> g = normals(pixels * channels_out, 2);
    for (std::ptrdiff_t group = 0; group < groups; ++group) {
      const float* group_x = &x[group * s.channels_in];
      const float* group_g = &g[group * s.channels_out];
      std::vector<float> dw(s.channels_in * s.channels_out, 3.0f);
      const std::ptrdiff_t half = s.channels_out / 2;
      pointwise_add_weight_gradient(group_x, group_g, pixels, s, 0, half, dw.data());
      pointwise_add_weight_gradient(group_x, group_g, pixels, s, half, s.channels_out, dw.data());
      std::vector<double> wanted(dw.size(), 3.0);
      for (std::ptrdiff_t p = 0; p < pixels; ++p) {
        for (std::ptrdiff_t i = 0; i < s.channels_in * s.channels_out; ++i) {
          wanted[i] +=
              double{group_x[p * channels_in + i % s.channels_in]} * group_g[p * channels_out + i / s.channels_in];
        }
      }
      expect_near(dw, wanted, 1e-5);
    }
  }
}

TEST_P(PointwiseKernel, ProductsAreThoseOfEveryPixel) {
  for (const auto& [pixels, channels_in, channels_out, groups] :
       {std::tuple<std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t>{1, 1, 1, 1},
        {3, 5, 2, 1},
        {100, 16, 24, 1},
        {97, 7, 37, 1},
        {13, 40, 64, 2},
        {5, 6, 26, 2}}) {
    const std::ptrdiff_t in = channels_in / groups;
    const std::ptrdiff_t out = channels_out / groups;
    const Pointwise s = {in, out, channels_in, channels_out};
    const std::ptrdiff_t row = padded(out);
    const std::vector<float> x = normals(pixels * channels_in, 1);
    const std::vector<float> w = normals(groups * in * row, 2);
    std::vector<float> y(pixels * channels_out + 1, 42.0f);
    std::vector<double> wanted(pixels * channels_out);
    for (std::ptrdiff_t group = 0; group < groups; ++group) {
      const float* group_w = &w[group * in * row];
      pointwise_products(&x[group * in], group_w, pixels, s, &y[group * out]);
      for (std::ptrdiff_t i = 0; i < pixels * in * out; ++i) {
        const std::ptrdiff_t p = i / (in * out), k = i / out % in, n = i % out;
        wanted[p * channels_out + group * out + n] +=
            double{x[p * channels_in + group * in + k]} * group_w[k * row + n];
      }
    }
    EXPECT_EQ(y.back(), 42.0f) << "written beyond the end";
    y.pop_back();
    expect_near(y, wanted, 1e-5);
  }
}

TEST_P(TransposeKernel, SwapsRowsAndColumnsOfEveryPixel) {
  for (const auto& [rows, columns] :
       {std::pair<std::size_t, std::size_t>{1, 5}, {2, 1}, {2, 3}, {2, 37}, {37, 2}, {3, 16}}) {
    const std::size_t pixels = 3;
    const std::vector<float> x = normals(pixels * rows * columns, 1);
    std::vector<float> y(x.size());
    transpose_channels(x.data(), pixels, rows, columns, y.data());
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) {
          EXPECT_EQ(y[p * rows * columns + c * rows + r], x[p * rows * columns + r * columns + c]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace autonba::kernels
