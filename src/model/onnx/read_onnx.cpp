#include "model/read_onnx.hpp"

#include <algorithm>
#include <unordered_set>

#include "model/network_json.hpp"
#include "model/onnx/constants.hpp"
#include "model/onnx/finish.hpp"
#include "model/onnx/host.hpp"
#include "model/onnx/load.hpp"
#include "model/onnx/operators.hpp"

namespace autonba {
namespace onnx_import {
namespace {

constexpr int oldest_opset = 7;
constexpr int newest_opset = 17;
constexpr int most_nodes = 100'000;
constexpr const char* quantisation_domains[] = {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"};

const std::unordered_map<std::string, Handler>& standard_operators() {
  static const std::unordered_map<std::string, Handler> handlers = {
      {"Conv", read_conv},
      {"ConvInteger", read_conv},
      {"QLinearConv", read_conv},
      {"Gemm", read_gemm},
      {"MatMul", read_matmul},
      {"MatMulInteger", read_matmul},
      {"QLinearMatMul", read_matmul},
      {"MaxPool", read_pool},
      {"AveragePool", read_pool},
      {"GlobalAveragePool", read_global_pool},
      {"GlobalMaxPool", read_global_pool},
      {"ReduceMean", read_reduction},
      {"ReduceMax", read_reduction},
      {"BatchNormalization", read_batch_normalisation},
      {"Relu", read_clamp},
      {"Clip", read_clamp},
      {"Add", read_arithmetic},
      {"Sum", read_arithmetic},
      {"Sub", read_arithmetic},
      {"Mul", read_arithmetic},
      {"Div", read_arithmetic},
      {"Identity", read_identity},
      {"Dropout", read_identity},
      {"Cast", read_cast},
      {"Reshape", read_reshape},
      {"Flatten", read_reshape},
      {"Squeeze", read_reshape},
      {"Unsqueeze", read_reshape},
      {"Transpose", read_transpose},
      {"Concat", read_concat},
      {"Split", read_split},
      {"Slice", read_slice},
      {"Gather", read_gather},
      {"Pad", read_pad},
      {"QuantizeLinear", read_quantise},
      {"DequantizeLinear", read_dequantise},
  };
  return handlers;
}

Handler handler_of(const onnx::NodeProto& node) {
  const std::string& op = node.op_type();
  const bool quantises = std::find(std::begin(quantisation_domains), std::end(quantisation_domains), node.domain()) !=
                         std::end(quantisation_domains);
  if (quantises && (op == "Quant" || op == "IntQuant" || op == "BipolarQuant" || op == "Trunc")) {
    return read_quant;
  }
  if (!is_standard(node)) {
    return nullptr;
  }
  const auto found = standard_operators().find(op);
  return found == standard_operators().end() ? nullptr : found->second;
}

/// Zeros around a map are taken up by convolutions and pooling, and passed on by what changes no values.
bool takes_padding(const onnx::NodeProto& node) {
  const Handler handler = handler_of(node);
  return handler == read_conv || handler == read_pool || handler == read_pad || handler == read_identity ||
         handler == read_quantise || handler == read_dequantise || handler == read_quant;
}

class Reader {
 public:
  Reader(onnx::ModelProto model, const std::filesystem::path& file, const OnnxOptions& options)
      : model_(std::move(model)), graph_(model_.graph()) {
    draft_.file = file.string();
    draft_.options = options;
  }

  Network network() {
    check_model();
    find_needed();
    read_constants();
    read_inputs();
    for (const onnx::ValueInfoProto& value : graph_.value_info()) {
      if (const auto dims = declared_dims(value)) {
        draft_.declared[value.name()] = *dims;
      }
    }
    for (int i = 0; i < graph_.node_size(); ++i) {
      if (needed_[static_cast<std::size_t>(i)]) {
        read_node(graph_.node(i));
      }
    }
    for (const onnx::ValueInfoProto& output : graph_.output()) {
      if (!tensors_.contains(output.name())) {
        throw input_error("{}: nothing writes the output {}", draft_.file, printable(output.name()));
      }
    }
    return finished(std::move(draft_));
  }

 private:
  void check_model() {
    int opset = 0;
    for (const onnx::OperatorSetIdProto& set : model_.opset_import()) {
      if (set.domain().empty() || set.domain() == "ai.onnx") {
        opset = static_cast<int>(std::clamp<std::int64_t>(set.version(), 0, 1000));
      }
    }
    if (!model_.has_graph() || graph_.node_size() == 0) {
      throw input_error("{}: is no ONNX model, or one without nodes", draft_.file);
    }
    if (opset < oldest_opset || opset > newest_opset) {
      throw input_error("{}: its opset is {}, not between {} and {}", draft_.file, opset, oldest_opset, newest_opset);
    }
    if (graph_.node_size() > most_nodes) {
      throw input_error("{}: has {} nodes, more than {}", draft_.file, graph_.node_size(), most_nodes);
    }
    for (const int bits : {draft_.options.bits, draft_.options.input_bits}) {
      if (bits < 2 || bits > 16) {
        throw input_error("{}: {} bits for what the model does not state are not between 2 and 16", draft_.file, bits);
      }
    }
    draft_.opset = opset;
  }

  /// What no output needs is left out. Counts the readers of each tensor.
  void find_needed() {
    std::unordered_map<std::string, int> writer;
    for (int i = 0; i < graph_.node_size(); ++i) {
      for (const std::string& name : graph_.node(i).output()) {
        if (!name.empty() && !writer.emplace(name, i).second) {
          throw reject(draft_.file, graph_.node(i), "writes {}, which another node writes", printable(name));
        }
      }
    }
    needed_.assign(static_cast<std::size_t>(graph_.node_size()), false);
    std::vector<std::string> open;
    for (const onnx::ValueInfoProto& output : graph_.output()) {
      ++draft_.readers[output.name()];
      open.push_back(output.name());
    }
    while (!open.empty()) {
      const auto found = writer.find(open.back());
      open.pop_back();
      if (found == writer.end() || needed_[static_cast<std::size_t>(found->second)]) {
        continue;
      }
      needed_[static_cast<std::size_t>(found->second)] = true;
      const onnx::NodeProto& node = graph_.node(found->second);
      for (const std::string& name : node.input()) {
        ++draft_.readers[name];
        open.push_back(name);
      }
      note_outer_names(node, open, 0);
    }
  }

  /// Graphs within a node read tensors of the graph around them by name.
  void note_outer_names(const onnx::NodeProto& node, std::vector<std::string>& open, int depth) {
    if (depth > 20) {
      throw reject(draft_.file, node, "its graphs are nested more than 20 deep");
    }
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      for (const onnx::NodeProto& inner : attribute.g().node()) {
        for (const std::string& name : inner.input()) {
          ++draft_.readers[name];
          open.push_back(name);
        }
        note_outer_names(inner, open, depth + 1);
      }
    }
  }

  void read_constants() {
    for (const onnx::TensorProto& tensor : graph_.initializer()) {
      hold(tensor.name(), constant_tensor(tensor, draft_.file));
    }
    for (const onnx::SparseTensorProto& tensor : graph_.sparse_initializer()) {
      Tensor constant;
      constant.name = tensor.values().name();
      constant.element_type = tensor.values().data_type();
      const Dims dims(tensor.dims().begin(), tensor.dims().end());
      if (!element_count(dims)) {
        throw input_error("{}: tensor \"{}\": the dimensions {} are negative or too large", draft_.file,
                          printable(constant.name), list_of(dims));
      }
      constant.value = Constant{dims, {}, {}};
      tensors_[constant.name] = std::move(constant);
    }
  }

  void hold(const std::string& name, Tensor tensor) {
    constexpr std::size_t most_numbers = 8'000'000;  // 64 MB
    const std::optional<Dims> dims = tensor.dims();
    const bool has_values = tensor.constant() != nullptr && tensor.constant()->values;
    draft_.numbers += (dims ? dims->size() : 0) + (has_values ? tensor.constant()->values->size() : 0);
    if (draft_.numbers > most_numbers) {
      throw input_error(
          "{}: tensor {}: the graph has more than {} numbers that are known before it runs, weights not "
          "counted",
          draft_.file, printable(name), most_numbers);
    }
    tensors_[name] = std::move(tensor);
  }

  /// A batch of any size is one image.
  std::optional<Dims> declared_dims(const onnx::ValueInfoProto& value) const {
    if (!value.type().has_tensor_type() || !value.type().tensor_type().has_shape()) {
      return std::nullopt;
    }
    Dims dims;
    for (const auto& dim : value.type().tensor_type().shape().dim()) {
      const bool any_batch = !dim.has_dim_value() && dims.empty();
      if (!any_batch && dim.dim_value() < 1) {
        return std::nullopt;
      }
      dims.push_back(any_batch ? 1 : dim.dim_value());
    }
    return element_count(dims) ? std::optional(dims) : std::nullopt;
  }

  /// The first input with channels is the network's; what others there are the host writes.
  void read_inputs() {
    bool found = false;
    for (const onnx::ValueInfoProto& input : graph_.input()) {
      if (tensors_.contains(input.name())) {
        continue;
      }
      const std::optional<Dims> dims = declared_dims(input);
      Tensor tensor;
      tensor.name = input.name();
      tensor.element_type = input.type().tensor_type().elem_type();
      if (!found) {
        tensor.value = network_input_map(input, dims);
        found = true;
      } else {
        HostOp op{.id = unique_id(draft_, "input " + printable(input.name())), .op = "Input"};
        draft_.network.host_ops.push_back(std::move(op));
        tensor.value = HostTensor{draft_.network.host_ops.size() - 1, draft_.arrays++, dims};
      }
      tensors_[input.name()] = std::move(tensor);
    }
    if (!found) {
      throw input_error("{}: the graph has no input", draft_.file);
    }
  }

  MapTensor network_input_map(const onnx::ValueInfoProto& input, const std::optional<Dims>& dims) {
    constexpr std::int64_t largest = 1 << 20;
    const std::string who = fmt::format("{}: the input {}", draft_.file, printable(input.name()));
    if (!dims || dims->size() < 2 || dims->size() > 4) {
      throw input_error("{}: its shape must be 2 to 4 numbers, of which only the batch may be left open", who);
    }
    const Dims& d = *dims;
    if (std::any_of(d.begin() + 1, d.end(), [](std::int64_t size) { return size > largest; })) {
      throw input_error("{}: a size of {} is more than {}", who, list_of(d), largest);
    }
    draft_.batch = d[0];
    const MapSize size{d[0], d[1], d.size() == 4 ? d[2] : 1, d.size() > 2 ? d.back() : 1};
    draft_.network.input = {static_cast<int>(size.channels), static_cast<int>(size.height),
                            static_cast<int>(size.width), draft_.options.input_bits};
    const int type = input.type().tensor_type().elem_type();
    if (type == onnx::TensorProto::UINT8 || type == onnx::TensorProto::INT8) {
      draft_.stated_bits[network_input] = 8;
    }
    return {.slices = {{network_input, {{0, static_cast<int>(size.channels)}}}},
            .size = size,
            .view = reshaped(plain_view(size), d).value()};
  }

  void read_node(const onnx::NodeProto& proto) {
    check_standard(draft_, proto, draft_.opset);
    const bool keeps_padding = takes_padding(proto);
    Node node{proto, {}};
    std::vector<Tensor> settled_inputs;
    settled_inputs.reserve(static_cast<std::size_t>(proto.input_size()));
    for (const std::string& name : proto.input()) {
      node.inputs.push_back(name.empty() ? nullptr : &find(proto, name));
      if (node.inputs.back() != nullptr && node.inputs.back()->map() != nullptr) {
        count_ranges(draft_, node, range_count(node.inputs.back()->map()->slices));
      }
      if (node.inputs.back() != nullptr && !keeps_padding) {
        settled_inputs.push_back(settled(draft_, *node.inputs.back()));
        node.inputs.back() = &settled_inputs.back();
      }
    }
    Outputs outputs = read(node);
    for (std::size_t i = 0; i < outputs.size() && i < static_cast<std::size_t>(proto.output_size()); ++i) {
      const std::string& name = proto.output(static_cast<int>(i));
      if (!name.empty()) {
        outputs[i].name = name;
        hold(name, std::move(outputs[i]));
      }
    }
  }

  Outputs read(const Node& node) {
    if (auto outputs = fold_constants(draft_, node)) {
      return std::move(*outputs);
    }
    const Handler handler = handler_of(node.proto);
    if (handler != nullptr) {
      if (auto outputs = handler(draft_, node)) {
        return std::move(*outputs);
      }
    }
    if (!takes_padding(node.proto)) {
      return read_on_host(draft_, node);
    }
    Node on_host = node;
    std::vector<Tensor> settled_inputs;
    settled_inputs.reserve(node.inputs.size());
    for (const Tensor*& input : on_host.inputs) {
      if (input != nullptr) {
        settled_inputs.push_back(settled(draft_, *input));
        input = &settled_inputs.back();
      }
    }
    return read_on_host(draft_, on_host);
  }

  const Tensor& find(const onnx::NodeProto& node, const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      throw reject(
          draft_.file, node,
          "reads {}, which is no input, no initialiser and of no node before it (a circle, or weights that are "
          "missing)",
          printable(name));
    }
    return found->second;
  }

  onnx::ModelProto model_;
  const onnx::GraphProto& graph_;
  Draft draft_;
  std::vector<bool> needed_;  // of each node
  std::unordered_map<std::string, Tensor> tensors_;
};

}  // namespace
}  // namespace onnx_import

Network read_onnx(const std::filesystem::path& file, const OnnxOptions& options) {
  return onnx_import::Reader(onnx_import::load_model(file), file, options).network();
}

}  // namespace autonba
