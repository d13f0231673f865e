#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>

#include "train/data/loader.hpp"

namespace autonba {

/// A batch as a network reads it.
struct TensorBatch {
  torch::Tensor images;  // float [image, channel, row, column], channels last in memory
  torch::Tensor labels;  // int64 [image]
};

/// Copies a batch to `device`.
TensorBatch to_tensors(const Batch& batch, torch::Device device);

/// The next batch of a loader that has one.
TensorBatch next_batch(Loader& loader, torch::Device device);

/// One image (load_image) as a batch of one: float [1, channel, row, column], pixel/256, channels last in memory.
torch::Tensor to_tensor(std::span<const std::uint8_t> pixels, const ImageShape& shape, torch::Device device);

}  // namespace autonba
