#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace autonba {

/// Size of the images that a network reads. Their pixels lie [row][column][channel], 8 bits each, RGB or grey.
struct ImageShape {
  int channels = 3;      // 3: RGB, 1: grey
  int height = 0;        // pixels
  int width = 0;         // pixels
  int shorter_side = 0;  // pixels: an image file is resized to it before its centre is taken for evaluation
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// Values of one image: channels·height·width.
std::size_t pixel_count(const ImageShape& shape);

/// Decodes a JPEG or PNG file, resizes its shorter side to shape.shorter_side (averaging areas where it shrinks,
/// bilinear where it grows) and takes the centre of height×width. Throws InputError naming the file if it cannot be
/// read or decoded, or ends early.
std::vector<std::uint8_t> load_image(const std::filesystem::path& file, const ImageShape& shape);

/// Decodes an image file and resizes a random part of it to height×width: 0.08 to 1 of its area, width / height between
/// 3/4 and 4/3 (Szegedy et al.: Going deeper with convolutions, CVPR 2015). Throws as load_image.
std::vector<std::uint8_t> load_random_part(const std::filesystem::path& file, const ImageShape& shape, Rng& rng);

/// The same of an image of `shape` that is in memory.
std::vector<std::uint8_t> random_part(std::span<const std::uint8_t> pixels, const ImageShape& shape, Rng& rng);

/// A rectangle of an image, in pixels.
struct Part {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
};

/// The rectangle that load_random_part takes from an image of height×width: drawn up to ten times until it lies within
/// the image, then the largest centred one that keeps the ratio.
Part draw_part(int height, int width, Rng& rng);

}  // namespace autonba
