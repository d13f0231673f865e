#include "integer_by_hand.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "small_net.hpp"

namespace autonba {
namespace {

/// A map [channel][row][column].
template <typename T>
struct Map {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::vector<T> values;
  T& at(int c, int y, int x) { return values[static_cast<std::size_t>((c * height + y) * width + x)]; }
  const T& at(int c, int y, int x) const { return values[static_cast<std::size_t>((c * height + y) * width + x)]; }
};

using RealMap = Map<double>;

struct IntegerMap : Map<std::int64_t> {
  double step = 1;
};

template <typename MapType>
MapType empty_map(int channels, int height, int width) {
  MapType map;
  map.channels = channels;
  map.height = height;
  map.width = width;
  map.values.resize(static_cast<std::size_t>(channels * height * width));
  return map;
}

std::int64_t to_integer(double x, double step, std::int64_t low, std::int64_t high) {
  return std::clamp(static_cast<std::int64_t>(std::nearbyint(x / step)), low, high);
}

IntegerMap quantised(const RealMap& map, double step, int bits, bool is_signed) {
  auto result = empty_map<IntegerMap>(map.channels, map.height, map.width);
  result.step = step;
  const std::int64_t low = is_signed ? -(1 << (bits - 1)) : 0;
  const std::int64_t high = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    result.values[i] = to_integer(map.values[i], step, low, high);
  }
  return result;
}

/// Convolution and batch normalisation, not yet quantised.
RealMap convolved(const Supernet& net, const std::string& name, const IntegerMap& x, int stride, bool depthwise,
                  int bits, bool relu) {
  const auto value = [&](const std::string& what, int channel) {
    return parameter(net, name + what).view(-1)[channel].item<double>();
  };
  const torch::Tensor weight = parameter(net, name + ".weight");
  const int kernel = static_cast<int>(weight.size(2));
  const int channels = static_cast<int>(weight.size(0));
  const int height = (x.height - 1) / stride + 1;
  const int width = (x.width - 1) / stride + 1;
  const ConvLayer* layer = nullptr;
  for (const ConvLayer* candidate : {&net.layers().stem, &net.layers().head}) {
    layer = candidate->name == name ? candidate : layer;
  }
  for (const BlockLayers& block : net.layers().blocks) {
    for (const ConvLayer& candidate : block.operators.at(0).convs) {
      layer = candidate.name == name ? &candidate : layer;
    }
  }
  auto result = empty_map<RealMap>(channels, height, width);
  const std::int64_t top = (1 << (bits - 1)) - 1;
  for (int m = 0; m < channels; ++m) {
    const double weight_step = value(".weight_steps", m);
    const double mean = layer->norm.running_mean[m].item<double>();
    const double deviation = std::sqrt(layer->norm.running_var[m].item<double>() + 1e-5);
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        std::int64_t sum = 0;
        for (int n = 0; n < weight.size(1); ++n) {
          for (int i = 0; i < kernel; ++i) {
            for (int j = 0; j < kernel; ++j) {
              const int y = row * stride + i - kernel / 2;
              const int z = column * stride + j - kernel / 2;
              if (y >= 0 && y < x.height && z >= 0 && z < x.width) {
                const std::int64_t w = to_integer(weight[m][n][i][j].item<double>(), weight_step, -top, top);
                sum += w * x.at(depthwise ? m : n, y, z);
              }
            }
          }
        }
        const double real = static_cast<double>(sum) * x.step * weight_step;
        const double y = (real - mean) / deviation * value(".norm.scale", m) + value(".norm.shift", m);
        result.at(m, row, column) = relu ? std::max(0.0, y) : y;
      }
    }
  }
  return result;
}

double step_of(const Supernet& net, const std::string& quantizer) {
  return parameter(net, quantizer + ".steps")[0].item<double>();
}

RealMap block_by_hand(const Supernet& net, std::size_t index, const RealMap& input) {
  const Block& block = net.space().blocks[index];
  const Operator& op = net.candidates()[index].operators[0];
  const int bits = net.candidates()[index].bits[0];
  const std::string id = "block" + std::to_string(index);
  const std::string prefix = id + "." + name(op);
  if (op.skip && keeps_shape(block)) {
    return input;
  }
  const IntegerMap x = quantised(input, step_of(net, id + ".input"), bits, true);
  if (op.skip) {
    return convolved(net, prefix, x, block.stride, false, bits, true);
  }
  RealMap y = convolved(net, prefix + ".expand", x, 1, false, bits, true);
  y = convolved(net, prefix + ".depthwise", quantised(y, step_of(net, prefix + ".expand.output"), bits, false),
                block.stride, true, bits, true);
  y = convolved(net, prefix + ".project", quantised(y, step_of(net, prefix + ".depthwise.output"), bits, false), 1,
                false, bits, false);
  if (keeps_shape(block)) {
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      y.values[i] += static_cast<double>(x.values[i]) * x.step;
    }
  }
  return y;
}

}  // namespace

std::vector<double> logits_by_hand(const Supernet& net, const torch::Tensor& image) {
  const NetworkInput& input = net.space().input;
  auto pixels = empty_map<IntegerMap>(input.channels, input.height, input.width);
  pixels.step = 1.0 / 256;
  for (int c = 0; c < input.channels; ++c) {
    for (int y = 0; y < input.height; ++y) {
      for (int x = 0; x < input.width; ++x) {
        pixels.at(c, y, x) = to_integer(image[c][y][x].item<double>(), 1.0 / 256, 0, 255);
      }
    }
  }
  RealMap map = convolved(net, "stem", pixels, net.space().stem_stride, false, 8, true);
  for (std::size_t i = 0; i < net.space().blocks.size(); ++i) {
    map = block_by_hand(net, i, map);
  }
  map = convolved(net, "head", quantised(map, step_of(net, "head.input"), 8, true), 1, false, 8, true);
  const IntegerMap head = quantised(map, step_of(net, "head.output"), 8, false);
  const torch::Tensor weight = parameter(net, "classifier.weight");
  const double weight_step = parameter(net, "classifier.weight_steps").item<double>();
  const double pooled_step = step_of(net, "pool.output");
  std::vector<double> logits;
  for (int k = 0; k < net.options().classes; ++k) {
    std::int64_t sum = 0;
    for (int c = 0; c < head.channels; ++c) {
      std::int64_t pixel_sum = 0;
      for (int i = 0; i < head.height * head.width; ++i) {
        pixel_sum += head.values[static_cast<std::size_t>(c * head.height * head.width + i)];
      }
      const double mean = static_cast<double>(pixel_sum) * head.step / (head.height * head.width);
      sum += to_integer(mean, pooled_step, 0, 255) * to_integer(weight[k][c].item<double>(), weight_step, -127, 127);
    }
    logits.push_back(static_cast<double>(sum) * pooled_step * weight_step +
                     parameter(net, "classifier.bias")[k].item<double>());
  }
  return logits;
}

}  // namespace autonba
