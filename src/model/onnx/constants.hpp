#pragma once

#include <filesystem>

#include "model/onnx/draft.hpp"

namespace autonba::onnx_import {

/// A tensor of the model, with its values where it is small. External data must lie in the model's folder and be there
/// whole. Throws InputError naming file and tensor.
Tensor constant_tensor(const onnx::TensorProto& tensor, const std::filesystem::path& file);

/// The outputs of a node whose inputs are constants, or of Shape and Size of a tensor whose dimensions are known; none
/// for other nodes. Values are worked out where they are small and of an operator that computes shapes; else only
/// dimensions are known. Throws InputError.
std::optional<Outputs> fold_constants(Draft& draft, const Node& node);

}  // namespace autonba::onnx_import
