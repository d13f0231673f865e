#include "train/supernet.hpp"

#include <torch/torch.h>

#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/profile.hpp"
#include "train/combine.hpp"

namespace autonba {
namespace {

const std::vector<int> fixed_bits = {8};  // of stem, head, pool and classifier

LinearLayer make_linear(int channels_in, int classes, const LayerOptions& options, Rng& rng) {
  LinearLayer layer;
  layer.weight = random_normal({classes, channels_in}, std::sqrt(1.0 / channels_in), rng, options.tensor);
  layer.weight.requires_grad_();
  layer.bias = torch::zeros({classes}, options.tensor).requires_grad_();
  layer.quantizer = make_weight_quantizer(options.quantizer, fixed_bits, false, layer.weight);
  return layer;
}

BlockLayers make_block(const std::string& name, const Block& block, const BlockCandidates& candidates,
                       const LayerOptions& options, Rng& rng) {
  BlockLayers layers{
      make_activation_quantizer(name + ".input", options.quantizer, candidates.bits, true, options.tensor), {}};
  for (const Operator& op : candidates.operators) {
    layers.operators.push_back(make_operator(name, op, block, candidates.bits, options, rng));
  }
  if (candidates.operators.size() > 1 && !keeps_shape(block)) {
    const torch::Tensor common =
        random_normal({block.channels_out, block.channels_in}, std::sqrt(2.0 / block.channels_in), rng, options.tensor);
    for (OperatorLayers& op : layers.operators) {
      start_alike(op, common);
    }
  }
  return layers;
}

NetLayers make_layers(const SearchSpace& space, const std::vector<BlockCandidates>& candidates,
                      const NetOptions& net_options, Rng& rng) {
  const LayerOptions options{net_options.quantizer,
                             torch::TensorOptions().dtype(net_options.dtype).device(net_options.device)};
  const auto fixed_quantizer = [&](const char* name, bool is_signed) {
    return make_activation_quantizer(name, options.quantizer, fixed_bits, is_signed, options.tensor);
  };
  NetLayers layers;
  layers.stem = make_conv("stem",
                          {.channels_in = space.input.channels,
                           .channels_out = space.stem_channels,
                           .kernel = space.stem_kernel,
                           .stride = space.stem_stride},
                          fixed_bits, options, rng);
  for (std::size_t i = 0; i < space.blocks.size(); ++i) {
    layers.blocks.push_back(make_block(fmt::format("block{}", i), space.blocks[i], candidates[i], options, rng));
  }
  layers.head_input = fixed_quantizer("head.input", true);
  layers.head = make_conv("head",
                          {.channels_in = space.blocks.empty() ? space.stem_channels : space.blocks.back().channels_out,
                           .channels_out = space.head_channels},
                          fixed_bits, options, rng);
  layers.head_output = fixed_quantizer("head.output", false);
  layers.pooled = fixed_quantizer("pool.output", false);
  layers.classifier = make_linear(space.head_channels, net_options.classes, options, rng);
  return layers;
}

/// Calls `on_conv` and `on_map` with every layer and every quantiser of a map, from input to output.
template <typename Layers, typename OnConv, typename OnMap>
void visit(Layers& layers, OnConv on_conv, OnMap on_map) {
  on_conv(layers.stem);
  for (auto& block : layers.blocks) {
    on_map(block.input);
    for (auto& op : block.operators) {
      for (auto& conv : op.convs) {
        on_conv(conv);
      }
      for (auto& map : op.inner) {
        on_map(map);
      }
    }
  }
  on_map(layers.head_input);
  on_conv(layers.head);
  on_map(layers.head_output);
  on_map(layers.pooled);
}

std::vector<Parameter> parameters_of(const NetLayers& layers) {
  std::vector<Parameter> parameters;
  const auto add = [&](const std::string& name, const torch::Tensor& tensor, ParameterKind kind,
                       std::int64_t groups = 1) {
    if (tensor.defined()) {  // the minmax quantiser learns no steps
      parameters.push_back({name, tensor, kind, groups});
    }
  };
  visit(
      layers,
      [&](const ConvLayer& conv) {
        add(conv.name + ".weight", conv.weight, ParameterKind::weight, conv.groups);
        add(conv.name + ".weight_steps", conv.quantizer.steps, ParameterKind::step);
        add(conv.name + ".norm.scale", conv.norm.scale, ParameterKind::norm);
        add(conv.name + ".norm.shift", conv.norm.shift, ParameterKind::norm);
      },
      [&](const ActivationQuantizer& map) { add(map.name + ".steps", map.steps, ParameterKind::step); });
  add("classifier.weight", layers.classifier.weight, ParameterKind::weight);
  add("classifier.bias", layers.classifier.bias, ParameterKind::weight);
  add("classifier.weight_steps", layers.classifier.quantizer.steps, ParameterKind::step);
  return parameters;
}

}  // namespace

std::vector<BlockCandidates> all_candidates(const SearchSpace& space) {
  return std::vector<BlockCandidates>(space.blocks.size(), {space.operators, space.bits});
}

std::vector<BlockCandidates> derived_candidates(const SearchSpace& space, const Architecture& architecture) {
  std::vector<BlockCandidates> candidates;
  for (const BlockChoice& choice : architecture) {
    candidates.push_back({{space.operators.at(static_cast<std::size_t>(choice.op))},
                          {space.bits.at(static_cast<std::size_t>(choice.bits))}});
  }
  return candidates;
}

Supernet::Supernet(SearchSpace space, std::vector<BlockCandidates> candidates, const NetOptions& options, Rng& rng)
    : space_(std::move(space)), candidates_(std::move(candidates)), options_(options) {
  if (candidates_.size() != space_.blocks.size()) {
    throw input_error("the architecture has {} blocks, the space {} has {}", candidates_.size(), space_.name,
                      space_.blocks.size());
  }
  layers_ = make_layers(space_, candidates_, options_, rng);
  parameters_ = parameters_of(layers_);
  one_ = torch::ones({1}, torch::TensorOptions().dtype(options_.dtype).device(options_.device));
}

torch::Tensor Supernet::forward(const torch::Tensor& images, std::span<const BlockPath> path, Mode mode) {
  TORCH_CHECK(path.size() == layers_.blocks.size(), "a path of ", path.size(), " blocks, not ", layers_.blocks.size());
  const torch::AutoGradMode gradients(mode != Mode::evaluation && torch::GradMode::is_enabled());
  torch::Tensor x = run_conv(layers_.stem, images, one_, true, nullptr, mode);
  for (std::size_t i = 0; i < path.size(); ++i) {
    x = run_block(i, x, path[i], mode);
  }
  x = mix_quantize(x, mixture(layers_.head_input, one_, mode, [&] { return x; }));
  x = run_conv(layers_.head, x, one_, true, &layers_.head_output, mode);
  const Timed timed("pool and classifier");
  x = x.mean({2, 3});
  x = mix_quantize(x, mixture(layers_.pooled, one_, mode, [&] { return x; }));
  const LinearLayer& last = layers_.classifier;
  return torch::linear(x, mixed_weight(last.quantizer, last.weight, one_, mode),
                       mode == Mode::weights ? last.bias : last.bias.detach());
}

torch::Tensor Supernet::run_block(std::size_t index, const torch::Tensor& input, const BlockPath& path, Mode mode) {
  const torch::Tensor executed = run_candidate(index, path.op, input, path.bit_coefficients, mode);
  if (mode != Mode::arch || !path.op_probabilities.defined()) {
    return executed;
  }
  return combine(executed, run_alternatives(index, input.detach(), path.alternatives, mode), path.op_probabilities);
}

std::vector<torch::Tensor> Supernet::run_alternatives(std::size_t index, const torch::Tensor& input,
                                                      const std::vector<BlockChoice>& alternatives, Mode mode) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> outputs;
  for (const BlockChoice& alternative : alternatives) {
    outputs.push_back(run_candidate(index, alternative.op, input, one_hot(index, alternative.bits), mode));
  }
  return outputs;
}

torch::Tensor Supernet::run_candidate(std::size_t index, int op, const torch::Tensor& input,
                                      const torch::Tensor& coefficients, Mode mode) {
  BlockLayers& block = layers_.blocks[index];
  OperatorLayers& layers = block.operators.at(static_cast<std::size_t>(op));
  if (layers.convs.empty()) {
    return input;
  }
  const Mixture quantized = mixture(block.input, coefficients, mode, [&] { return input; });
  return run_operator(layers, mix_quantize(input, quantized), coefficients, mode);
}

torch::Tensor Supernet::one_hot(std::size_t block, int j) const {
  const auto count = static_cast<std::int64_t>(candidates_[block].bits.size());
  torch::Tensor coefficients = torch::zeros({count}, one_.options());
  coefficients[j] = 1;
  return coefficients;
}

NamedTensors Supernet::tensors() const {
  NamedTensors tensors;
  for (const Parameter& parameter : parameters_) {
    tensors.emplace_back(parameter.name, parameter.tensor);
  }
  visit(
      layers_,
      [&](const ConvLayer& conv) {
        tensors.emplace_back(conv.name + ".norm.running_mean", conv.norm.running_mean);
        tensors.emplace_back(conv.name + ".norm.running_var", conv.norm.running_var);
      },
      [&](const ActivationQuantizer& map) {
        if (map.magnitude.defined()) {
          tensors.emplace_back(map.name + ".magnitude", map.magnitude);
        }
      });
  return tensors;
}

NamedTensors Supernet::state() const {
  NamedTensors tensors = this->tensors();
  std::vector<std::uint8_t> started;
  visit(
      layers_, [](const ConvLayer&) {},
      [&](const ActivationQuantizer& map) { started.push_back(map.started ? 1 : 0); });
  tensors.emplace_back("started", torch::tensor(started, torch::kUInt8));
  return tensors;
}

std::string Supernet::save() const {
  return pack_tensors(state());
}

void Supernet::restore(const std::string& bytes, const std::string& file) {
  const NamedTensors own = state();
  copy_tensors(unpack_tensors(bytes, file), own, file);
  const std::uint8_t* started = own.back().second.data_ptr<std::uint8_t>();
  visit(
      layers_, [](ConvLayer&) {}, [&](ActivationQuantizer& map) { map.started = *started++ != 0; });
}

std::vector<BlockPath> path_of(const Supernet& net, const Architecture& choices) {
  std::vector<BlockPath> path;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    path.push_back({.op = choices[i].op, .bit_coefficients = net.one_hot(i, choices[i].bits)});
  }
  return path;
}

std::vector<BlockPath> derived_path(const Supernet& net) {
  return path_of(net, Architecture(net.space().blocks.size()));
}

}  // namespace autonba
