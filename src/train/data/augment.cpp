#include "train/data/augment.hpp"

#include <algorithm>

#include "train/data/dataset.hpp"

namespace autonba {
namespace {

/// Uniform in -bound .. bound; draws nothing for bound 0.
int draw_shift(int bound, Rng& rng) {
  return bound == 0 ? 0 : static_cast<int>(uniform_index(rng, 2 * static_cast<std::uint64_t>(bound) + 1)) - bound;
}

/// Zeros in a square of `side` around a random pixel, clipped at the image's edges.
void cut_out(const ImageShape& shape, int side, Rng& rng, std::span<float> values) {
  const int top = static_cast<int>(uniform_index(rng, shape.height)) - side / 2;
  const int left = static_cast<int>(uniform_index(rng, shape.width)) - side / 2;
  const int first_column = std::max(left, 0);
  const int end_column = std::min(left + side, shape.width);
  for (int row = std::max(top, 0); row < std::min(top + side, shape.height); ++row) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row) * shape.width * shape.channels;
    std::fill(begin + first_column * shape.channels, begin + end_column * shape.channels, 0.0F);
  }
}

}  // namespace

Augmentation usual_augmentation(std::string_view dataset) {
  const DatasetInfo& info = dataset_info(dataset);
  if (info.name == "imagenet") {
    return {.resized_part = true, .flip = Flip::random};
  }
  return {.crop_padding = info.shape.channels == 1 ? 2 : 4, .flip = Flip::random};
}

void augment(std::span<const std::uint8_t> pixels, const ImageShape& shape, const Augmentation& augmentation, Rng& rng,
             std::span<float> values) {
  constexpr float step = 1.0F / 256;
  const int down = draw_shift(augmentation.crop_padding, rng);
  const int right = draw_shift(augmentation.crop_padding, rng);
  const bool mirrored =
      augmentation.flip == Flip::always || (augmentation.flip == Flip::random && uniform_index(rng, 2) == 1);

  float* value = values.data();
  for (int row = 0; row < shape.height; ++row) {
    const int from_row = row + down;
    const bool row_inside = from_row >= 0 && from_row < shape.height;
    for (int column = 0; column < shape.width; ++column) {
      const int from_column = (mirrored ? shape.width - 1 - column : column) + right;
      const bool inside = row_inside && from_column >= 0 && from_column < shape.width;
      const std::size_t from =
          inside ? (static_cast<std::size_t>(from_row) * shape.width + from_column) * shape.channels : 0;
      for (int channel = 0; channel < shape.channels; ++channel) {
        *value++ = inside ? step * pixels[from + channel] : 0.0F;
      }
    }
  }
  if (augmentation.cutout > 0) {
    cut_out(shape, augmentation.cutout, rng, values);
  }
}

}  // namespace autonba
