#include "onnx_graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.hpp"
#include "model/network_json.hpp"

namespace autonba {

OnnxGraph::OnnxGraph(int opset) {
  model.set_ir_version(7);
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("test");
}

OnnxGraph& OnnxGraph::input(const std::string& name, const Sizes& dims, int type) {
  onnx::ValueInfoProto& value = *model.mutable_graph()->add_input();
  value.set_name(name);
  value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  for (const std::int64_t dim : dims) {
    auto& added = *value.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim();
    if (dim == -1) {
      added.set_dim_param("N");
    } else {
      added.set_dim_value(dim);
    }
  }
  return *this;
}

OnnxGraph& OnnxGraph::output(const std::string& name) {
  model.mutable_graph()->add_output()->set_name(name);
  return *this;
}

OnnxGraph& OnnxGraph::weights(const std::string& name, const Sizes& dims, int type) {
  onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) {
    tensor.add_dims(dim);
    count *= dim;
  }
  const bool byte = type == onnx::TensorProto::INT8 || type == onnx::TensorProto::UINT8;
  tensor.set_raw_data(std::string(static_cast<std::size_t>(count * (byte ? 1 : 4)), '\0'));
  return *this;
}

OnnxGraph& OnnxGraph::integers(const std::string& name, const Sizes& values) {
  onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t value : values) {
    tensor.add_int64_data(value);
  }
  return *this;
}

OnnxGraph& OnnxGraph::numbers(const std::string& name, const std::vector<float>& values, const Sizes& dims) {
  onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) {
    tensor.add_dims(dim);
  }
  for (const float value : values) {
    tensor.add_float_data(value);
  }
  return *this;
}

OnnxGraph& OnnxGraph::node(const std::string& op, const Names& inputs, const Names& outputs) {
  onnx::NodeProto& added = *model.mutable_graph()->add_node();
  added.set_op_type(op);
  added.set_name(outputs.front());
  for (const std::string& name : inputs) {
    added.add_input(name);
  }
  for (const std::string& name : outputs) {
    added.add_output(name);
  }
  return *this;
}

namespace {

onnx::AttributeProto& new_attribute(onnx::ModelProto& model, const std::string& name,
                                    onnx::AttributeProto::AttributeType type) {
  onnx::GraphProto& graph = *model.mutable_graph();
  onnx::AttributeProto& added = *graph.mutable_node(graph.node_size() - 1)->add_attribute();
  added.set_name(name);
  added.set_type(type);
  return added;
}

}  // namespace

OnnxGraph& OnnxGraph::with(const std::string& name, std::int64_t value) {
  new_attribute(model, name, onnx::AttributeProto::INT).set_i(value);
  return *this;
}

OnnxGraph& OnnxGraph::with(const std::string& name, const Sizes& values) {
  onnx::AttributeProto& added = new_attribute(model, name, onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) {
    added.add_ints(value);
  }
  return *this;
}

OnnxGraph& OnnxGraph::with(const std::string& name, float value) {
  new_attribute(model, name, onnx::AttributeProto::FLOAT).set_f(value);
  return *this;
}

OnnxGraph& OnnxGraph::with(const std::string& name, const std::string& value) {
  new_attribute(model, name, onnx::AttributeProto::STRING).set_s(value);
  return *this;
}

OnnxGraph& OnnxGraph::in_domain(const std::string& domain) {
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.mutable_node(graph.node_size() - 1)->set_domain(domain);
  return *this;
}

OnnxGraph& OnnxGraph::pointwise(const std::string& input, const std::string& output, std::int64_t channels_in,
                                std::int64_t channels_out) {
  weights(output + ".w", {channels_out, channels_in, 1, 1});
  return node("Conv", {input, output + ".w"}, {output});
}

std::filesystem::path test_folder() {
  static const struct OfProcess {
    std::filesystem::path path = std::filesystem::path(testing::TempDir()) / fmt::format("autonba-onnx-{}", ::getpid());
    ~OfProcess() { std::filesystem::remove_all(path); }
  } of_process;
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder = of_process.path / fmt::format("{}_{}", test.test_suite_name(), test.name());
  std::filesystem::create_directories(folder);
  return folder;
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::remove(file);  // writing over a file may wait for the disk
  std::ofstream(file, std::ios::binary) << bytes;
}

Network read(const OnnxGraph& graph, const OnnxOptions& options) {
  const std::filesystem::path file = test_folder() / "model.onnx";
  write_bytes(file, graph.model.SerializeAsString());
  Network network = read_onnx(file, options);
  // Whatever can be read can be written and read again.
  EXPECT_EQ(network_from_json(to_json(network), "net.json"), network);
  return network;
}

std::string complaint(const OnnxGraph& graph) {
  try {
    read(graph);
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "was not refused";
  return "";
}

namespace {

template <std::size_t N>
std::string sizes(const char* name, const std::array<int, N>& values, int usual) {
  if (std::all_of(values.begin(), values.end(), [&](int value) { return value == values[0]; })) {
    return values[0] == usual ? "" : fmt::format(" {}{}", name, values[0]);
  }
  return fmt::format(" {}{}", name, fmt::join(values, ","));
}

}  // namespace

std::string text(const Network& network, std::size_t index) {
  const Layer& layer = network.layers[index];
  const char* const ops[] = {"conv", "depthwise", "linear", "avgpool", "maxpool"};
  std::string line = fmt::format("{} {}x{}x{} -> {}x{}x{} k{}x{}", ops[static_cast<int>(layer.op)], layer.channels_in,
                                 layer.height_in, layer.width_in, layer.channels_out, height_out(layer),
                                 width_out(layer), layer.kernel[0], layer.kernel[1]);
  line += sizes("s", layer.stride, 1) + sizes("p", layer.padding, 0) + sizes("d", layer.dilation, 1);
  const bool own_groups = !is_depthwise_kind(layer) && layer.groups > 1;
  line += own_groups ? fmt::format(" g{}", layer.groups) : "";
  line += layer.residual ? " + " + writer_id(network, *layer.residual) : "";
  if (layer.activation.kind == Activation::Kind::clip) {
    return line + fmt::format(" clip {} {}", layer.activation.low, layer.activation.high);
  }
  return line + (layer.activation.kind == Activation::Kind::relu ? " relu" : "");
}

std::vector<std::string> texts(const Network& network) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    lines.push_back(text(network, i));
  }
  return lines;
}

std::vector<std::string> host_texts(const Network& network) {
  std::vector<std::string> lines;
  for (const HostOp& op : network.host_ops) {
    lines.push_back(fmt::format("{} {}", op.op, op.operations));
  }
  return lines;
}

std::string reads(const Network& network, std::size_t layer) {
  std::string line;
  for (const MapSlice& slice : network.layers[layer].inputs) {
    for (const ChannelRange& range : slice.channels) {
      line += fmt::format("{}{}[{}:{}]", line.empty() ? "" : " ", writer_id(network, slice.writer), range.first,
                          range.count);
    }
  }
  return line;
}

}  // namespace autonba
