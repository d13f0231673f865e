#include "model/onnx/constants.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/onnx/attributes.hpp"
#include "model/onnx/constant_values.hpp"
#include "model/onnx/host.hpp"
#include "model/onnx/operators.hpp"

namespace autonba::onnx_import {
namespace {

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
