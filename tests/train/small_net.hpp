#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "train/supernet.hpp"

namespace autonba {

/// Three blocks on 8×8 images: one that keeps its shape, one that halves it, one more that keeps it.
inline SearchSpace small_space() {
  return {.name = "small",
          .input = {.channels = 3, .height = 8, .width = 8},
          .stem_channels = 4,
          .blocks = {{4, 4, 1, 8, 8}, {4, 6, 2, 8, 8}, {6, 6, 1, 4, 4}},
          .operators = {{.kernel = 3, .expansion = 3}, {.kernel = 5, .expansion = 2, .groups = 2}, {.skip = true}},
          .bits = {3, 4, 8},
          .head_channels = 8};
}

inline constexpr int small_classes = 4;

/// Moves every normalisation away from its start, where the residual ones let nothing through.
inline void move_norms(Supernet& net, Rng& rng) {
  const torch::NoGradGuard no_grad;
  for (const Parameter& parameter : net.parameters()) {
    for (std::int64_t i = 0; parameter.kind == ParameterKind::norm && i < parameter.tensor.numel(); ++i) {
      parameter.tensor[i] += 0.3 + 0.6 * uniform(rng);
    }
  }
}

inline Supernet small_net(QuantizerKind quantizer = QuantizerKind::lsq, torch::Dtype dtype = torch::kFloat64,
                          std::uint64_t seed = 1) {
  const SearchSpace space = small_space();
  Rng rng = make_rng(seed, "test");
  Supernet net(space, all_candidates(space), {.classes = small_classes, .quantizer = quantizer, .dtype = dtype}, rng);
  move_norms(net, rng);
  return net;
}

/// Pixels that are multiples of 1/256, channels last in memory.
inline torch::Tensor random_images(int count, const SearchSpace& space, torch::Dtype dtype, Rng& rng) {
  torch::Tensor images = torch::empty({count, space.input.height, space.input.width, space.input.channels}, dtype);
  for (std::int64_t i = 0; i < images.numel(); ++i) {
    images.view(-1)[i] = static_cast<double>(uniform_index(rng, 256)) / 256;
  }
  return images.permute({0, 3, 1, 2});
}

inline torch::Tensor random_labels(int count, Rng& rng) {
  std::vector<std::int64_t> labels;
  for (int i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::int64_t>(uniform_index(rng, small_classes)));
  }
  return torch::tensor(labels, torch::kInt64);
}

/// One operator and one bitwidth in every block.
inline Architecture same_everywhere(const Supernet& net, int op, int bits) {
  return Architecture(net.space().blocks.size(), BlockChoice{op, bits});
}

/// Starts all quantisers, without moving a weight.
inline void start_quantizers(Supernet& net, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  for (int op = 0; op < static_cast<int>(net.candidates()[0].operators.size()); ++op) {
    net.forward(images, path_of(net, same_everywhere(net, op, 0)), Mode::weights);
  }
}

inline torch::Tensor parameter(const Supernet& net, const std::string& name) {
  for (const Parameter& parameter : net.parameters()) {
    if (parameter.name == name) {
      return parameter.tensor;
    }
  }
  throw std::invalid_argument(name);
}

}  // namespace autonba
