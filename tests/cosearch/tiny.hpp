#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "cosearch/joint_search.hpp"

namespace autonba {

/// Three blocks, three operators, two bitwidths on 16x16 images: small enough to try all 216 networks.
inline SearchSpace tiny_space() {
  SearchSpace space;
  space.name = "tiny";
  space.input = {1, 16, 16, 8};
  space.stem_channels = 8;
  space.stem_stride = 2;
  space.blocks = {{8, 8, 1, 8, 8}, {8, 16, 2, 8, 8}, {16, 16, 1, 4, 4}};
  space.operators = {{.kernel = 3, .expansion = 1}, {.kernel = 3, .expansion = 3}, {.kernel = 5, .expansion = 6}};
  space.bits = {4, 8};
  space.head_channels = 32;
  return space;
}

/// One conv and one depthwise chunk with little to choose, so that a few hundred evaluations find the best.
inline DesignSpace tiny_design_space() {
  DesignSpace space;
  space.name = "tiny";
  space.batch = {1};
  space.conv = {.bits = {8},
                .unroll_m = {8},
                .unroll_n = {4},
                .unroll_p = {1},
                .mac = {MacKind::dsp1},
                .requant_lanes = {4},
                .stride_max = {2},
                .depth_input = {256},
                .depth_weight = {256},
                .depth_output = {256},
                .accumulator = {false},
                .port_bits = {32, 64}};
  space.depthwise = {.bits = {8},
                     .unroll_m = {4},
                     .unroll_n = {1},
                     .unroll_p = {1},
                     .mac = {MacKind::dsp1},
                     .requant_lanes = {2},
                     .stride_max = {2},
                     .depth_input = {256},
                     .depth_weight = {256},
                     .depth_output = {256},
                     .accumulator = {false},
                     .port_bits = {32, 64}};
  return space;
}

inline Platform tiny_platform() {
  return load_platform(AUTONBA_SOURCE_DIR "/configs/platforms/zc706.yaml");
}

/// Images whose class is the brightest of four quarters, with noise: something that can be learnt.
inline ImageSet tiny_images(std::int64_t count, std::uint64_t seed) {
  const int size = 16;
  ImageSet set;
  set.shape = {1, size, size, size};
  set.classes = 4;
  Rng rng = make_rng(seed, "tiny-images");
  Pixels pixels;
  for (std::int64_t i = 0; i < count; ++i) {
    const int label = static_cast<int>(i % set.classes);
    set.labels.push_back(label);
    for (int row = 0; row < size; ++row) {
      for (int column = 0; column < size; ++column) {
        const int quarter = 2 * (row >= size / 2 ? 1 : 0) + (column >= size / 2 ? 1 : 0);
        pixels.push_back(static_cast<std::uint8_t>(uniform_index(rng, 128) + (quarter == label ? 100 : 0)));
      }
    }
  }
  set.images = std::move(pixels);
  return set;
}

/// Eight steps an epoch on 64 images.
inline Config tiny_config() {
  Config config;
  config.dataset = "fashion-mnist";  // for its augmentation
  config.target = {Objective::fps, 20000};
  config.search.warmup_epochs = 1;
  config.search.epochs = 3;
  config.search.weights.batch = 4;
  config.search.arch_learning_rate = 0.3;
  config.search.lambda_rate = 0.05;
  config.accelerator = {"tiny", "random", 8, 20, 20};
  return config;
}

/// A folder that goes away with the object.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("autonba-" + name + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace autonba
