#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace autonba::onnx_import {

/// Bytes of an element of a tensor of a TensorProto_DataType; none for strings and unknown types.
std::optional<int> element_bytes(int data_type);

/// The model of a file, without the values of large tensors, which nobody needs here, and without doc strings: a
/// network with 500 MB of weights takes no more memory than one with few. Each tensor was checked to hold as many
/// values as its dimensions say, or to say where else they are. Throws InputError.
onnx::ModelProto load_model(const std::filesystem::path& file);

}  // namespace autonba::onnx_import
