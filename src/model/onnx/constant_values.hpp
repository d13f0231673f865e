#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace autonba::onnx_import {

inline constexpr std::int64_t most_values = 8192;  // that are looked at

/// A list of numbers of any type.
template <typename List>
std::vector<double> as_numbers(const List& list) {
  return {list.begin(), list.end()};
}

/// The `count` values of a tensor of the model in `file`, wherever they stand: none where they are more than
/// most_values, of a type that is no number, or in the list of another type. Throws InputError where external data is
/// not there whole, in the folder of the model.
std::optional<std::vector<double>> values_of(const onnx::TensorProto& tensor, const std::filesystem::path& file,
                                             std::int64_t count);

}  // namespace autonba::onnx_import
