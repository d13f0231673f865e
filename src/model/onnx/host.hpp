#pragma once

#include "model/onnx/draft.hpp"

namespace autonba::onnx_import {

struct InferredType {
  int element_type = 1;
  std::optional<Dims> dims;  // none where they are known only when the network runs
};

/// What libonnx says of a node's outputs. Throws InputError where inputs and attributes contradict each other.
std::vector<InferredType> inferred_types(Draft& draft, const Node& node);

/// Lists the node as work of the host and returns its outputs.
Outputs read_on_host(Draft& draft, const Node& node);

/// A tensor with the zeros of a Pad that no layer has taken up: the host adds them.
Tensor settled(Draft& draft, const Tensor& tensor);

/// Throws InputError unless the node is one of the operators of ONNX at the given opset, with inputs and attributes as
/// the standard asks for.
void check_standard(const Draft& draft, const onnx::NodeProto& node, int opset);

}  // namespace autonba::onnx_import
