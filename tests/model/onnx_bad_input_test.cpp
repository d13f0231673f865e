// Damaged and hostile models: an InputError that names file and node, at once and in little memory.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <functional>

#include "base/error.hpp"
#include "base/random.hpp"
#include "onnx_graph.hpp"

namespace autonba {
namespace {

using testing::AllOf;
using testing::HasSubstr;

OnnxGraph small_model() {
  OnnxGraph graph;
  graph.input("x", {-1, 3, 12, 12}).weights("w", {8, 3, 3, 3});
  graph.node("Conv", {"x", "w"}, {"c"}).with("strides", Sizes{2, 2}).with("pads", Sizes{1, 1, 1, 1});
  for (const char* parameter : {"scale", "bias", "mean", "var"}) {
    graph.weights(parameter, {8});
  }
  graph.node("BatchNormalization", {"c", "scale", "bias", "mean", "var"}, {"n"}).node("Relu", {"n"}, {"r"});
  graph.integers("split", {-1, 2, 4, 6, 6}).integers("join", {-1, 8, 6, 6}).node("Reshape", {"r", "split"}, {"s"});
  graph.node("Transpose", {"s"}, {"t"}).with("perm", Sizes{0, 2, 1, 3, 4}).node("Reshape", {"t", "join"}, {"u"});
  graph.pointwise("u", "v", 8, 8).node("Add", {"v", "r"}, {"a"}).node("HardSwish", {"a"}, {"h"});
  graph.model.mutable_opset_import(0)->set_version(14);
  graph.node("MaxPool", {"h"}, {"m"}).with("kernel_shape", Sizes{2, 2}).node("Flatten", {"m"}, {"f"});
  graph.weights("fc", {200, 10}).node("Gemm", {"f", "fc"}, {"g"}).node("Softmax", {"g"}, {"y"}).output("y");
  return graph;
}

onnx::NodeProto& node_named(OnnxGraph& graph, const std::string& name) {
  for (onnx::NodeProto& node : *graph.model.mutable_graph()->mutable_node()) {
    if (node.name() == name) {
      return node;
    }
  }
  throw std::runtime_error("no node " + name);
}

onnx::TensorProto& tensor_named(OnnxGraph& graph, const std::string& name) {
  for (onnx::TensorProto& tensor : *graph.model.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == name) {
      return tensor;
    }
  }
  throw std::runtime_error("no tensor " + name);
}

TEST(OnnxBadInput, TheSmallModelItselfIsFine) {
  const Network network = read(small_model());
  EXPECT_EQ(network.layers.size(), 4U);
  EXPECT_EQ(network.host_ops.size(), 2U);
}

struct Spoiled {
  const char* what;
  std::function<void(OnnxGraph&)> spoil;
  const char* complaint;
};

TEST(OnnxBadInput, IsNamedWithFileAndNode) {
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  const auto attribute = [](const char* node, const char* name, Sizes values) {
    return [=](OnnxGraph& graph) {
      onnx::NodeProto& changed = node_named(graph, node);
      changed.clear_attribute();
      onnx::AttributeProto& added = *changed.add_attribute();
      added.set_name(name);
      added.set_type(onnx::AttributeProto::INTS);
      added.mutable_ints()->Add(values.begin(), values.end());
    };
  };
  const auto shape = [](const char* tensor, Sizes dims) {
    return [=](OnnxGraph& graph) {
      tensor_named(graph, tensor).clear_dims();
      tensor_named(graph, tensor).mutable_dims()->Add(dims.begin(), dims.end());
    };
  };
  const auto input_shape = [](Sizes dims) {
    return [=](OnnxGraph& graph) {
      graph.model.mutable_graph()->clear_input();
      graph.input("x", dims);
    };
  };
  const std::vector<Spoiled> cases = {
      {"negative strides", attribute("c", "strides", {-1, 2}), "node c (Conv): strides: -1 is not between 1"},
      {"strides of 0", attribute("c", "strides", {0, 0}), "node c (Conv): strides: 0 is not between 1"},
      {"huge strides", attribute("c", "strides", {huge, 1}), "node c (Conv): strides: 4611686018427387904 is not"},
      {"too many strides", attribute("c", "strides", {1, 1, 1}), "node c (Conv): strides has 3 values, 2 are needed"},
      {"negative padding", attribute("c", "pads", {-1, 0, 0, 0}), "node c (Conv): pads: -1 is not between 0"},
      {"dilation that outgrows the map", attribute("c", "dilations", {500'000, 1}), "node c (Conv): the kernel covers"},
      {"another kernel", attribute("c", "kernel_shape", {5, 5}),
       "node c (Conv): kernel_shape is not that of the weights"},
      {"a kernel of nothing", attribute("m", "kernel_shape", {0, 0}), "node m (MaxPool): "},
      {"no kernel", attribute("m", "strides", {1, 1}), "node m (MaxPool): "},
      {"a wrong order", attribute("t", "perm", {0, 1, 1, 3, 4}),
       "node t (Transpose): perm [0, 1, 1, 3, 4] is no order"},
      {"a short order", attribute("t", "perm", {0, 1}), "node t (Transpose): perm [0, 1] is no order"},
      {"huge weights", shape("w", {1 << 30, 1 << 30, 1 << 30, 1 << 30}), "tensor \"w\": the dimensions"},
      {"negative weights", shape("w", {8, 3, -3, -3}), "tensor \"w\": the dimensions [8, 3, -3, -3] are negative"},
      {"weights cut short", shape("w", {8, 3, 3, 4}),
       "tensor \"w\": holds 216 values where its dimensions [8, 3, 3, 4]"},
      {"weights of other channels", shape("w", {6, 4, 3, 3}), "node c (Conv): weights of [6, 4, 3, 3] do not fit"},
      {"a wrong rank", shape("w", {24, 9}), "node c (Conv): its weights have 2 dimensions, its input 4"},
      {"empty weights", [](OnnxGraph& graph) { tensor_named(graph, "w").clear_raw_data(); },
       "tensor \"w\": holds 0 values"},
      {"another matrix", shape("fc", {100, 20}), "node g (Gemm): weights of [100, 20] do not fit an input of [1, 200]"},
      {"statistics of other channels", shape("mean", {4, 2}), "node n (BatchNormalization): mean has the dimensions"},
      {"missing weights", [](OnnxGraph& graph) { node_named(graph, "c").set_input(1, "nobody"); },
       "node c (Conv): reads nobody, which is no input"},
      {"a missing input", [](OnnxGraph& graph) { node_named(graph, "c").set_input(0, "nobody"); },
       "node c (Conv): reads nobody"},
      {"a circle", [](OnnxGraph& graph) { node_named(graph, "c").set_input(0, "v"); }, "node c (Conv): reads v"},
      {"two writers", [](OnnxGraph& graph) { node_named(graph, "v").set_output(0, "c"); },
       "node v (Conv): writes c, which another node writes"},
      {"an unknown operator", [](OnnxGraph& graph) { node_named(graph, "h").set_op_type("HardSwitch"); },
       "node h (HardSwitch): is no operator of ONNX opset 14"},
      {"too few inputs", [](OnnxGraph& graph) { node_named(graph, "n").mutable_input()->RemoveLast(); },
       "node n (BatchNormalization): is not as ONNX opset 14 asks for"},
      {"an attribute of another type",
       [](OnnxGraph& graph) { node_named(graph, "c").mutable_attribute(0)->set_type(onnx::AttributeProto::FLOAT); },
       "node c (Conv): "},
      {"a shape that does not fit", [](OnnxGraph& graph) { tensor_named(graph, "split").set_int64_data(1, 5); },
       "node s (Reshape): [1, 8, 6, 6] cannot take the shape"},
      {"a shape of huge numbers", [](OnnxGraph& graph) { tensor_named(graph, "split").set_int64_data(1, huge); },
       "node s (Reshape): the shape"},
      {"maps that do not fit together", [](OnnxGraph& graph) { node_named(graph, "a").set_input(1, "x"); },
       "node a (Add): its inputs do not fit together"},
      {"no output", [](OnnxGraph& graph) { graph.model.mutable_graph()->mutable_output(0)->set_name("z"); },
       "nothing writes the output z"},
      {"an opset of tomorrow", [](OnnxGraph& graph) { graph.model.mutable_opset_import(0)->set_version(18); },
       "its opset is 18, not between 7 and 17"},
      {"an opset of yesterday", [](OnnxGraph& graph) { graph.model.mutable_opset_import(0)->set_version(6); },
       "its opset is 6, not between 7 and 17"},
      {"no opset", [](OnnxGraph& graph) { graph.model.clear_opset_import(); }, "its opset is 0"},
      {"no nodes", [](OnnxGraph& graph) { graph.model.mutable_graph()->clear_node(); }, "one without nodes"},
      {"a huge input", input_shape({1, 3, huge, huge}), "the input x: its shape must be"},
      {"a wide input", input_shape({1, 3, 1 << 21, 1}),
       "the input x: a size of [1, 3, 2097152, 1] is more than 1048576"},
      {"an open height", input_shape({1, 3, -1, 12}), "the input x: its shape must be 2 to 4 numbers"},
      {"an empty input", input_shape({1, 3, 0, 12}), "the input x: its shape must be"},
      {"an input of too many dimensions", input_shape({1, 3, 4, 4, 4}), "the input x: its shape must be"},
      {"no input", [](OnnxGraph& graph) { graph.model.mutable_graph()->clear_input(); }, "the graph has no input"},
  };
  for (const Spoiled& spoiled : cases) {
    SCOPED_TRACE(spoiled.what);
    OnnxGraph graph = small_model();
    spoiled.spoil(graph);
    EXPECT_THAT(complaint(graph), AllOf(HasSubstr("model.onnx: "), HasSubstr(spoiled.complaint)));
  }
}

/// A small network, and an initialiser t of whole numbers without dimensions yet.
onnx::TensorProto& add_integers(OnnxGraph& graph) {
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "y", 3, 4);
  onnx::TensorProto& tensor = *graph.model.mutable_graph()->add_initializer();
  tensor.set_name("t");
  tensor.set_data_type(onnx::TensorProto::INT64);
  return tensor;
}

TEST(OnnxBadInput, ValuesInTheListOfAnotherTypeAreNotLookedAt) {
  OnnxGraph graph;
  onnx::TensorProto& tensor = add_integers(graph);
  tensor.add_dims(2);
  tensor.add_dims(2);
  for (int i = 0; i < 4; ++i) {
    tensor.add_float_data(1);
  }
  graph.node("Transpose", {"t"}, {"u"}).output("y").output("u");
  EXPECT_EQ(read(graph).layers.size(), 1U);
}

TEST(OnnxBadInput, EmptyTensorsWithAHugeDimensionTakeNoMemory) {
  OnnxGraph graph;
  onnx::TensorProto& tensor = add_integers(graph);
  tensor.add_dims(0);
  tensor.add_dims(std::int64_t{1} << 40);
  graph.node("Transpose", {"t"}, {"u"}).with("perm", Sizes{1, 0}).output("y").output("u");
  EXPECT_EQ(read(graph).layers.size(), 1U);
  tensor.add_dims(2);
  EXPECT_THAT(complaint(graph), HasSubstr("are negative or too large"));
}

TEST(OnnxBadInput, MorePixelsOrProductsThanCanBeCountedAreRefused) {
  OnnxGraph pixels;
  pixels.input("x", {1, 3, 1 << 20, 1 << 20}).pointwise("x", "y", 3, 4).output("y");
  EXPECT_THAT(complaint(pixels), HasSubstr("model.onnx: "));
  OnnxGraph products;
  products.input("x", {1, 1 << 20, 8192, 8192}).weights("w", {1 << 20, 1, 1, 1});
  products.node("Conv", {"x", "w"}, {"c"}).with("group", std::int64_t{1 << 20});
  products.node("Transpose", {"c"}, {"t"}).with("perm", Sizes{0, 3, 2, 1}).pointwise("t", "y", 8192, 4).output("y");
  EXPECT_THAT(complaint(products), HasSubstr("model.onnx: "));
}

/// Weights that lie in another file.
OnnxGraph with_external_data(const std::string& location, const std::string& offset, const std::string& length) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).weights("w", {4, 3, 1, 1}).node("Conv", {"x", "w"}, {"y"}).output("y");
  onnx::TensorProto& tensor = tensor_named(graph, "w");
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] :
       {std::pair("location", location), std::pair("offset", offset), std::pair("length", length)}) {
    onnx::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return graph;
}

TEST(OnnxExternalData, IsFoundBesideTheModel) {
  write_bytes(test_folder() / "weights.bin", std::string(48 + 64, '\0'));
  EXPECT_EQ(read(with_external_data("weights.bin", "64", "48")).layers.size(), 1U);
}

TEST(OnnxExternalData, HoldsShapesToo) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).integers("shape", {1, 48}).weights("w", {48, 5});
  graph.node("Reshape", {"x", "shape"}, {"r"}).node("Gemm", {"r", "w"}, {"y"}).output("y");
  onnx::TensorProto& tensor = tensor_named(graph, "shape");
  std::string bytes(16, '\0');
  bytes[0] = 1;
  bytes[8] = 48;
  write_bytes(test_folder() / "shape.bin", bytes);
  tensor.clear_int64_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  onnx::StringStringEntryProto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value("shape.bin");
  EXPECT_EQ(text(read(graph), 0), "linear 3x4x4 -> 5x1x1 k4x4");
}

TEST(OnnxExternalData, OutsideTheFolderOrNotWholeIsRefused) {
  const std::filesystem::path folder = test_folder();
  write_bytes(folder.parent_path() / "outside.bin", std::string(48, '\0'));
  write_bytes(folder / "short.bin", std::string(40, '\0'));
  std::filesystem::remove(folder / "link.bin");
  std::filesystem::create_symlink(folder.parent_path() / "outside.bin", folder / "link.bin");
  const char* const outside = "does not lie in the folder of the model";
  for (const auto& [location, wanted] :
       {std::pair<std::string, const char*>("../outside.bin", outside),
        {(folder.parent_path() / "outside.bin").string(), outside},
        {"link.bin", outside},
        {"", outside},
        {std::string("a\0b", 3), outside},
        {"nothing.bin", "needs 48 bytes from 0 on in nothing.bin, which is missing"},
        {"short.bin", "needs 48 bytes from 0 on in short.bin, which is missing or has 40"},
        {".", "model.onnx: tensor \"w\": "}}) {
    SCOPED_TRACE(location);
    EXPECT_THAT(complaint(with_external_data(location, "0", "48")),
                AllOf(HasSubstr("model.onnx: tensor \"w\""), HasSubstr(wanted)));
  }
  EXPECT_THAT(complaint(with_external_data("short.bin", "-5", "48")), HasSubstr("the offset \"-5\""));
  EXPECT_THAT(complaint(with_external_data("short.bin", "99999999999999999", "48")), HasSubstr("which is missing"));
  EXPECT_THAT(complaint(with_external_data("short.bin", "0", "12")), HasSubstr("the length \"12\""));
}

/// The file's complaint, or none where it is read.
std::string complaint_of_file(const std::filesystem::path& file) {
  try {
    read_onnx(file);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(OnnxBadInput, FilesThatAreNoModelsAreRefused) {
  const std::filesystem::path file = test_folder() / "model.onnx";
  EXPECT_THAT(complaint_of_file(test_folder()), HasSubstr("is no file that can be read"));
  EXPECT_THAT(complaint_of_file(test_folder() / "missing.onnx"), HasSubstr("is no file that can be read"));
  for (const std::string& bytes :
       {std::string(), std::string(100, '\0'), std::string(1000, '\xff'), std::string("PK\x03\x04 an archive"),
        std::string("\x7f"
                    "ELF\x02\x01\x01")}) {
    write_bytes(file, bytes);
    EXPECT_THAT(complaint_of_file(file), HasSubstr("model.onnx: ")) << bytes.substr(0, 10);
  }
}

TEST(OnnxBadInput, EveryPrefixOfAModelIsRefusedOrRead) {
  const std::string bytes = small_model().model.SerializeAsString();
  const std::filesystem::path file = test_folder() / "model.onnx";
  int refused = 0;
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 64) {
    write_bytes(file, bytes.substr(0, length));
    refused += complaint_of_file(file).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST(OnnxBadInput, ModelsWithFlippedBytesAreRefusedOrRead) {
  const std::filesystem::path file = test_folder() / "model.onnx";
  Rng rng = make_rng(1, "flipped bytes");
  std::string good = small_model().model.SerializeAsString();
  int refused = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::string bytes = good;
    for (std::uint64_t flips = 1 + uniform_index(rng, 4); flips > 0; --flips) {
      bytes[uniform_index(rng, bytes.size())] = static_cast<char>(uniform_index(rng, 256));
    }
    write_bytes(file, bytes);
    const std::string what = complaint_of_file(file);
    EXPECT_TRUE(what.empty() || what.find("model.onnx: ") != std::string::npos) << what;
    refused += what.empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 400);
  EXPECT_LT(refused, 4000);
}

#ifdef __SANITIZE_ADDRESS__
constexpr double most_seconds = 5;  // instructions that watch every access take their time
#else
constexpr double most_seconds = 1;
#endif

double seconds_for(const std::filesystem::path& file, std::string& complaint) {
  const auto start = std::chrono::steady_clock::now();
  complaint = complaint_of_file(file);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

long peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

/// `count` times `part` as the field `number` of a message.
std::string repeated(char number, const std::string& part, int count) {
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(count) * (part.size() + 2));
  for (int i = 0; i < count; ++i) {
    bytes += static_cast<char>(number << 3 | 2);
    bytes += static_cast<char>(part.size());
    bytes += part;
  }
  return bytes;
}

std::string with_length(char number, const std::string& content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  for (std::size_t size = content.size();; size >>= 7) {
    bytes += static_cast<char>(size >= 0x80 ? size | 0x80 : size);
    if (size < 0x80) {
      return bytes + content;
    }
  }
}

TEST(OnnxBadInput, SmallFilesThatGrowInMemoryAreStoppedAtOnce) {
  const std::filesystem::path file = test_folder() / "model.onnx";
  const std::string opset = OnnxGraph().model.SerializeAsString();
  const int count = 10'000'000;
  std::string nested;
  for (int i = 0; i < 2000; ++i) {
    nested = with_length(1, with_length(5, with_length(6, nested)));  // node, attribute, graph
  }
  const std::vector<std::pair<const char*, std::string>> files = {
      {"empty nodes", opset + with_length(7, repeated(1, "", count))},
      {"empty names", opset + with_length(7, with_length(1, repeated(1, "", count)))},
      {"empty tensors", opset + with_length(7, repeated(5, "", count))},
      {"nested graphs", opset + with_length(7, nested)},
  };
  for (const auto& [name, bytes] : files) {
    SCOPED_TRACE(name);
    write_bytes(file, bytes);
    std::string what;
    EXPECT_LT(seconds_for(file, what), most_seconds);
    EXPECT_THAT(what, HasSubstr("model.onnx: "));
  }
  EXPECT_LT(peak_megabytes(), 1000);
}

TEST(OnnxBadInput, GraphsThatMultiplyAreStoppedAtOnce) {
  // Each concatenation doubles what it lists; each shuffle lists every channel on its own.
  OnnxGraph doubling;
  doubling.input("x", {1, 3, 4, 4}).pointwise("x", "c0", 3, 1000);
  for (int i = 0; i < 60; ++i) {
    const std::string name = fmt::format("c{}", i);
    doubling.node("Concat", {name, name}, {fmt::format("c{}", i + 1)}).with("axis", std::int64_t{1});
  }
  doubling.output("c60");
  OnnxGraph shuffling;
  shuffling.input("x", {1, 1 << 20, 1, 1}).integers("split", {1, 2, -1, 1, 1}).integers("join", {1, -1, 1, 1});
  for (int i = 0; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    shuffling.node("Reshape", {i == 0 ? "x" : fmt::format("s{}", i - 1), "split"}, {"r" + n});
    shuffling.node("Transpose", {"r" + n}, {"t" + n}).with("perm", Sizes{0, 2, 1, 3, 4});
    shuffling.node("Reshape", {"t" + n, "join"}, {"s" + n}).node("GlobalMaxPool", {"s" + n}, {"y" + n}).output("y" + n);
  }
  OnnxGraph hosts;
  hosts.input("x", {1, 3, 8, 8});
  for (int i = 0; i < 20'000; ++i) {
    hosts.node("Sigmoid", {i == 0 ? "x" : fmt::format("s{}", i - 1)}, {fmt::format("s{}", i)});
  }
  hosts.pointwise("s19999", "y", 3, 4).output("y");
  OnnxGraph constants;  // each copy holds all values
  constants.input("x", {1, 3, 8, 8}).weights("i0", {8192}, onnx::TensorProto::INT8);
  for (int i = 0; i < 10'000; ++i) {
    constants.node("Identity", {fmt::format("i{}", i)}, {fmt::format("i{}", i + 1)});
  }
  constants.pointwise("x", "y", 3, 4).output("y").output("i10000");
  OnnxGraph names;  // those wanted again are taken already
  names.input("s0", {1, 3, 8, 8});
  for (int i = 0; i < 10'000; ++i) {
    names.node("Sigmoid", {fmt::format("s{}", i)}, {fmt::format("s{}", i + 1)});
    names.model.mutable_graph()->mutable_node(i)->set_name(i < 5'000 ? fmt::format("a#{}", i) : "a");
  }
  names.pointwise("s10000", "y", 3, 4).output("y");
  for (const OnnxGraph* graph : {&doubling, &shuffling, &hosts, &constants, &names}) {
    const std::filesystem::path file = test_folder() / "model.onnx";
    write_bytes(file, graph->model.SerializeAsString());
    std::string what;
    EXPECT_LT(seconds_for(file, what), most_seconds) << what;
  }
  EXPECT_THAT(complaint(constants), HasSubstr("the graph has more than 8000000 numbers that are known before it runs"));
  EXPECT_LT(peak_megabytes(), 1000);
}

}  // namespace
}  // namespace autonba
