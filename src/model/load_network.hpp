#pragma once

#include <optional>
#include <string>

#include "model/network.hpp"

namespace autonba {

struct LoadOptions {
  std::optional<int> bits;  // of the input and of all layers, in place of the network's own; 2 to 16
};

/// Reads a network: the name of a file in configs/networks without its ending, or the path of a .yaml
/// (docs/networks.md) or of a network.json. Checked. Throws InputError.
Network load_network(const std::string& name_or_path, const LoadOptions& options = {});

/// All maps and weights take `bits`, except for sums of 32 bits, which stay.
void set_bits(Network& network, int bits);

}  // namespace autonba
