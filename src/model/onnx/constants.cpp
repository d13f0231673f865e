#include "model/onnx/constants.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>

#include "model/onnx/attributes.hpp"
#include "model/onnx/host.hpp"
#include "model/onnx/load.hpp"
#include "model/onnx/operators.hpp"

namespace autonba::onnx_import {
namespace {

constexpr std::int64_t most_values = 8192;  // that are looked at

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

template <typename List>
std::vector<double> as_numbers(const List& list) {
  return {list.begin(), list.end()};
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

std::optional<std::vector<double>> values_of(const onnx::TensorProto& tensor, const std::filesystem::path& file,
                                             std::int64_t count) {
  const bool external = tensor.data_location() == onnx::TensorProto::EXTERNAL;
  const std::optional<int> width = element_bytes(tensor.data_type());
  if (external) {
    if (!width) {
      throw input_error("{}: tensor \"{}\": has external data of the unknown type {}", file.string(),
                        printable(tensor.name()), tensor.data_type());
    }
    const ExternalPlace place = external_place(tensor, file, count * *width);
    if (count > most_values) {
      return std::nullopt;
    }
    std::string bytes(static_cast<std::size_t>(count * *width), '\0');
    std::ifstream stream(place.file, std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(place.offset));
    if (!stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      throw input_error("{}: tensor \"{}\": its external data cannot be read", file.string(), printable(tensor.name()));
    }
    return numbers_in(bytes, tensor.data_type(), static_cast<std::size_t>(count));
  }
  if (count > most_values) {
    return std::nullopt;
  }
  if (!tensor.has_raw_data()) {
    const auto found = typed_numbers(tensor);
    const bool all = found && found->size() == static_cast<std::size_t>(count);  // not in the list of another type
    return all ? found : std::nullopt;
  }
  const bool whole = width && tensor.raw_data().size() == static_cast<std::size_t>(count * *width);
  return whole ? numbers_in(tensor.raw_data(), tensor.data_type(), static_cast<std::size_t>(count)) : std::nullopt;
}

// Folding.

Tensor small(Dims dims, std::vector<double> values, int type = onnx::TensorProto::INT64) {
  Tensor result;
  result.element_type = type;
  result.value = Constant{std::move(dims), std::move(values), {}};
  return result;
}

/// The constant that a Constant node holds.
std::optional<Outputs> constant_node(Draft& draft, const Node& node) {
  for (const onnx::AttributeProto& attribute : node.proto.attribute()) {
    const std::string& name = attribute.name();
    if (name == "value") {
      return Outputs{constant_tensor(attribute.t(), draft.file)};
    }
    if (name == "value_int") {
      return Outputs{small({}, {static_cast<double>(attribute.i())})};
    }
    if (name == "value_float") {
      return Outputs{small({}, {attribute.f()}, onnx::TensorProto::FLOAT)};
    }
    if (name == "value_ints") {
      return Outputs{small({attribute.ints_size()}, as_numbers(attribute.ints()))};
    }
    if (name == "value_floats") {
      return Outputs{small({attribute.floats_size()}, as_numbers(attribute.floats()), onnx::TensorProto::FLOAT)};
    }
  }
  throw reject(draft.file, node.proto, "holds no value that can be read");
}

const std::vector<double>* values(const Tensor* tensor) {
  const bool known = tensor != nullptr && tensor->constant() != nullptr && tensor->constant()->values;
  return known ? &*tensor->constant()->values : nullptr;
}

std::optional<double> combined(const std::string& op, double a, double b, bool integers) {
  if (op == "Add") {
    return a + b;
  }
  if (op == "Sub") {
    return a - b;
  }
  if (op == "Mul") {
    return a * b;
  }
  if (op == "Div" && b != 0) {
    return integers ? std::trunc(a / b) : a / b;
  }
  if (op == "Mod" && b != 0 && integers) {
    return a - b * std::floor(a / b);
  }
  if (op == "Equal") {
    return a == b ? 1 : 0;
  }
  return std::nullopt;
}

/// Of two shapes of which one has a single element.
Dims broadcast(const Dims& larger, const Dims& single) {
  Dims dims(std::max(larger.size(), single.size()), 1);
  std::copy(larger.begin(), larger.end(), dims.end() - static_cast<std::ptrdiff_t>(larger.size()));
  return dims;
}

/// Element by element, of equal shapes or one of them a single number.
std::optional<Outputs> small_arithmetic(const Node& node, const Tensor& a, const Tensor& b) {
  const std::vector<double>* left = values(&a);
  const std::vector<double>* right = values(&b);
  if (left == nullptr || right == nullptr) {
    return std::nullopt;
  }
  const std::size_t count = std::max(left->size(), right->size());
  const bool fit = a.constant()->dims == b.constant()->dims || left->size() == 1 || right->size() == 1;
  if (!fit || left->empty() || right->empty()) {
    return std::nullopt;
  }
  std::vector<double> results;
  const bool integers = a.element_type == onnx::TensorProto::INT64 || a.element_type == onnx::TensorProto::INT32;
  for (std::size_t i = 0; i < count; ++i) {
    const auto result = combined(node.proto.op_type(), (*left)[left->size() == 1 ? 0 : i],
                                 (*right)[right->size() == 1 ? 0 : i], integers);
    if (!result) {
      return std::nullopt;
    }
    results.push_back(*result);
  }
  const auto& [larger, other] =
      left->size() == count ? std::pair(a.constant(), b.constant()) : std::pair(b.constant(), a.constant());
  const int type = node.proto.op_type() == "Equal" ? static_cast<int>(onnx::TensorProto::BOOL) : a.element_type;
  return Outputs{small(broadcast(larger->dims, other->dims), std::move(results), type)};
}

std::optional<Outputs> small_where(const Tensor& condition, const Tensor& x, const Tensor& y) {
  const std::vector<double>* chosen = values(&condition);
  const bool fit = chosen != nullptr && values(&x) != nullptr && values(&y) != nullptr &&
                   x.constant()->dims == condition.constant()->dims && y.constant()->dims == x.constant()->dims;
  if (!fit) {
    return std::nullopt;
  }
  Tensor result = x;
  std::vector<double>& results = *std::get<Constant>(result.value).values;
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = (*chosen)[i] != 0 ? results[i] : (*values(&y))[i];
  }
  return Outputs{std::move(result)};
}

std::optional<Outputs> small_gather(Draft& draft, const Node& node, const Tensor& x, const Tensor& indices) {
  const std::vector<double>* from = values(&x);
  const std::vector<double>* which = values(&indices);
  if (from == nullptr || which == nullptr || x.constant()->dims.size() != 1) {
    return std::nullopt;
  }
  std::vector<double> results;
  for (const double index : *which) {
    const auto size = static_cast<double>(from->size());
    if (!(index >= -size && index < size)) {
      throw reject(draft.file, node.proto, "the index {} is not within {}", index, size);
    }
    results.push_back((*from)[static_cast<std::size_t>(index < 0 ? index + size : index)]);
  }
  return Outputs{small(indices.constant()->dims, std::move(results), x.element_type)};
}

std::optional<Outputs> small_concat(const Node& node) {
  std::vector<double> results;
  for (const Tensor* x : node.inputs) {
    if (values(x) == nullptr || x->constant()->dims.size() != 1) {
      return std::nullopt;
    }
    results.insert(results.end(), values(x)->begin(), values(x)->end());
  }
  const auto count = static_cast<std::int64_t>(results.size());
  if (count > most_values) {
    return std::nullopt;
  }
  return Outputs{small({count}, std::move(results), node.inputs.front()->element_type)};
}

/// The elements of a constant whose place along each dimension is in the list of that dimension, the dimensions in the
/// given order.
Tensor picked(const Tensor& x, const std::vector<std::vector<std::int64_t>>& lists,
              const std::vector<std::size_t>& order) {
  const Constant& from = *x.constant();
  std::vector<std::int64_t> stride(from.dims.size(), 1);
  for (std::size_t i = from.dims.size(); i-- > 1;) {
    stride[i - 1] = stride[i] * from.dims[i];
  }
  std::vector<std::int64_t> places = {0};
  Dims dims;
  for (const std::size_t axis : order) {
    std::vector<std::int64_t> finer;
    for (const std::int64_t place : places) {
      for (const std::int64_t along : lists[axis]) {
        finer.push_back(place + along * stride[axis]);
      }
    }
    places = std::move(finer);
    dims.push_back(static_cast<std::int64_t>(lists[axis].size()));
  }
  std::vector<double> results;
  for (const std::int64_t place : places) {
    results.push_back((*from.values)[static_cast<std::size_t>(place)]);
  }
  return small(dims, std::move(results), x.element_type);
}

std::vector<std::vector<std::int64_t>> all_places(const Dims& dims) {
  std::vector<std::vector<std::int64_t>> lists;
  for (const std::int64_t size : dims) {
    lists.emplace_back(static_cast<std::size_t>(size));
    std::iota(lists.back().begin(), lists.back().end(), 0);
  }
  return lists;
}

std::optional<Outputs> small_slice(Draft& draft, const Node& node, const Tensor& x) {
  if (values(&x) == nullptr || values(&x)->empty()) {
    return std::nullopt;
  }
  auto lists = all_places(x.constant()->dims);
  for (SliceOfAxis& slice : slices_of(draft, node, x.constant()->dims)) {
    lists[slice.axis] = std::move(slice.places);
  }
  std::vector<std::size_t> order(lists.size());
  std::iota(order.begin(), order.end(), 0);
  return Outputs{picked(x, lists, order)};
}

std::optional<Outputs> transposed_constant(const Draft& draft, const Node& node, const Tensor& x) {
  const std::size_t rank = x.constant()->dims.size();
  const std::vector<std::size_t> order = order_of_dimensions(draft, node, rank);
  if (values(&x) != nullptr && !values(&x)->empty()) {
    Tensor result = picked(x, all_places(x.constant()->dims), order);
    std::get<Constant>(result.value).bits = x.constant()->bits;
    return Outputs{std::move(result)};
  }
  Tensor result = x;
  Constant& constant = std::get<Constant>(result.value);
  for (std::size_t i = 0; i < rank; ++i) {
    constant.dims[i] = x.constant()->dims[order[i]];
  }
  return Outputs{std::move(result)};
}

std::optional<Outputs> small_range(Draft& draft, const Node& node) {
  const auto start = constant_input(draft, node, 0);
  const auto limit = constant_input(draft, node, 1);
  const auto delta = constant_input(draft, node, 2);
  std::vector<double> results;
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 || delta->size() != 1) {
    return std::nullopt;
  }
  const double count = std::ceil((limit->front() - start->front()) / delta->front());
  if (!(count >= 0 && count <= static_cast<double>(most_values))) {
    return std::nullopt;
  }
  for (int i = 0; i < static_cast<int>(count); ++i) {
    results.push_back(start->front() + i * delta->front());
  }
  const int type = node.input(0)->element_type;
  const auto length = static_cast<std::int64_t>(results.size());
  return Outputs{small({length}, std::move(results), type)};
}

std::optional<Outputs> small_fill(Draft& draft, const Node& node) {
  const auto dims = parameters(draft, node, "", 0);
  double value = 0;
  int type = onnx::TensorProto::FLOAT;
  for (const onnx::AttributeProto& attribute : node.proto.attribute()) {
    if (attribute.name() == "value") {
      const Tensor filled = constant_tensor(attribute.t(), draft.file);
      value = values(&filled) != nullptr && !values(&filled)->empty() ? values(&filled)->front() : 0;
      type = filled.element_type;
    }
  }
  const auto count = dims ? element_count(*dims) : std::nullopt;
  if (!count) {
    throw reject(draft.file, node.proto, "its dimensions are negative or too large");
  }
  if (*count > most_values) {
    return std::nullopt;
  }
  return Outputs{small(*dims, std::vector<double>(static_cast<std::size_t>(*count), value), type)};
}

std::optional<Outputs> small_result(Draft& draft, const Node& node) {
  const std::string& op = node.proto.op_type();
  const Tensor* x = node.input(0);
  if (op == "Constant") {
    return constant_node(draft, node);
  }
  if (x == nullptr) {
    return std::nullopt;
  }
  if (op == "Identity" || op == "Cast" || op == "Floor" || op == "Ceil") {
    Tensor result = *x;
    Constant& constant = std::get<Constant>(result.value);
    const auto to = op == "Cast" ? static_cast<int>(int_attribute(draft, node, "to", 1)) : x->element_type;
    const bool truncates = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
    for (double& value : constant.values ? *constant.values : std::vector<double>()) {
      value = op == "Floor"  ? std::floor(value)
              : op == "Ceil" ? std::ceil(value)
              : truncates    ? std::trunc(value)
                             : value;
    }
    result.element_type = to;
    return Outputs{std::move(result)};
  }
  if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") {
    Tensor result = *x;
    Constant& constant = std::get<Constant>(result.value);
    constant.dims = reshaped_dims(draft, node, constant.dims);
    return Outputs{std::move(result)};
  }
  if (op == "Transpose") {
    return transposed_constant(draft, node, *x);
  }
  if (op == "Concat") {
    return small_concat(node);
  }
  if (op == "Slice") {
    return small_slice(draft, node, *x);
  }
  if (op == "Range") {
    return small_range(draft, node);
  }
  if (op == "ConstantOfShape") {
    return small_fill(draft, node);
  }
  const Tensor* y = node.input(1);
  if (y == nullptr) {
    return std::nullopt;
  }
  if (op == "Where" && node.input(2) != nullptr) {
    return small_where(*x, *y, *node.input(2));
  }
  return op == "Gather" ? small_gather(draft, node, *x, *y) : small_arithmetic(node, *x, *y);
}

}  // namespace

Tensor constant_tensor(const onnx::TensorProto& tensor, const std::filesystem::path& file) {
  Tensor result;
  result.name = tensor.name();
  result.element_type = tensor.data_type();
  const Dims dims(tensor.dims().begin(), tensor.dims().end());
  const std::int64_t count = element_count(dims).value_or(0);
  result.value = Constant{dims, values_of(tensor, file, count), {}};
  return result;
}

std::optional<Outputs> fold_constants(Draft& draft, const Node& node) {
  if (!is_standard(node.proto)) {
    return std::nullopt;
  }
  const std::string& op = node.proto.op_type();
  if ((op == "Shape" || op == "Size") && node.input(0) != nullptr) {
    const std::optional<Dims> dims = node.input(0)->dims();
    if (!dims) {
      return std::nullopt;
    }
    if (op == "Size") {
      return Outputs{small({}, {static_cast<double>(element_count(*dims).value_or(0))})};
    }
    const auto rank = static_cast<std::int64_t>(dims->size());
    const auto counted = [rank](std::int64_t place) {
      return std::clamp(place < 0 ? place + rank : place, std::int64_t{0}, rank);
    };
    const std::int64_t begin = counted(int_attribute(draft, node, "start", 0));
    const std::int64_t end = std::max(begin, counted(int_attribute(draft, node, "end", rank)));
    return Outputs{small({end - begin}, as_numbers(Dims(dims->begin() + begin, dims->begin() + end)))};
  }
  for (const Tensor* x : node.inputs) {
    if (x != nullptr && x->constant() == nullptr) {
      return std::nullopt;
    }
  }
  if (auto small = small_result(draft, node)) {
    return small;
  }
  if (op == "QuantizeLinear" || op == "DequantizeLinear") {
    return std::nullopt;  // they say more than a shape
  }
  Outputs outputs;
  for (const InferredType& type : inferred_types(draft, node)) {
    if (!type.dims) {
      return std::nullopt;
    }
    Tensor result;
    result.element_type = type.element_type;
    result.value = Constant{*type.dims, {}, {}};
    outputs.push_back(std::move(result));
  }
  return outputs;
}

}  // namespace autonba::onnx_import
