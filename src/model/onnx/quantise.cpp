#include <algorithm>
#include <cmath>

#include "model/onnx/attributes.hpp"
#include "model/onnx/operators.hpp"

namespace autonba::onnx_import {
namespace {

constexpr int least_bits = 2;  // of the template; binary values take two as well
constexpr int most_bits = 16;

/// The tensor with its bits on record. Of a map that several nodes quantise, the most bits count.
Outputs with_bits(Draft& draft, const Tensor& x, int bits, int element_type) {
  Tensor result = x;
  result.element_type = element_type;
  if (auto* constant = std::get_if<Constant>(&result.value)) {
    constant->bits = bits;
    constant->values.reset();  // others now
  } else if (const MapTensor* map = x.map()) {
    for (const MapSlice& slice : map->slices) {
      int& stated = draft.stated_bits[slice.writer];
      stated = std::max(stated, bits);
    }
    if (!has_one_reader(draft, x)) {
      std::get<MapTensor>(result.value).whole.clear();
    }
  } else {
    draft.array_bits[x.host()->array] = bits;
  }
  return {std::move(result)};
}

int in_range(const Draft& draft, const Node& node, double bits) {
  if (!(bits >= 1 && bits <= most_bits && bits == std::floor(bits))) {
    throw reject(draft.file, node.proto, "{} bits are not a whole number between 1 and {}", bits, most_bits);
  }
  return std::max(least_bits, static_cast<int>(bits));
}

const Tensor& input_of(const Draft& draft, const Node& node) {
  if (node.input(0) == nullptr) {
    throw reject(draft.file, node.proto, "has no input");
  }
  return *node.input(0);
}

}  // namespace

std::optional<Outputs> read_quantise(Draft& draft, const Node& node) {
  const Tensor* zero_point = node.input(2);
  return with_bits(draft, input_of(draft, node), 8,
                   zero_point == nullptr ? onnx::TensorProto::UINT8 : zero_point->element_type);
}

std::optional<Outputs> read_dequantise(Draft& draft, const Node& node) {
  const Tensor& x = input_of(draft, node);
  const bool already_stated = x.constant() == nullptr || x.constant()->bits;
  if (!already_stated && (x.element_type == onnx::TensorProto::INT8 || x.element_type == onnx::TensorProto::UINT8)) {
    return with_bits(draft, x, 8, onnx::TensorProto::FLOAT);
  }
  Tensor result = x;
  result.element_type = onnx::TensorProto::FLOAT;
  if (x.map() != nullptr && !has_one_reader(draft, x)) {
    std::get<MapTensor>(result.value).whole.clear();
  }
  return Outputs{std::move(result)};
}

std::optional<Outputs> read_quant(Draft& draft, const Node& node) {
  const std::string& op = node.proto.op_type();
  const Tensor& x = input_of(draft, node);
  double bits = 1;  // BipolarQuant
  if (op != "BipolarQuant") {
    const auto stated = constant_input(draft, node, op == "Trunc" ? 4 : 3);
    if (!stated || stated->size() != 1) {
      throw reject(draft.file, node.proto, "its bit width is not one number");
    }
    bits = stated->front();
  }
  return with_bits(draft, x, in_range(draft, node, bits), x.element_type);
}

}  // namespace autonba::onnx_import
