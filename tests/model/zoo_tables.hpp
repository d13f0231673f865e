#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace autonba {

/// Walks down a table and adds up. Maps are square.
struct Tally {
  int size = 224;
  int channels = 3;
  std::int64_t macs = 0;
  std::int64_t weights = 0;
  std::int64_t conv_outputs = 0;  // output channels of convolutions, each with a bias or with batch normalisation
  std::int64_t biases = 0;        // of linear layers and squeeze-and-excitation

  Tally& conv(int out, int kernel, int stride, int padding, int groups = 1) {
    size = (size + 2 * padding - kernel) / stride + 1;
    add(std::int64_t{1} * out * (channels / groups) * kernel * kernel, size * size);
    conv_outputs += out;
    channels = out;
    return *this;
  }
  Tally& conv(int out, int kernel, int stride = 1) { return conv(out, kernel, stride, kernel / 2); }
  Tally& depthwise(int kernel, int stride) { return conv(channels, kernel, stride, kernel / 2, channels); }
  Tally& pool(int kernel, int stride, int padding = 0) {
    size = (size + 2 * padding - kernel) / stride + 1;
    return *this;
  }
  Tally& linear(int out) {
    add(std::int64_t{1} * out * channels * size * size, 1);
    biases += out;
    size = 1;
    channels = out;
    return *this;
  }
  Tally& head(int out, int classes) { return conv(out, 1).pool(size, 1).linear(classes); }

  /// Inverted residual; `squeeze` channels of squeeze-and-excitation.
  Tally& mobile(int kernel, int hidden, int out, int stride, int squeeze = 0, bool expand = false) {
    if (hidden != channels || expand) {
      conv(hidden, 1);
    }
    depthwise(kernel, stride);
    if (squeeze > 0) {
      add(2 * std::int64_t{hidden} * squeeze, 1);
      biases += hidden + squeeze;
    }
    return conv(out, 1);
  }

  void add(std::int64_t count, int uses) {
    weights += count;
    macs += count * uses;
  }

  std::int64_t with_biases() const { return weights + conv_outputs + biases; }
  std::int64_t with_batch_norm() const { return weights + 2 * conv_outputs + biases; }
};

struct Expected {
  Tally tally;
  std::int64_t parameters = 0;
};

/// By name in configs/networks: the papers' tables, added up by plain arithmetic apart from the loader, and what the
/// sources count as parameters (see `counts` in each file).
const std::map<std::string, Expected>& expected();

}  // namespace autonba
