#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/random.hpp"
#include "train/data/image.hpp"

namespace autonba {

/// Random changes of a training image, applied in this order. None of them by default, as evaluation wants it.
struct Augmentation {
  bool resized_part = false;  // a random part of the image, resized (load_random_part), instead of its centre
  int crop_padding = 0;  // pixels of zeros around the image, from which a window of the image's size is cut at random
  bool flip = false;     // left and right exchanged, with probability 1/2
  int cutout = 0;        // side in pixels of a square of zeros, its centre anywhere in the image (arXiv 1708.04552)
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

/// What is usual for a dataset: fashion-mnist crop padding 2 and flip, cifar10 and cifar100 crop padding 4 and flip,
/// imagenet resized part and flip. Throws InputError on another name.
Augmentation usual_augmentation(std::string_view dataset);

/// Crops, flips and cuts out one image of `shape`, and writes it as floats: pixel/256, so in [0, 1), same memory order.
/// Requires pixels.size() == values.size() == pixel_count(shape).
void augment(std::span<const std::uint8_t> pixels, const ImageShape& shape, const Augmentation& augmentation, Rng& rng,
             std::span<float> values);

}  // namespace autonba
