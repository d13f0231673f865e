// From choices to layers.
#include <algorithm>

#include "base/error.hpp"
#include "model/space.hpp"

namespace autonba {
namespace {

constexpr int fixed_bits = 8;  // of stem, head, pool and classifier
constexpr Activation relu{Activation::Kind::relu, 0, 0};

std::vector<ChannelRange> all_channels(int channels) {
  return {{0, channels}};
}

/// Order after a shuffle of `groups` groups: first channels of all groups, then second ones, and so on.
std::vector<ChannelRange> shuffled_channels(int channels, int groups) {
  if (groups == 1) {
    return all_channels(channels);
  }
  std::vector<ChannelRange> order;
  for (int i = 0; i < channels; ++i) {
    order.push_back({i % groups * (channels / groups) + i / groups, 1});
  }
  return order;
}

/// Appends layers one after the other and remembers the last map between blocks.
class Builder {
 public:
  Builder(const SearchSpace& space, const Architecture& architecture) : space_(space), architecture_(architecture) {
    network_.input = space.input;
  }

  Network build(int classes) {
    append({.id = "stem",
            .channels_out = space_.stem_channels,
            .kernel = square(space_.stem_kernel),
            .stride = square(space_.stem_stride),
            .padding = all_sides(space_.stem_kernel / 2),
            .bits = fixed_bits,
            .bits_out = bits_read_from(0),
            .activation = relu});
    for (std::size_t block = 0; block < space_.blocks.size(); ++block) {
      append_block(block);
    }
    append({.id = "head", .channels_out = space_.head_channels, .activation = relu});
    const Layer& head = network_.layers.back();
    append({.id = "pool",
            .op = LayerOp::avgpool,
            .channels_out = head.channels_out,
            .groups = head.channels_out,
            .kernel = {height_out(head), width_out(head)}});
    append({.id = "classifier", .op = LayerOp::linear, .channels_out = classes, .bits_out = 32});
    return std::move(network_);
  }

 private:
  int bits_of(std::size_t block) const { return space_.bits[static_cast<std::size_t>(architecture_[block].bits)]; }

  /// Bits of the first layer that computes, from `block` on.
  int bits_read_from(std::size_t block) const {
    while (block < space_.blocks.size() && is_identity(space_, architecture_, block)) {
      ++block;
    }
    return block < space_.blocks.size() ? bits_of(block) : fixed_bits;
  }

  /// Appends a layer that reads all of the last map, unless it names its inputs.
  void append(Layer layer) {
    const int last = static_cast<int>(network_.layers.size()) - 1;
    const bool first = last == network_input;
    layer.channels_in = first ? space_.input.channels : network_.layers.back().channels_out;
    layer.height_in = first ? space_.input.height : height_out(network_.layers.back());
    layer.width_in = first ? space_.input.width : width_out(network_.layers.back());
    if (layer.inputs.empty()) {
      layer.inputs = {{last, all_channels(layer.channels_in)}};
    }
    network_.layers.push_back(std::move(layer));
  }

  void append_block(std::size_t index) {
    const Block& block = space_.blocks[index];
    const Operator& op = space_.operators[static_cast<std::size_t>(architecture_[index].op)];
    const int bits = bits_of(index);
    const int bits_out = bits_read_from(index + 1);
    const int number = static_cast<int>(index);
    const std::string id = fmt::format("block{}", index);
    if (op.skip) {
      if (!keeps_shape(block)) {
        append({.id = id + ".skip",
                .channels_out = block.channels_out,
                .stride = square(block.stride),
                .bits = bits,
                .bits_out = bits_out,
                .activation = relu,
                .block = number});
      }
      return;
    }
    const int input = static_cast<int>(network_.layers.size()) - 1;
    const int hidden = block.channels_in * op.expansion;
    append({.id = id + ".expand",
            .channels_out = hidden,
            .groups = op.groups,
            .bits = bits,
            .bits_out = bits,
            .activation = relu,
            .block = number});
    append({.id = id + ".depthwise",
            .op = LayerOp::depthwise,
            .inputs = {{input + 1, shuffled_channels(hidden, op.groups)}},
            .channels_out = hidden,
            .groups = hidden,
            .kernel = square(op.kernel),
            .stride = square(block.stride),
            .padding = all_sides(op.kernel / 2),
            .bits = bits,
            .bits_out = bits,
            .activation = relu,
            .block = number});
    append({.id = id + ".project",
            .residual = keeps_shape(block) ? std::optional(input) : std::nullopt,
            .channels_out = block.channels_out,
            .groups = op.groups,
            .bits = bits,
            .bits_out = bits_out,
            .block = number});
  }

  const SearchSpace& space_;
  const Architecture& architecture_;
  Network network_;
};

}  // namespace

Network make_network(const SearchSpace& space, const Architecture& architecture, int classes) {
  if (architecture.size() != space.blocks.size()) {
    throw input_error("the architecture has {} blocks, the space {} has {}", architecture.size(), space.name,
                      space.blocks.size());
  }
  return Builder(space, architecture).build(classes);
}

}  // namespace autonba
