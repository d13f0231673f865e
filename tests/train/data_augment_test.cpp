#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "train/data/augment.hpp"

namespace autonba {
namespace {

constexpr ImageShape shape{.channels = 2, .height = 4, .width = 5, .shorter_side = 4};

/// Every value once, none of them zero.
std::vector<std::uint8_t> numbered_pixels() {
  std::vector<std::uint8_t> pixels(pixel_count(shape));
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{1});
  return pixels;
}

std::vector<float> augmented(const Augmentation& augmentation, std::uint64_t index) {
  Rng rng = make_rng(5, "test", index);
  std::vector<float> values(pixel_count(shape));
  augment(numbered_pixels(), shape, augmentation, rng, values);
  return values;
}

/// The window of the padded image whose top left corner is at (top, left) in it, by plain loops.
std::vector<float> window(int padding, int top, int left, bool flip) {
  const int padded_height = shape.height + 2 * padding;
  const int padded_width = shape.width + 2 * padding;
  std::vector<float> padded(static_cast<std::size_t>(padded_height) * padded_width * shape.channels, 0.0F);
  const std::vector<std::uint8_t> pixels = numbered_pixels();
  for (int row = 0; row < shape.height; ++row) {
    for (int i = 0; i < shape.width * shape.channels; ++i) {
      padded[((row + padding) * padded_width + padding) * shape.channels + i] =
          static_cast<float>(pixels[row * shape.width * shape.channels + i]) / 256;
    }
  }
  std::vector<float> result;
  for (int row = 0; row < shape.height; ++row) {
    for (int column = 0; column < shape.width; ++column) {
      const int from = flip ? shape.width - 1 - column : column;
      for (int channel = 0; channel < shape.channels; ++channel) {
        result.push_back(padded[((row + top) * padded_width + left + from) * shape.channels + channel]);
      }
    }
  }
  return result;
}

TEST(Augment, WithoutChangesGivesPixelsOver256) {
  const std::vector<float> values = augmented({}, 0);
  const std::vector<std::uint8_t> pixels = numbered_pixels();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    EXPECT_EQ(values[i] * 256, static_cast<float>(pixels[i]));
  }
}

TEST(Augment, CropAndFlipGiveEveryWindowOfThePaddedImageEquallyOften) {
  std::map<std::vector<float>, int> seen;
  for (int top = 0; top < 5; ++top) {
    for (int left = 0; left < 5; ++left) {
      seen[window(2, top, left, false)] = 0;
      seen[window(2, top, left, true)] = 0;
    }
  }
  ASSERT_EQ(seen.size(), 50U);
  constexpr int draws = 10000;
  for (int i = 0; i < draws; ++i) {
    const auto found = seen.find(augmented({.crop_padding = 2, .flip = Flip::random}, i));
    ASSERT_NE(found, seen.end()) << "draw " << i << " is no window";
    ++found->second;
  }
  double chi_squared = 0;
  for (const auto& [values, count] : seen) {
    chi_squared += std::pow(count - draws / 50.0, 2) / (draws / 50.0);
  }
  EXPECT_LT(chi_squared, 85.4);  // 49 degrees of freedom, p = 0.001
}

TEST(Augment, CutoutZeroesASquareClippedAtTheEdges) {
  const std::vector<float> plain = augmented({}, 0);
  std::set<std::vector<float>> expected;  // one for each pixel in the middle of the square
  for (int row = 0; row < shape.height; ++row) {
    for (int column = 0; column < shape.width; ++column) {
      std::vector<float> values = plain;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const int at_row = static_cast<int>(i) / (shape.width * shape.channels);
        const int at_column = static_cast<int>(i) / shape.channels % shape.width;
        if (std::abs(at_row - row) <= 1 && std::abs(at_column - column) <= 1) {
          values[i] = 0;
        }
      }
      expected.insert(values);
    }
  }
  std::set<std::vector<float>> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(augmented({.cutout = 3}, i));
  }
  EXPECT_EQ(seen, expected);
}

TEST(Augment, IsUsualAsTheLiteratureHasIt) {
  EXPECT_EQ(usual_augmentation("fashion-mnist"), (Augmentation{.crop_padding = 2, .flip = Flip::random}));
  EXPECT_EQ(usual_augmentation("cifar10"), (Augmentation{.crop_padding = 4, .flip = Flip::random}));
  EXPECT_EQ(usual_augmentation("cifar100"), (Augmentation{.crop_padding = 4, .flip = Flip::random}));
  EXPECT_EQ(usual_augmentation("imagenet"), (Augmentation{.resized_part = true, .flip = Flip::random}));
  EXPECT_THROW(usual_augmentation("imagnet"), InputError);
}

}  // namespace
}  // namespace autonba
