#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <vector>

#include "model/network.hpp"
#include "model/read_onnx.hpp"

namespace autonba {

using Sizes = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

/// An ONNX model, built node by node with libonnx's classes. Nodes are named after what they write.
class OnnxGraph {
 public:
  explicit OnnxGraph(int opset = 13);

  OnnxGraph& input(const std::string& name, const Sizes& dims, int type = onnx::TensorProto::FLOAT);  // -1: open
  OnnxGraph& output(const std::string& name);
  /// A constant of zeros, whose values do not matter.
  OnnxGraph& weights(const std::string& name, const Sizes& dims, int type = onnx::TensorProto::FLOAT);
  OnnxGraph& integers(const std::string& name, const Sizes& values);
  OnnxGraph& numbers(const std::string& name, const std::vector<float>& values, const Sizes& dims);

  OnnxGraph& node(const std::string& op, const Names& inputs, const Names& outputs);
  // Attributes of the node that was added last.
  OnnxGraph& with(const std::string& name, std::int64_t value);
  OnnxGraph& with(const std::string& name, const Sizes& values);
  OnnxGraph& with(const std::string& name, float value);
  OnnxGraph& with(const std::string& name, const std::string& value);
  OnnxGraph& in_domain(const std::string& domain);

  /// Convolution of 1×1 from `input` to `output`, with weights of its own.
  OnnxGraph& pointwise(const std::string& input, const std::string& output, std::int64_t channels_in,
                       std::int64_t channels_out);

  onnx::ModelProto model;
};

/// A folder of the test that is running, empty at first.
std::filesystem::path test_folder();

void write_bytes(const std::filesystem::path& file, const std::string& bytes);

/// Reads the model from a file, as users do. Its name is model.onnx.
Network read(const OnnxGraph& graph, const OnnxOptions& options = {});

/// The message with which the model is refused; the test fails where it is not.
std::string complaint(const OnnxGraph& graph);

/// "conv 3x8x8 -> 16x4x4 k3x3 s2 p1" and what is not usual besides: strides and dilations that differ down and across
/// as 2,1, padding as top,left,bottom,right; groups g2, dilation d2, an activation, "+ id" of what is added.
std::string text(const Network& network, std::size_t layer);
std::vector<std::string> texts(const Network& network);

/// "Softmax 10" for each operation of the host.
std::vector<std::string> host_texts(const Network& network);

/// What a layer reads: "a[0:8] b[4:2]", channels as first:count.
std::string reads(const Network& network, std::size_t layer);

}  // namespace autonba
