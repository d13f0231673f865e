// Networks as PyTorch exports them (scripts/export-onnx.py), against their published layer tables.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "accel/layout.hpp"
#include "model/read_onnx.hpp"

namespace autonba {
namespace {

using testing::IsEmpty;

/// The exported file: from the folder AUTONBA_ONNX_MODELS, else exported now by Debian's Python, where it has
/// torchvision. Empty where there is neither.
std::filesystem::path exported(const std::string& name) {
  if (const char* folder = std::getenv("AUTONBA_ONNX_MODELS")) {
    return std::filesystem::path(folder) / (name + ".onnx");
  }
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "autonba_exported";
  const std::filesystem::path file = folder / (name + ".onnx");
  if (!std::filesystem::exists(file)) {
    const std::string command = "/usr/bin/python3 -c 'import torchvision, onnx' 2>/dev/null && " AUTONBA_SOURCE_DIR
                                "/scripts/export-onnx.py '" +
                                folder.string() + "' " + name + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) {
      return {};
    }
  }
  return file;
}

constexpr const char* what_is_missing =
    "needs Debian's python3-torchvision and python3-onnx, or AUTONBA_ONNX_MODELS, a folder that scripts/export-onnx.py "
    "wrote";

std::int64_t conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t size) {
  return in * out * kernel * kernel * size * size;
}

int count(const Network& network, LayerOp op) {
  return static_cast<int>(
      std::count_if(network.layers.begin(), network.layers.end(), [op](const Layer& layer) { return layer.op == op; }));
}

/// He et al., Deep Residual Learning for Image Recognition, CVPR 2016, table 1, 50 layers; as torchvision does, the 3×3
/// convolution of a stage's first block carries the stride.
std::int64_t macs_of_resnet50() {
  std::int64_t sum = conv(3, 64, 7, 112);
  std::int64_t channels = 64;
  const int blocks[] = {3, 4, 6, 3};
  std::int64_t size = 56;
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t width = std::int64_t{64} << stage;
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::int64_t size_in = stage > 0 && block == 0 ? 2 * size : size;
      sum += conv(channels, width, 1, size_in) + conv(width, width, 3, size) + conv(width, 4 * width, 1, size);
      sum += block == 0 ? conv(channels, 4 * width, 1, size) : 0;
      channels = 4 * width;
    }
    size /= 2;
  }
  return sum + 2048 * 1000;
}

TEST(OnnxExported, ResNet50HasTheMacsOfItsTable) {
  const std::filesystem::path file = exported("resnet50");
  if (file.empty()) {
    GTEST_SKIP() << what_is_missing;
  }
  const Network network = read_onnx(file);
  EXPECT_EQ(macs(network), macs_of_resnet50());
  // The same number stands in the tests of Microsoft's NNI (count_flops_params); torchvision says 4.089 (GFLOPS) and
  // 25,557,032 parameters, of which 53,120 are of batch normalisation and 1000 are biases.
  EXPECT_EQ(macs(network), 4'089'184'256);
  EXPECT_EQ(weight_count(network) + 53'120 + 1000, 25'557'032);
  EXPECT_EQ(count(network, LayerOp::conv), 53);
  EXPECT_EQ(count(network, LayerOp::linear), 1);
  EXPECT_EQ(std::count_if(network.layers.begin(), network.layers.end(), [](const Layer& l) { return !!l.residual; }),
            16);
  EXPECT_THAT(network.host_ops, IsEmpty());
  EXPECT_EQ(layer_shapes(network).size(), network.layers.size());
}

/// Iandola et al., SqueezeNet, 2016, version 1.1 of its repository: conv 3×3/2 to 64, pool, fires, conv 1×1 to 1000.
std::int64_t macs_of_squeezenet() {
  std::int64_t sum = conv(3, 64, 3, 111);
  std::int64_t channels = 64;
  const std::pair<int, int> fires[] = {{16, 64},  {16, 64},  {32, 128}, {32, 128},
                                       {48, 192}, {48, 192}, {64, 256}, {64, 256}};
  const int sizes[] = {55, 55, 27, 27, 13, 13, 13, 13};
  for (int i = 0; i < 8; ++i) {
    const auto& [squeeze, expand] = fires[i];
    sum +=
        conv(channels, squeeze, 1, sizes[i]) + conv(squeeze, expand, 1, sizes[i]) + conv(squeeze, expand, 3, sizes[i]);
    channels = 2 * expand;
  }
  return sum + conv(512, 1000, 1, 13);
}

TEST(OnnxExported, SqueezeNetHasTheMacsOfItsTable) {
  const std::filesystem::path file = exported("squeezenet1_1");
  if (file.empty()) {
    GTEST_SKIP() << what_is_missing;
  }
  const Network network = read_onnx(file);
  EXPECT_EQ(macs(network), macs_of_squeezenet());
  EXPECT_EQ(macs(network), 349'151'936);  // torchvision says 0.349 (GFLOPS)
  // 1,235,496 parameters (torchvision), of which each convolution's outputs are biases.
  std::int64_t biases = 0;
  for (const Layer& layer : network.layers) {
    biases += layer.op == LayerOp::conv ? layer.channels_out : 0;
  }
  EXPECT_EQ(weight_count(network) + biases, 1'235'496);
  EXPECT_EQ(count(network, LayerOp::conv), 26);
  EXPECT_EQ(count(network, LayerOp::maxpool), 3);
  EXPECT_THAT(network.host_ops, IsEmpty());
  EXPECT_EQ(layer_shapes(network).size(), network.layers.size());
}

}  // namespace
}  // namespace autonba
