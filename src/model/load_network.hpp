#pragma once

#include <optional>
#include <string>

#include "model/network.hpp"

namespace autonba {

struct LoadOptions {
  // Of the input and of all layers, in place of the network's own; in an ONNX model of what it does not state itself.
  // 2 to 16.
  std::optional<int> bits;
};

/// Reads a network: the name of a file in configs/networks without its ending, or the path of a .yaml
/// (docs/networks.md), of a network.json or of an .onnx (docs/onnx.md). Checked. Throws InputError.
Network load_network(const std::string& name_or_path, const LoadOptions& options = {});

/// All maps and weights take `bits`, except for sums of 32 bits, which stay.
void set_bits(Network& network, int bits);

}  // namespace autonba
