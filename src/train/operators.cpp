#include "train/operators.hpp"

#include <torch/torch.h>

#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/profile.hpp"
#include "train/ops/channel_shuffle.hpp"
#include "train/ops/conv.hpp"

namespace autonba {
namespace {

BatchNorm make_batch_norm(int channels, const torch::TensorOptions& options) {
  return {.scale = torch::ones({channels}, options).requires_grad_(),
          .shift = torch::zeros({channels}, options).requires_grad_(),
          .running_mean = torch::zeros({channels}, options),
          .running_var = torch::ones({channels}, options)};
}

Statistics statistics_of(Mode mode) {
  switch (mode) {
    case Mode::weights:
      return Statistics::batch_update;
    case Mode::arch:
      return Statistics::batch;
    case Mode::evaluation:
      break;
  }
  return Statistics::running;
}

/// Adds the identity on as many hidden channels as the input has: the first of each group, which lie in front after the
/// shuffle that comes before the depthwise convolution.
void add_identity(ConvLayer& expand, ConvLayer& depthwise) {
  const std::int64_t groups = expand.groups;
  const std::int64_t each = expand.weight.size(1);  // channels_in / groups
  const std::int64_t centre = depthwise.weight.size(2) / 2;
  const torch::Tensor of_groups = expand.weight.unflatten(0, {groups, expand.weight.size(0) / groups});
  of_groups.narrow(1, 0, each).flatten(2).add_(torch::eye(each, expand.weight.options()));
  depthwise.weight.narrow(0, 0, groups * each).select(3, centre).select(2, centre).add_(1);
}

/// Adds `common` [C_out, C_in] on the hidden channels of add_identity: for each group those that it reads.
void add_common(ConvLayer& project, const torch::Tensor& common) {
  const std::int64_t groups = project.groups;
  const std::int64_t hidden = project.weight.size(1);  // of a group
  const std::int64_t each = common.size(1) / groups;
  torch::Tensor whole = torch::zeros({common.size(0), groups, hidden}, common.options());
  whole.narrow(2, 0, each).copy_(common.unflatten(1, {groups, each}));
  const torch::Tensor shuffled = whole.transpose(1, 2).reshape({groups, common.size(0) / groups, groups, hidden});
  project.weight.view({groups, -1, hidden}).add_(shuffled.diagonal(0, 0, 2).movedim(-1, 0));
}

/// The same state; the learned part gets no gradient.
BatchNorm constant(const BatchNorm& norm) {
  BatchNorm result = norm;
  result.scale = norm.scale.detach();
  result.shift = norm.shift.detach();
  return result;
}

}  // namespace

torch::Tensor random_normal(at::IntArrayRef shape, double deviation, Rng& rng, const torch::TensorOptions& options) {
  torch::Tensor values = torch::empty(shape, torch::kFloat64);
  double* data = values.data_ptr<double>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    data[i] = deviation * normal(rng);
  }
  return values.to(options);
}

ConvLayer make_conv(std::string name, const ConvShape& shape, const std::vector<int>& bits, const LayerOptions& options,
                    Rng& rng) {
  const int fan_in = shape.kernel * shape.kernel * shape.channels_in / shape.groups;
  ConvLayer layer{.name = std::move(name), .stride = shape.stride, .groups = shape.groups};
  layer.weight = random_normal({shape.channels_out, shape.channels_in / shape.groups, shape.kernel, shape.kernel},
                               std::sqrt(2.0 / fan_in), rng, options.tensor)
                     .requires_grad_();
  layer.quantizer = make_weight_quantizer(options.quantizer, bits, true, layer.weight);
  layer.norm = make_batch_norm(shape.channels_out, options.tensor);
  return layer;
}

OperatorLayers make_operator(const std::string& block_name, const Operator& op, const Block& block,
                             const std::vector<int>& bits, const LayerOptions& options, Rng& rng) {
  OperatorLayers result{.op = op, .residual = !op.skip && keeps_shape(block)};
  const std::string prefix = block_name + "." + name(op);
  const auto add = [&](const std::string& layer, const ConvShape& shape) {
    result.convs.push_back(make_conv(prefix + layer, shape, bits, options, rng));
  };
  if (op.skip) {
    if (!keeps_shape(block)) {
      add("", {.channels_in = block.channels_in, .channels_out = block.channels_out, .stride = block.stride});
    }
    return result;
  }
  const int hidden = block.channels_in * op.expansion;
  add(".expand", {.channels_in = block.channels_in, .channels_out = hidden, .groups = op.groups});
  add(".depthwise",
      {.channels_in = hidden, .channels_out = hidden, .kernel = op.kernel, .stride = block.stride, .groups = hidden});
  add(".project", {.channels_in = hidden, .channels_out = block.channels_out, .groups = op.groups});
  if (result.residual) {
    const torch::NoGradGuard no_grad;
    result.convs.back().norm.scale.zero_();
  }
  for (const char* map : {".expand.output", ".depthwise.output"}) {
    result.inner.push_back(make_activation_quantizer(prefix + map, options.quantizer, bits, false, options.tensor));
  }
  return result;
}

void start_alike(OperatorLayers& op, const torch::Tensor& common) {
  constexpr double own_share = 0.3;  // of an operator's own random weights
  const torch::NoGradGuard no_grad;
  for (ConvLayer& conv : op.convs) {
    conv.weight.mul_(own_share);
  }
  if (op.op.skip) {
    op.convs.at(0).weight.add_(common.view_as(op.convs[0].weight));
  } else {
    add_identity(op.convs.at(0), op.convs.at(1));
    add_common(op.convs.at(2), common);
  }
  for (ConvLayer& conv : op.convs) {
    start_steps(conv.quantizer, conv.weight);
  }
}

torch::Tensor run_conv(ConvLayer& layer, const torch::Tensor& x, const torch::Tensor& coefficients, bool relu,
                       ActivationQuantizer* output, Mode mode) {
  const torch::Tensor weight = mixed_weight(layer.quantizer, layer.weight, coefficients, mode);
  const torch::Tensor z = conv(x, weight, layer.stride, layer.weight.size(2) / 2, layer.groups);
  const BatchNorm norm = mode == Mode::weights ? layer.norm : constant(layer.norm);
  const Statistics statistics = statistics_of(mode);
  if (output == nullptr) {
    return batch_norm(z, norm, statistics, relu);
  }
  // The map before its quantisation, without a second update of the running averages.
  const auto map = [&] {
    return batch_norm(z, norm, mode == Mode::evaluation ? Statistics::running : Statistics::batch, relu);
  };
  return batch_norm(z, norm, statistics, relu, mixture(*output, coefficients, mode, map));
}

torch::Tensor run_operator(OperatorLayers& op, const torch::Tensor& x, const torch::Tensor& coefficients, Mode mode) {
  if (op.op.skip) {
    return run_conv(op.convs.at(0), x, coefficients, true, nullptr, mode);
  }
  torch::Tensor y = run_conv(op.convs[0], x, coefficients, true, &op.inner[0], mode);
  if (op.op.groups > 1) {
    y = autonba::channel_shuffle(y, op.op.groups);
  }
  y = run_conv(op.convs[1], y, coefficients, true, &op.inner[1], mode);
  y = run_conv(op.convs[2], y, coefficients, false, nullptr, mode);
  if (op.residual) {
    const Timed timed("residual sum");
    y.add_(x);
  }
  return y;
}

}  // namespace autonba
