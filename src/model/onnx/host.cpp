#include "model/onnx/host.hpp"

#include <onnx/checker.h>
#include <onnx/defs/schema.h>
#include <onnx/defs/shape_inference.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace autonba::onnx_import {
namespace {

constexpr std::int64_t largest_attribute = std::int64_t{1} << 31;

/// What libonnx asks for while it infers the types of one node's outputs.
class NodeContext : public onnx::InferenceContext {
 public:
  explicit NodeContext(const Node& node) : node_(node), inputs_(node.inputs.size()), data_(node.inputs.size()) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != nullptr) {
        describe(*node.inputs[i], inputs_[i], data_[i]);
      }
    }
    outputs_.resize(static_cast<std::size_t>(node.proto.output_size()));
  }

  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    for (const onnx::AttributeProto& attribute : node_.proto.attribute()) {
      if (attribute.name() == name) {
        return &attribute;
      }
    }
    return nullptr;
  }
  std::size_t getNumInputs() const override { return inputs_.size(); }
  const onnx::TypeProto* getInputType(std::size_t index) const override {
    return index < inputs_.size() && node_.inputs[index] != nullptr ? &inputs_[index] : nullptr;
  }
  const onnx::TensorProto* getInputData(std::size_t index) const override {
    return index < data_.size() && data_[index] ? &*data_[index] : nullptr;
  }
  std::size_t getNumOutputs() const override { return outputs_.size(); }
  onnx::TypeProto* getOutputType(std::size_t index) override { return &outputs_.at(index); }
  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string&) override {
    throw onnx::InferenceError("graphs within nodes are not looked into");
  }
  const onnx::SparseTensorProto* getInputSparseData(std::size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(std::size_t) const override { return nullptr; }

  const std::vector<onnx::TypeProto>& outputs() const { return outputs_; }

 private:
  /// The largest integers stand for "to the end", and are not exact as doubles.
  static std::int64_t whole(double value, double most) {
    return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -most, most));
  }

  static void describe(const Tensor& tensor, onnx::TypeProto& type, std::optional<onnx::TensorProto>& data) {
    type.mutable_tensor_type()->set_elem_type(tensor.element_type);
    if (const std::optional<Dims> dims = tensor.dims()) {
      onnx::TensorShapeProto& shape = *type.mutable_tensor_type()->mutable_shape();
      for (const std::int64_t dim : *dims) {
        shape.add_dim()->set_dim_value(dim);
      }
    }
    const Constant* constant = tensor.constant();
    if (constant == nullptr || !constant->values) {
      return;
    }
    data.emplace();
    data->set_data_type(tensor.element_type);
    for (const std::int64_t dim : constant->dims) {
      data->add_dims(dim);
    }
    for (const double value : *constant->values) {
      switch (tensor.element_type) {
        case onnx::TensorProto::FLOAT:
          data->add_float_data(static_cast<float>(value));
          break;
        case onnx::TensorProto::DOUBLE:
          data->add_double_data(value);
          break;
        case onnx::TensorProto::INT64:
          data->add_int64_data(whole(value, 9.2e18));
          break;
        default:
          data->add_int32_data(static_cast<std::int32_t>(whole(value, 2e9)));
      }
    }
  }

  const Node& node_;
  std::vector<onnx::TypeProto> inputs_;
  std::vector<std::optional<onnx::TensorProto>> data_;
  std::vector<onnx::TypeProto> outputs_;
};

/// libonnx divides by some attributes and multiplies others without looking.
void check_attributes(const Draft& draft, const Node& node) {
  for (const onnx::AttributeProto& attribute : node.proto.attribute()) {
    const std::string& name = attribute.name();
    const bool positive = name == "strides" || name == "dilations" || name == "kernel_shape" || name == "blocksize" ||
                          name == "group" || name == "num_heads" || name == "hidden_size";
    std::vector<std::int64_t> numbers(attribute.ints().begin(), attribute.ints().end());
    numbers.push_back(attribute.type() == onnx::AttributeProto::INT ? attribute.i() : 1);
    for (const std::int64_t number : numbers) {
      const bool far = std::abs(std::max(number, -std::numeric_limits<std::int64_t>::max())) > largest_attribute &&
                       name != "ends" && name != "starts" && name != "end";
      if ((positive && number < 1) || far) {
        throw reject(draft.file, node.proto, "{}: {} is not between {} and {}", printable(name), number,
                     positive ? 1 : -largest_attribute, largest_attribute);
      }
    }
  }
}

/// libonnx takes for granted that windows have as many dimensions as the tensors that they slide over.
void check_window(const Draft& draft, const Node& node) {
  const std::string& op = node.proto.op_type();
  const bool convolves = op.find("Conv") != std::string::npos;
  if (!convolves && op.find("Pool") == std::string::npos) {
    return;
  }
  const std::optional<Dims> dims = node.input(0) == nullptr ? std::nullopt : node.input(0)->dims();
  if (!dims) {
    return;
  }
  const std::size_t weights_at = op == "QLinearConv" ? 3 : 1;
  const Tensor* weights = convolves ? node.input(weights_at) : nullptr;
  const std::optional<Dims> kernel = weights == nullptr ? std::nullopt : weights->dims();
  if (dims->size() < 3 || (convolves && (!kernel || kernel->size() != dims->size()))) {
    throw reject(draft.file, node.proto, "an input of {} and weights of {} do not fit together", list_of(*dims),
                 list_of(kernel.value_or(Dims())));
  }
  for (const onnx::AttributeProto& attribute : node.proto.attribute()) {
    const std::size_t count = attribute.name() == "pads" ? 2 * (dims->size() - 2) : dims->size() - 2;
    const auto found = static_cast<std::size_t>(attribute.ints_size());
    const bool whole_shape = attribute.name() == "output_shape" && found == dims->size();
    if (attribute.type() == onnx::AttributeProto::INTS && found != 0 && found != count && !whole_shape) {
      throw reject(draft.file, node.proto, "{} has {} values, {} are needed", printable(attribute.name()), found,
                   count);
    }
  }
}

InferredType type_of(const Draft& draft, const Node& node, const onnx::TypeProto& type) {
  InferredType found;
  if (type.value_case() != onnx::TypeProto::kTensorType) {
    return found;
  }
  found.element_type = type.tensor_type().elem_type() == 0 ? 1 : type.tensor_type().elem_type();
  if (!type.tensor_type().has_shape()) {
    return found;
  }
  Dims dims;
  for (const auto& dim : type.tensor_type().shape().dim()) {
    if (!dim.has_dim_value()) {
      return found;
    }
    dims.push_back(dim.dim_value());
  }
  if (!element_count(dims)) {
    throw reject(draft.file, node.proto, "its output would have the dimensions {}", list_of(dims));
  }
  found.dims = dims;
  return found;
}

std::int64_t product(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t most = std::int64_t{1} << 60;
  return a > 0 && b > most / a ? most : a * b;
}

std::int64_t elements(const std::optional<Dims>& dims) {
  return dims ? element_count(*dims).value_or(0) : 0;
}

/// Multiply-accumulates of operators that are made of them; none for others.
std::optional<std::int64_t> multiplications(const Node& node, const std::optional<Dims>& output) {
  const std::string& op = node.proto.op_type();
  const auto dims_of_input = [&](std::size_t index) {
    return node.input(index) != nullptr ? node.input(index)->dims().value_or(Dims()) : Dims();
  };
  const auto behind_first = [](const Dims& weights) {
    return weights.empty() || weights[0] == 0 ? 0 : elements(weights) / weights[0];
  };
  if (op == "Conv" || op == "ConvInteger") {
    return product(elements(output), behind_first(dims_of_input(1)));
  }
  if (op == "QLinearConv") {
    return product(elements(output), behind_first(dims_of_input(3)));
  }
  if (op == "ConvTranspose") {
    return product(elements(dims_of_input(0)), behind_first(dims_of_input(1)));
  }
  if (op == "MatMul" || op == "MatMulInteger" || op == "QLinearMatMul") {
    return product(elements(output), dims_of_input(0).empty() ? 0 : dims_of_input(0).back());
  }
  if (op == "Gemm") {
    const Dims a = dims_of_input(0);
    bool transposed = false;
    for (const onnx::AttributeProto& attribute : node.proto.attribute()) {
      transposed = transposed || (attribute.name() == "transA" && attribute.i() != 0);
    }
    return a.size() == 2 ? product(elements(output), a[transposed ? 0 : 1]) : 0;
  }
  if (op == "LSTM" || op == "GRU" || op == "RNN") {
    const Dims x = dims_of_input(0);  // time, batch, features: all weights are used at every time
    return x.size() == 3 ? product(product(x[0], x[1]), elements(dims_of_input(1)) + elements(dims_of_input(2))) : 0;
  }
  return std::nullopt;
}

/// For one image: multiply-accumulates, else the elements of the largest tensor that is read or written.
std::int64_t operations_of(const Draft& draft, const Node& node, const std::vector<InferredType>& outputs) {
  std::int64_t most = 0;
  if (const auto found = multiplications(node, outputs.empty() ? std::nullopt : outputs.front().dims)) {
    most = *found;
  } else {
    for (const Tensor* input : node.inputs) {
      if (input != nullptr && input->constant() == nullptr) {
        most = std::max(most, elements(input->dims()));
      }
    }
    for (const InferredType& output : outputs) {
      most = std::max(most, elements(output.dims));
    }
  }
  return most / draft.batch;
}

}  // namespace

std::vector<InferredType> inferred_types(Draft& draft, const Node& node) {
  std::vector<InferredType> types(static_cast<std::size_t>(node.proto.output_size()));
  const onnx::OpSchema* schema =
      is_standard(node.proto) ? onnx::OpSchemaRegistry::Schema(node.proto.op_type(), draft.opset, "") : nullptr;
  if (schema == nullptr || !schema->has_type_and_shape_inference_function()) {
    return types;
  }
  check_attributes(draft, node);
  check_window(draft, node);
  NodeContext context(node);
  try {
    schema->GetTypeAndShapeInferenceFunction()(context);
  } catch (const InputError&) {
    throw;
  } catch (const std::exception& error) {
    const bool graphs = std::any_of(node.proto.attribute().begin(), node.proto.attribute().end(),
                                    [](const onnx::AttributeProto& attribute) { return attribute.has_g(); });
    const bool unknown = std::any_of(node.inputs.begin(), node.inputs.end(),
                                     [](const Tensor* input) { return input != nullptr && !input->dims(); });
    if (graphs || unknown) {
      return types;
    }
    throw reject(draft.file, node.proto, "its inputs do not fit together: {}", printable(error.what()));
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i] = type_of(draft, node, context.outputs()[i]);
  }
  return types;
}

Outputs read_on_host(Draft& draft, const Node& node) {
  std::vector<InferredType> types = inferred_types(draft, node);
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto declared = draft.declared.find(node.proto.output(static_cast<int>(i)));
    if (!types[i].dims && declared != draft.declared.end()) {
      types[i].dims = declared->second;
    }
  }
  HostOp op{.id = unique_id(draft, node.proto), .op = printable(node.proto.op_type())};
  op.operations = operations_of(draft, node, types);
  const Tensor* only = nullptr;
  int maps = 0;
  for (const Tensor* input : node.inputs) {
    if (input != nullptr && input->constant() == nullptr) {
      const std::vector<int> writers = writers_of(*input);
      op.reads.insert(op.reads.end(), writers.begin(), writers.end());
      only = input;
      ++maps;
    }
  }
  std::sort(op.reads.begin(), op.reads.end());
  op.reads.erase(std::unique(op.reads.begin(), op.reads.end()), op.reads.end());
  const std::size_t index = draft.network.host_ops.size();
  if (maps == 1 && (op.op == "Sigmoid" || op.op == "HardSigmoid")) {
    draft.gates[index] = only->name;
  }
  draft.network.host_ops.push_back(std::move(op));
  Outputs outputs;
  for (const InferredType& type : types) {
    Tensor result;
    result.element_type = type.element_type;
    result.value = HostTensor{index, draft.arrays++, type.dims};
    outputs.push_back(std::move(result));
  }
  return outputs;
}

Tensor settled(Draft& draft, const Tensor& tensor) {
  if (tensor.map() == nullptr || tensor.map()->padding == all_sides(0)) {
    return tensor;
  }
  onnx::NodeProto pad;
  pad.set_op_type("Pad");
  pad.add_output(tensor.name);
  return copied_by_host(draft, Node{pad, {}}, tensor, "Pad");
}

void check_standard(const Draft& draft, const onnx::NodeProto& node, int opset) {
  if (!is_standard(node)) {
    return;
  }
  const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Schema(node.op_type(), opset, "");
  if (schema == nullptr) {
    throw reject(draft.file, node, "is no operator of ONNX opset {}", opset);
  }
  try {
    schema->Verify(node);
  } catch (const std::exception& error) {
    throw reject(draft.file, node, "is not as ONNX opset {} asks for: {}", opset, printable(error.what()));
  }
}

}  // namespace autonba::onnx_import
