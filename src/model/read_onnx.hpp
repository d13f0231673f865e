#pragma once

#include <filesystem>

#include "model/network.hpp"

namespace autonba {

/// What an ONNX model does not state itself. 2 to 16 bits.
struct OnnxOptions {
  int bits = 8;        // of weights and maps that no QuantizeLinear, DequantizeLinear or Quant speaks of
  int input_bits = 8;  // of the network's input, likewise
};

/// Reads an ONNX model of opset 7 to 17 (docs/onnx.md): what the template runs becomes layers, the rest `host_ops`.
/// Throws InputError naming file and node where the graph cannot be read: damaged, contradictory, without weights, or
/// with sizes that are not known.
Network read_onnx(const std::filesystem::path& file, const OnnxOptions& options = {});

}  // namespace autonba
