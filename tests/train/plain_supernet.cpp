#include "plain_supernet.hpp"

#include <cmath>

namespace autonba {
namespace {

enum class Range { between_blocks, after_relu, weights };

/// LSQ: clamp and round in units of the step, straight through the rounding, gradient of the step scaled.
torch::Tensor quantised(const torch::Tensor& x, const torch::Tensor& step, int bits, Range range, double values) {
  const double half = std::pow(2.0, bits - 1);
  const double low = range == Range::after_relu ? 0 : (range == Range::weights ? -(half - 1) : -half);
  const double high = range == Range::after_relu ? 2 * half - 1 : half - 1;
  const double scale = 1 / std::sqrt(values * std::max(-low, high));
  const torch::Tensor s = step * scale + (step * (1 - scale)).detach();
  const torch::Tensor v = torch::clamp(x / s, low, high);
  return (v + (v.round() - v).detach()) * s;
}

torch::Tensor mixed(const torch::Tensor& x, const torch::Tensor& steps, std::span<const int> bits, Range range,
                    const torch::Tensor& coefficients) {
  torch::Tensor sum = torch::zeros_like(x);
  const auto values = static_cast<double>(range == Range::weights ? x.numel() / steps.size(1) : x.numel() / x.size(0));
  for (std::size_t j = 0; j < bits.size(); ++j) {
    const auto index = static_cast<std::int64_t>(j);
    torch::Tensor step = steps[index];
    if (range == Range::weights) {
      std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
      shape[0] = steps.size(1);
      step = step.reshape(shape);
    }
    sum = sum + coefficients[index] * quantised(x, step, bits[j], range, values);
  }
  return sum;
}

torch::Tensor normalised(const torch::Tensor& z, const torch::Tensor& scale, const torch::Tensor& shift) {
  const torch::Tensor mean = z.mean({0, 2, 3}, true);
  const torch::Tensor variance = (z - mean).square().mean({0, 2, 3}, true);
  return (z - mean) / (variance + 1e-5).sqrt() * scale.view({1, -1, 1, 1}) + shift.view({1, -1, 1, 1});
}

/// First channels of all groups, then second ones, and so on.
torch::Tensor shuffled(const torch::Tensor& x, int groups) {
  std::vector<torch::Tensor> channels;
  const std::int64_t each = x.size(1) / groups;
  for (std::int64_t i = 0; i < x.size(1); ++i) {
    channels.push_back(x.select(1, i % groups * each + i / groups));
  }
  return torch::stack(channels, 1);
}

const std::vector<int> eight = {8};

torch::Tensor one() {
  return torch::ones({1}, torch::kFloat64);
}

}  // namespace

PlainSupernet::PlainSupernet(const Supernet& net) : space_(net.space()) {
  for (const Parameter& parameter : net.parameters()) {
    parameters_[parameter.name] = parameter.tensor.detach().clone().requires_grad_();
  }
}

torch::Tensor PlainSupernet::conv(const std::string& name, const torch::Tensor& x, int stride, int groups,
                                  std::span<const int> bits, const torch::Tensor& coefficients) const {
  const torch::Tensor weight =
      mixed(parameter(name + ".weight"), parameter(name + ".weight_steps"), bits, Range::weights, coefficients);
  return normalised(torch::conv2d(x, weight, {}, stride, weight.size(2) / 2, 1, groups),
                    parameter(name + ".norm.scale"), parameter(name + ".norm.shift"));
}

torch::Tensor PlainSupernet::run(std::size_t index, int op_index, const torch::Tensor& input,
                                 const torch::Tensor& coefficients) const {
  const Operator& op = space_.operators[static_cast<std::size_t>(op_index)];
  const Block& block = space_.blocks[index];
  if (op.skip && keeps_shape(block)) {
    return input;
  }
  const std::string block_name = "block" + std::to_string(index);
  const std::string prefix = block_name + "." + name(op);
  const torch::Tensor x =
      mixed(input, parameter(block_name + ".input.steps"), space_.bits, Range::between_blocks, coefficients);
  if (op.skip) {
    return conv(prefix, x, block.stride, 1, space_.bits, coefficients).relu();
  }
  const auto inner = [&](const torch::Tensor& y, const std::string& map) {
    return mixed(y.relu(), parameter(prefix + map + ".output.steps"), space_.bits, Range::after_relu, coefficients);
  };
  torch::Tensor y = inner(conv(prefix + ".expand", x, 1, op.groups, space_.bits, coefficients), ".expand");
  y = shuffled(y, op.groups);
  const int hidden = block.channels_in * op.expansion;
  y = inner(conv(prefix + ".depthwise", y, block.stride, hidden, space_.bits, coefficients), ".depthwise");
  y = conv(prefix + ".project", y, 1, op.groups, space_.bits, coefficients);
  return keeps_shape(block) ? y + x : y;
}

torch::Tensor PlainSupernet::forward(const torch::Tensor& images, std::span<const BlockPath> path) const {
  torch::Tensor x = conv("stem", images, space_.stem_stride, 1, eight, one()).relu();
  for (std::size_t i = 0; i < path.size(); ++i) {
    torch::Tensor sum = run(i, path[i].op, x, path[i].bit_coefficients);
    if (path[i].op_probabilities.defined()) {
      const torch::Tensor p = path[i].op_probabilities;
      sum = (1 + p[0] - p[0].detach()) * sum;
      for (std::size_t k = 0; k < path[i].alternatives.size(); ++k) {
        const BlockChoice& choice = path[i].alternatives[k];
        torch::Tensor coefficients = torch::zeros(static_cast<std::int64_t>(space_.bits.size()), torch::kFloat64);
        coefficients[choice.bits] = 1;
        const torch::Tensor p_k = p[static_cast<std::int64_t>(k) + 1];
        sum = sum + (p_k - p_k.detach()) * run(i, choice.op, x, coefficients);
      }
    }
    x = sum;
  }
  x = mixed(x, parameter("head.input.steps"), eight, Range::between_blocks, one());
  x = conv("head", x, 1, 1, eight, one()).relu();
  x = mixed(x, parameter("head.output.steps"), eight, Range::after_relu, one()).mean({2, 3});
  x = mixed(x, parameter("pool.output.steps"), eight, Range::after_relu, one());
  const torch::Tensor weight =
      mixed(parameter("classifier.weight"), parameter("classifier.weight_steps"), eight, Range::weights, one());
  return x.matmul(weight.t()) + parameter("classifier.bias");
}

}  // namespace autonba
