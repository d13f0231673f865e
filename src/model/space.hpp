#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "model/network.hpp"

namespace autonba {

/// What a block can be: an inverted residual (1×1 to expansion·C_in, depthwise k×k, 1×1 to C_out; the 1×1 convolutions
/// in `groups` groups with a channel shuffle after the first), or a skip (identity; 1×1 conv + BN + ReLU where the
/// shape changes).
struct Operator {
  bool skip = false;
  int kernel = 0;
  int expansion = 0;
  int groups = 1;
  friend bool operator==(const Operator&, const Operator&) = default;
};

/// "k3_e6", "k5_e1_g2", "skip".
std::string name(const Operator& op);

/// One position of the network, for which the search chooses an operator and a bitwidth. Sizes of its input map.
struct Block {
  int channels_in = 0;
  int channels_out = 0;
  int stride = 1;
  int height_in = 0;
  int width_in = 0;
  friend bool operator==(const Block&, const Block&) = default;
};

/// Whether input and output have one shape, so that a skip is the identity and an inverted residual has a residual.
bool keeps_shape(const Block& block);

/// A space of networks: stem conv (k×k, BN, ReLU), blocks, head conv (1×1, BN, ReLU), average pool, linear.
struct SearchSpace {
  std::string name;
  NetworkInput input;
  int stem_channels = 0;
  int stem_kernel = 3;
  int stem_stride = 1;
  std::vector<Block> blocks;
  std::vector<Operator> operators;  // the same for every block
  std::vector<int> bits;            // the bitwidths to choose from, ascending
  int head_channels = 0;
  friend bool operator==(const SearchSpace&, const SearchSpace&) = default;
};

/// Reads a space: the name of a file in configs/spaces without its ending, or a path. Throws InputError.
SearchSpace load_space(const std::string& name_or_path);

/// Indices into SearchSpace::operators and SearchSpace::bits.
struct BlockChoice {
  int op = 0;
  int bits = 0;
  friend bool operator==(const BlockChoice&, const BlockChoice&) = default;
};

/// A choice for every block: what α and β decide. An identity skip computes nothing, so its bits mean nothing.
using Architecture = std::vector<BlockChoice>;

bool is_identity(const SearchSpace& space, const Architecture& architecture, std::size_t block);

/// Uniform over operators and bits.
Architecture random_architecture(const SearchSpace& space, Rng& rng);

/// The network that the choices make, with `classes` outputs: stem, head, pool and classifier at 8 bits, every map
/// stored with the bits of the block that reads it, logits of 32 bits.
Network make_network(const SearchSpace& space, const Architecture& architecture, int classes);

}  // namespace autonba
