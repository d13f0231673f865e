#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/random.hpp"
#include "train/data/image.hpp"

namespace autonba {

/// Whether left and right are exchanged.
enum class Flip {
  never,
  random,     // with probability 1/2
  alternate,  // in every second epoch; whether in the first, is drawn for each image (airbench, arXiv 2404.00498)
  always
};

/// Random changes of a training image, applied in this order. None of them by default, as evaluation wants it.
struct Augmentation {
  bool resized_part = false;  // a random part of the image, resized (load_random_part), instead of its centre
  int crop_padding = 0;  // pixels of zeros around the image, from which a window of the image's size is cut at random
  Flip flip = Flip::never;
  int cutout = 0;  // side in pixels of a square of zeros, its centre anywhere in the image (arXiv 1708.04552)
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

/// What is usual for a dataset: fashion-mnist crop padding 2, cifar10 and cifar100 crop padding 4, imagenet resized
/// part, and random flips. Throws InputError on another name.
Augmentation usual_augmentation(std::string_view dataset);

/// Crops, flips and cuts out one image of `shape`, and writes it as floats: pixel/256, so in [0, 1), same memory order.
/// Flip::alternate is the loader's business: it is not allowed here. Requires pixels.size() == values.size() ==
/// pixel_count(shape).
void augment(std::span<const std::uint8_t> pixels, const ImageShape& shape, const Augmentation& augmentation, Rng& rng,
             std::span<float> values);

}  // namespace autonba
