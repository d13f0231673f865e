#include "model/onnx/constant_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

#include "model/onnx/load.hpp"
#include "model/onnx/names.hpp"

namespace autonba::onnx_import {
namespace {

template <typename T>
std::vector<double> numbers(const std::string& bytes, std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values.push_back(static_cast<double>(value));
  }
  return values;
}

/// A number of 16 bits, 1 of them the sign and `exponent_bits` the exponent.
double half_precision(std::uint16_t bits, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  }
  const int implied = exponent == 0 ? 0 : 1 << fraction_bits;
  return sign * std::ldexp(implied + fraction, std::max(exponent, 1) - bias - fraction_bits);
}

/// Values of 16 bits stand for real numbers in the two types of half precision.
std::vector<double> read_halves(std::vector<double> values, int type) {
  const int exponent_bits = type == onnx::TensorProto::FLOAT16 ? 5 : type == onnx::TensorProto::BFLOAT16 ? 8 : 0;
  for (double& value : values) {
    const auto bits = static_cast<std::uint16_t>(static_cast<std::int64_t>(value));
    value = exponent_bits > 0 ? half_precision(bits, exponent_bits) : value;
  }
  return values;
}

std::optional<std::vector<double>> numbers_in(const std::string& bytes, int type, std::size_t count) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
      return numbers<float>(bytes, count);
    case onnx::TensorProto::DOUBLE:
      return numbers<double>(bytes, count);
    case onnx::TensorProto::INT64:
      return numbers<std::int64_t>(bytes, count);
    case onnx::TensorProto::INT32:
      return numbers<std::int32_t>(bytes, count);
    case onnx::TensorProto::INT8:
      return numbers<std::int8_t>(bytes, count);
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::BOOL:
      return numbers<std::uint8_t>(bytes, count);
    case onnx::TensorProto::INT16:
      return numbers<std::int16_t>(bytes, count);
    case onnx::TensorProto::UINT32:
      return numbers<std::uint32_t>(bytes, count);
    case onnx::TensorProto::UINT64:
      return numbers<std::uint64_t>(bytes, count);
    case onnx::TensorProto::UINT16:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      return read_halves(numbers<std::uint16_t>(bytes, count), type);
    default:
      return std::nullopt;
  }
}

std::optional<std::vector<double>> typed_numbers(const onnx::TensorProto& tensor) {
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
      return as_numbers(tensor.float_data());
    case onnx::TensorProto::DOUBLE:
      return as_numbers(tensor.double_data());
    case onnx::TensorProto::INT64:
      return as_numbers(tensor.int64_data());
    case onnx::TensorProto::INT32:
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::UINT16:
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::BOOL:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      return read_halves(as_numbers(tensor.int32_data()), tensor.data_type());
    case onnx::TensorProto::UINT32:
    case onnx::TensorProto::UINT64:
      return as_numbers(tensor.uint64_data());
    default:
      return std::nullopt;
  }
}

struct ExternalPlace {
  std::filesystem::path file;
  std::uint64_t offset = 0;
};

/// Where the values of a tensor lie in another file, of which `bytes` are needed.
ExternalPlace external_place(const onnx::TensorProto& tensor, const std::filesystem::path& model, std::int64_t bytes) {
  const std::string who = fmt::format("{}: tensor \"{}\"", model.string(), printable(tensor.name()));
  std::string location;
  std::uint64_t offset = 0;
  for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      const bool digits =
          !entry.value().empty() && entry.value().size() < 18 &&
          std::all_of(entry.value().begin(), entry.value().end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!digits || (entry.key() == "length" && std::stoll(entry.value()) != bytes)) {
        throw input_error("{}: the {} \"{}\" of its external data does not fit {} bytes", who, entry.key(),
                          printable(entry.value()), bytes);
      }
      offset = entry.key() == "offset" ? std::stoull(entry.value()) : offset;
    }
  }
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::weakly_canonical(
      model.has_parent_path() ? model.parent_path() : std::filesystem::path("."), error);
  const std::filesystem::path file = std::filesystem::weakly_canonical(folder / location, error);
  const bool inside = !location.empty() && location.find('\0') == std::string::npos && !error &&
                      std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
  if (!inside) {
    throw input_error("{}: its external data \"{}\" does not lie in the folder of the model", who, printable(location));
  }
  const std::uintmax_t size =
      std::filesystem::is_regular_file(file, error) ? std::filesystem::file_size(file, error) : 0;
  if (size < offset || size - offset < static_cast<std::uint64_t>(bytes)) {
    throw input_error("{}: its external data needs {} bytes from {} on in {}, which is missing or has {}", who, bytes,
                      offset, printable(location), size);
  }
  return {file, offset};
}

std::string external_bytes(const onnx::TensorProto& tensor, const ExternalPlace& place, std::int64_t count,
                           const std::filesystem::path& model) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  std::ifstream stream(place.file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(place.offset));
  if (!stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw input_error("{}: tensor \"{}\": its external data cannot be read", model.string(), printable(tensor.name()));
  }
  return bytes;
}

/// External data is checked also where it is too much to be looked at.
std::optional<std::vector<double>> external_values(const onnx::TensorProto& tensor, const std::filesystem::path& file,
                                                   std::int64_t count) {
  const std::optional<int> width = element_bytes(tensor.data_type());
  if (!width) {
    throw input_error("{}: tensor \"{}\": has external data of the unknown type {}", file.string(),
                      printable(tensor.name()), tensor.data_type());
  }
  const ExternalPlace place = external_place(tensor, file, count * *width);
  if (count > most_values) {
    return std::nullopt;
  }
  return numbers_in(external_bytes(tensor, place, count * *width, file), tensor.data_type(),
                    static_cast<std::size_t>(count));
}

}  // namespace

std::optional<std::vector<double>> values_of(const onnx::TensorProto& tensor, const std::filesystem::path& file,
                                             std::int64_t count) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    return external_values(tensor, file, count);
  }
  if (count > most_values) {
    return std::nullopt;
  }
  if (!tensor.has_raw_data()) {
    const auto found = typed_numbers(tensor);
    const bool all = found && found->size() == static_cast<std::size_t>(count);  // not in the list of another type
    return all ? found : std::nullopt;
  }
  const std::optional<int> width = element_bytes(tensor.data_type());
  const bool whole = width && tensor.raw_data().size() == static_cast<std::size_t>(count * *width);
  return whole ? numbers_in(tensor.raw_data(), tensor.data_type(), static_cast<std::size_t>(count)) : std::nullopt;
}

}  // namespace autonba::onnx_import
