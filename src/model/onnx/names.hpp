#pragma once

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "model/onnx/view.hpp"

namespace autonba::onnx_import {

/// `text` with everything but printable ASCII replaced by "?", and cut after 200 characters: names of a damaged model.
std::string printable(std::string_view text);

/// "[1, 3, 224, 224]".
std::string list_of(const Dims& dims);

/// `node conv1 (Conv)`; without a name, "node that writes T (Conv)".
std::string place_of(const onnx::NodeProto& node);

/// Whether the operator is one of ONNX itself.
bool is_standard(const onnx::NodeProto& node);

/// `throw reject(file, node, "the stride {} is not …", stride);`
template <typename... Args>
InputError reject(const std::string& file, const onnx::NodeProto& node, fmt::format_string<Args...> format,
                  Args&&... args) {
  return input_error("{}: {}: {}", file, place_of(node), fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace autonba::onnx_import
