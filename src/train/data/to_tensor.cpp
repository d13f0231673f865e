#include "train/data/to_tensor.hpp"

#include <algorithm>

#include "base/profile.hpp"

namespace autonba {
namespace {

/// A copy of [image][row][column][channel] values on `device`, seen as [image, channel, row, column].
torch::Tensor images_tensor(std::span<const float> values, const ImageShape& shape, torch::Device device) {
  const auto count = static_cast<std::int64_t>(values.size() / pixel_count(shape));
  // from_blob takes no const data; it is only read, and the copy owns its memory.
  const torch::Tensor view = torch::from_blob(const_cast<float*>(values.data()),
                                              {count, shape.height, shape.width, shape.channels}, torch::kFloat);
  return view.to(device, torch::kFloat, /*non_blocking=*/false, /*copy=*/true).permute({0, 3, 1, 2});
}

}  // namespace

TensorBatch to_tensors(const Batch& batch, torch::Device device) {
  return {images_tensor(batch.images, batch.shape, device), torch::tensor(batch.labels, torch::kLong).to(device)};
}

TensorBatch next_batch(Loader& loader, torch::Device device) {
  const Timed timed("data");
  return to_tensors(loader.next().value(), device);
}

torch::Tensor to_tensor(std::span<const std::uint8_t> pixels, const ImageShape& shape, torch::Device device) {
  std::vector<float> values(pixels.size());
  std::ranges::transform(pixels, values.begin(), [](std::uint8_t pixel) { return static_cast<float>(pixel) / 256; });
  return images_tensor(values, shape, device);
}

}  // namespace autonba
