#include "model/onnx/attributes.hpp"

#include <cmath>

namespace autonba::onnx_import {
namespace {

const onnx::AttributeProto* find(const Draft& draft, const Node& node, const std::string& name,
                                 onnx::AttributeProto::AttributeType type) {
  for (const onnx::AttributeProto& attribute : node.proto.attribute()) {
    if (attribute.name() == name) {
      if (attribute.type() != type) {
        throw reject(draft.file, node.proto, "the attribute {} has the wrong type", name);
      }
      return &attribute;
    }
  }
  return nullptr;
}

}  // namespace

bool has_attribute(const Node& node, const std::string& name) {
  for (const onnx::AttributeProto& attribute : node.proto.attribute()) {
    if (attribute.name() == name) {
      return true;
    }
  }
  return false;
}

std::int64_t int_attribute(const Draft& draft, const Node& node, const std::string& name, std::int64_t otherwise) {
  const auto* found = find(draft, node, name, onnx::AttributeProto::INT);
  return found == nullptr ? otherwise : found->i();
}

std::vector<std::int64_t> ints_attribute(const Draft& draft, const Node& node, const std::string& name) {
  const auto* found = find(draft, node, name, onnx::AttributeProto::INTS);
  return found == nullptr ? std::vector<std::int64_t>() : std::vector(found->ints().begin(), found->ints().end());
}

double float_attribute(const Draft& draft, const Node& node, const std::string& name, double otherwise) {
  const auto* found = find(draft, node, name, onnx::AttributeProto::FLOAT);
  return found == nullptr ? otherwise : found->f();
}

std::string string_attribute(const Draft& draft, const Node& node, const std::string& name,
                             const std::string& otherwise) {
  const auto* found = find(draft, node, name, onnx::AttributeProto::STRING);
  return found == nullptr ? otherwise : found->s();
}

bool is_known(const Node& node, std::size_t index) {
  const Tensor* tensor = node.input(index);
  return tensor == nullptr || (tensor->constant() != nullptr && tensor->constant()->values);
}

std::optional<std::vector<double>> constant_input(const Draft& draft, const Node& node, std::size_t index) {
  const Tensor* tensor = node.input(index);
  if (tensor == nullptr) {
    return std::nullopt;
  }
  if (!is_known(node, index)) {
    throw reject(draft.file, node.proto, "its input {} is not known before the network runs, or not small",
                 printable(tensor->name));
  }
  return tensor->constant()->values;
}

std::optional<std::vector<std::int64_t>> parameters(const Draft& draft, const Node& node, const std::string& name,
                                                    std::size_t input) {
  if (has_attribute(node, name)) {
    return ints_attribute(draft, node, name);
  }
  const auto values = constant_input(draft, node, input);
  if (!values) {
    return std::nullopt;
  }
  constexpr double largest = 9e15;
  std::vector<std::int64_t> numbers;
  for (const double value : *values) {
    if (!(std::abs(value) <= largest)) {  // INT64_MAX stands for "to the end" in slices
      numbers.push_back(value > 0 ? std::int64_t{1} << 53 : -(std::int64_t{1} << 53));
    } else {
      numbers.push_back(static_cast<std::int64_t>(value));
    }
  }
  return numbers;
}

std::size_t axis_of(const Draft& draft, const Node& node, std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) {
    throw reject(draft.file, node.proto, "the axis {} is not within the {} dimensions", axis, rank);
  }
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

}  // namespace autonba::onnx_import
