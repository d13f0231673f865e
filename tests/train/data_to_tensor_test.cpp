#include <gtest/gtest.h>

#include "train/data/to_tensor.hpp"

namespace autonba {
namespace {

constexpr ImageShape shape{.channels = 3, .height = 2, .width = 4, .shorter_side = 2};

TEST(ToTensor, KeepsImagesInMemoryOrderAndNamesTheirDimensions) {
  Batch batch{.shape = shape, .images = {}, .labels = {7, 0}};
  for (int i = 0; i < 48; ++i) {
    batch.images.push_back(static_cast<float>(i) / 256);
  }
  const TensorBatch tensors = to_tensors(batch, torch::kCPU);
  batch.images.assign(48, -1.0F);  // the tensor has its own copy
  ASSERT_EQ(tensors.images.sizes(), (std::vector<std::int64_t>{2, 3, 2, 4}));
  EXPECT_TRUE(tensors.images.is_contiguous(torch::MemoryFormat::ChannelsLast));
  for (int image = 0; image < 2; ++image) {
    for (int channel = 0; channel < 3; ++channel) {
      for (int row = 0; row < 2; ++row) {
        for (int column = 0; column < 4; ++column) {
          EXPECT_EQ(tensors.images[image][channel][row][column].item<float>() * 256,
                    static_cast<float>(((image * 2 + row) * 4 + column) * 3 + channel));
        }
      }
    }
  }
  EXPECT_EQ(tensors.labels.scalar_type(), torch::kLong);
  EXPECT_EQ(tensors.labels[0].item<std::int64_t>(), 7);
}

TEST(ToTensor, MakesABatchOfOneFromPixels) {
  std::vector<std::uint8_t> pixels(pixel_count(shape), 0);
  pixels[2 * 3 + 1] = 255;
  const torch::Tensor tensor = to_tensor(pixels, shape, torch::kCPU);
  ASSERT_EQ(tensor.sizes(), (std::vector<std::int64_t>{1, 3, 2, 4}));
  EXPECT_EQ(tensor[0][1][0][2].item<float>(), 255.0F / 256);
  EXPECT_EQ(tensor.sum().item<float>(), 255.0F / 256);
}

}  // namespace
}  // namespace autonba
