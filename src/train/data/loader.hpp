#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "train/data/augment.hpp"
#include "train/data/dataset.hpp"

namespace autonba {

struct Batch {
  ImageShape shape;
  std::vector<float> images;         // [image][row][column][channel], pixel/256, in [0, 1)
  std::vector<std::int64_t> labels;  // [image]
};

struct LoaderOptions {
  int batch = 64;           // images
  bool shuffle = true;      // a new order each epoch; without: the order of the indices
  bool drop_last = true;    // leave out the images at an epoch's end that do not fill a batch
  std::int64_t epochs = 0;  // after which the batches end; 0: never
  Augmentation augmentation;
  std::uint64_t seed = 0;
  std::string purpose = "train";  // keeps loaders of one seed apart: order and augmentation depend on both
  int workers = 1;                // threads that prepare batches; 0: next() prepares its batch itself
  int ahead = 4;                  // batches that workers prepare before they are asked for
};

/// For one pass over all images in their order, unchanged.
LoaderOptions evaluation_options(int batch, int workers = 1);

/// Batches of chosen images, prepared by threads that keep ahead of the caller. Batch number n, in epoch
/// n / batches_per_epoch(), depends on the images, the options but `workers` and `ahead`, and n only: a loader that
/// starts at n continues exactly what another one left there, with any number of workers.
class Loader {
 public:
  /// `set` must outlive the loader. `images` are indices into it; `first_batch` is the number of the first batch
  /// wanted. Throws InputError if the options make no sense or the images do not make one batch.
  Loader(const ImageSet& set, std::vector<std::int64_t> images, LoaderOptions options, std::int64_t first_batch = 0);
  /// Stops the workers after the image they are at.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  std::int64_t batches_per_epoch() const;

  /// The next batch, or nothing after the last epoch. Throws what its preparation threw (InputError naming an image
  /// that cannot be decoded), and again on every further call. For one thread at a time.
  std::optional<Batch> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace autonba
