#include "model/onnx/names.hpp"

#include <algorithm>

namespace autonba::onnx_import {

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string found(text.substr(0, longest));
  std::replace_if(
      found.begin(), found.end(), [](char c) { return c < ' ' || c > '~' || c == '"'; }, '?');
  return found;
}

std::string list_of(const Dims& dims) {
  constexpr std::size_t most = 16;
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(dims.size(), most); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(dims[i]);
  }
  return text + (dims.size() > most ? ", ...]" : "]");
}

std::string place_of(const onnx::NodeProto& node) {
  const std::string op = printable(node.op_type());
  if (!node.name().empty()) {
    return fmt::format("node {} ({})", printable(node.name()), op);
  }
  return fmt::format("node that writes {} ({})", node.output_size() > 0 ? printable(node.output(0)) : "nothing", op);
}

bool is_standard(const onnx::NodeProto& node) {
  return node.domain().empty() || node.domain() == "ai.onnx";
}

}  // namespace autonba::onnx_import
