// What becomes a layer: convolutions, matrices, pooling. All sizes by hand.
#include <gmock/gmock.h>

#include "onnx_graph.hpp"

namespace autonba {
namespace {

using testing::ElementsAre;

TEST(OnnxLayers, AConvolutionHasStridesPadsAndDilationsOfItsOwnOnEverySide) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 20, 30}).weights("w", {8, 3, 3, 5}).weights("b", {8});
  graph.node("Conv", {"x", "w", "b"}, {"y"}).with("strides", Sizes{2, 3}).with("pads", Sizes{0, 1, 2, 3});
  graph.with("dilations", Sizes{2, 1}).with("kernel_shape", Sizes{3, 5}).output("y");
  const Network network = read(graph);
  // Down: 20 + 0 + 2 rows, 5 covered, stride 2: (22 - 5) / 2 + 1 = 9. Across: 30 + 1 + 3, 5 covered: 29 / 3 + 1 = 10.
  EXPECT_THAT(texts(network), ElementsAre("conv 3x20x30 -> 8x9x10 k3x5 s2,3 p0,1,2,3 d2,1"));
  EXPECT_EQ(macs(network), 8 * 3 * 15 * 90);
  EXPECT_EQ(network.layers[0].id, "y");
}

TEST(OnnxLayers, GroupsAndDepthwiseConvolutionsAreToldApart) {
  OnnxGraph graph;
  graph.input("x", {1, 8, 6, 6}).weights("w0", {16, 2, 1, 1}).weights("w1", {16, 1, 3, 3}).weights("w2", {32, 1, 3, 3});
  graph.node("Conv", {"x", "w0"}, {"grouped"}).with("group", std::int64_t{4});
  graph.node("Conv", {"grouped", "w1"}, {"depthwise"}).with("group", std::int64_t{16}).with("pads", Sizes{1, 1, 1, 1});
  graph.node("Conv", {"depthwise", "w2"}, {"twice"}).with("group", std::int64_t{16}).output("twice");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 8x6x6 -> 16x6x6 k1x1 g4", "depthwise 16x6x6 -> 16x6x6 k3x3 p1",
                                          "conv 16x6x6 -> 32x4x4 k3x3 g16"));
  EXPECT_EQ(macs(network), 16 * 2 * 36 + 16 * 9 * 36 + 32 * 9 * 16);
}

TEST(OnnxLayers, AutoPadPutsTheOddZeroAtTheEndOrAtTheBeginning) {
  for (const auto& [mode, expected] : {std::pair("SAME_UPPER", "conv 3x8x8 -> 4x4x4 k3x3 s2 p0,0,1,1"),
                                       std::pair("SAME_LOWER", "conv 3x8x8 -> 4x4x4 k3x3 s2 p1,1,0,0"),
                                       std::pair("VALID", "conv 3x8x8 -> 4x3x3 k3x3 s2")}) {
    OnnxGraph graph;
    graph.input("x", {1, 3, 8, 8}).weights("w", {4, 3, 3, 3});
    graph.node("Conv", {"x", "w"}, {"y"}).with("strides", Sizes{2, 2}).with("auto_pad", std::string(mode)).output("y");
    EXPECT_THAT(texts(read(graph)), ElementsAre(expected));
  }
}

TEST(OnnxLayers, AConvolutionOfOneDimensionRunsAlongARow) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 100}).weights("w", {8, 4, 5});
  graph.node("Conv", {"x", "w"}, {"y"}).with("strides", Sizes{2}).with("pads", Sizes{2, 1}).output("y");
  // (100 + 3 - 5) / 2 + 1 = 50
  EXPECT_THAT(texts(read(graph)), ElementsAre("conv 4x1x100 -> 8x1x50 k1x5 s1,2 p0,2,0,1"));
}

TEST(OnnxLayers, ConvolutionsThatNoChunkRunsAreTheHosts) {
  OnnxGraph graph;  // a stride of 16, three dimensions, weights that are no constant
  graph.input("x", {1, 3, 32, 32}).weights("w", {8, 3, 16, 16}).weights("w3", {4, 1, 3, 3, 3});
  graph.integers("cube", {1, 1, 8, 8, 2}).integers("dynamic", {8, 4, 2, 2});
  graph.node("Conv", {"x", "w"}, {"patches"}).with("strides", Sizes{16, 16}).pointwise("patches", "y", 8, 32);
  graph.node("Reshape", {"y", "cube"}, {"boxes"}).node("Conv", {"boxes", "w3"}, {"volume"});
  graph.with("pads", Sizes{1, 1, 1, 1, 1, 1}).node("Reshape", {"y", "dynamic"}, {"w4"});
  graph.weights("w5", {4, 3, 1, 1}).node("Conv", {"x", "w5"}, {"z"}).node("Conv", {"z", "w4"}, {"end"});
  graph.output("end").output("volume");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 8x2x2 -> 32x2x2 k1x1", "conv 3x32x32 -> 4x32x32 k1x1"));
  EXPECT_THAT(host_texts(network),
              ElementsAre("Conv " + std::to_string(8 * 4 * 3 * 256), "Conv " + std::to_string(4 * 128 * 27),
                          "Conv " + std::to_string(8 * 31 * 31 * 16)));
}

TEST(OnnxLayers, AStrideAboveThatOfChunksDoesNotMatterWithOneOutput) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 16, 16}).weights("w", {8, 3, 16, 16});
  graph.node("Conv", {"x", "w"}, {"y"}).with("strides", Sizes{16, 16}).output("y");
  EXPECT_THAT(texts(read(graph)), ElementsAre("conv 3x16x16 -> 8x1x1 k16x16 s16"));
}

TEST(OnnxLayers, GemmAfterFlattenIsALinearLayerOnTheMap) {
  for (const bool transposed : {false, true}) {
    OnnxGraph graph;
    graph.input("x", {-1, 4, 3, 5}).weights("w", transposed ? Sizes{10, 60} : Sizes{60, 10}).weights("b", {10});
    graph.node("Flatten", {"x"}, {"flat"}).node("Gemm", {"flat", "w", "b"}, {"y"});
    graph.with("transB", std::int64_t{transposed}).output("y");
    const Network network = read(graph);
    EXPECT_THAT(texts(network), ElementsAre("linear 4x3x5 -> 10x1x1 k3x5"));
    EXPECT_EQ(macs(network), 600);
    EXPECT_EQ(network.layers[0].bits_out, 32);
    EXPECT_TRUE(network.host_ops.empty());
  }
}

TEST(OnnxLayers, MatMulOverTokensIsAConvolutionOfOnePixel) {
  OnnxGraph graph;
  graph.input("x", {1, 12, 4, 4}).integers("shape", {1, 12, 16}).weights("w", {12, 20}).weights("b", {20});
  graph.node("Reshape", {"x", "shape"}, {"r"}).node("Transpose", {"r"}, {"t"}).with("perm", Sizes{0, 2, 1});
  graph.node("MatMul", {"t", "w"}, {"m"}).node("Add", {"m", "b"}, {"y"}).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 12x4x4 -> 20x4x4 k1x1"));
  EXPECT_TRUE(network.host_ops.empty());
}

TEST(OnnxLayers, AMatrixTimesAnotherMapIsTheHosts) {
  OnnxGraph graph;
  graph.input("x", {1, 6, 4, 4}).integers("shape", {1, 6, 16});
  graph.pointwise("x", "q", 6, 6).pointwise("x", "k", 6, 6).node("Reshape", {"q", "shape"}, {"a"});
  graph.node("Reshape", {"k", "shape"}, {"b"}).node("Transpose", {"a"}, {"at"}).with("perm", Sizes{0, 2, 1});
  graph.node("MatMul", {"at", "b"}, {"s"}).node("Softmax", {"s"}, {"y"}).with("axis", std::int64_t{2}).output("y");
  const Network network = read(graph);
  EXPECT_EQ(network.layers.size(), 2U);
  EXPECT_THAT(host_texts(network), ElementsAre("MatMul 1536", "Softmax 256"));  // 16·16·6, 16·16
}

TEST(OnnxLayers, MaxPoolingRoundsUpWhereAskedTo) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 14, 13});
  graph.node("MaxPool", {"x"}, {"y"}).with("kernel_shape", Sizes{3, 3}).with("strides", Sizes{2, 2});
  graph.with("ceil_mode", std::int64_t{1}).output("y");
  // Down (14 - 3) / 2 = 5.5: 7 outputs, one row of padding. Across (13 - 3) / 2 = 5: 6 outputs.
  EXPECT_THAT(texts(read(graph)), ElementsAre("maxpool 4x14x13 -> 4x7x6 k3x3 s2 p0,0,1,0"));
}

TEST(OnnxLayers, AWindowThatWouldBeginBehindTheMapDoesNotCount) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 3, 3});
  graph.node("MaxPool", {"x"}, {"y"}).with("kernel_shape", Sizes{1, 1}).with("strides", Sizes{2, 2});
  graph.with("ceil_mode", std::int64_t{1}).with("pads", Sizes{0, 0, 1, 1}).output("y");
  // Padded to 4: (4 - 1) / 2 rounded up gives a third window at 4, beyond the map.
  EXPECT_THAT(texts(read(graph)), ElementsAre("maxpool 4x3x3 -> 4x2x2 k1x1 s2 p0,0,1,1"));
}

TEST(OnnxLayers, AveragePoolingCountsItsPaddingOrIsTheHosts) {
  for (const bool counts : {true, false}) {
    OnnxGraph graph;
    graph.input("x", {1, 4, 8, 8}).pointwise("x", "c", 4, 4);
    graph.node("AveragePool", {"c"}, {"y"}).with("kernel_shape", Sizes{3, 3}).with("pads", Sizes{1, 1, 1, 1});
    graph.with("count_include_pad", std::int64_t{counts}).output("y");
    const Network network = read(graph);
    EXPECT_EQ(network.layers.size(), counts ? 2U : 1U);
    EXPECT_EQ(network.host_ops.size(), counts ? 0U : 1U);
    if (counts) {
      EXPECT_EQ(text(network, 1), "avgpool 4x8x8 -> 4x8x8 k3x3 p1");
    }
  }
}

TEST(OnnxLayers, GlobalPoolingAndMeansOverAllPixelsTakeTheWholeMap) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 7, 5});
  graph.node("GlobalAveragePool", {"x"}, {"a"}).node("GlobalMaxPool", {"x"}, {"b"});
  graph.node("ReduceMean", {"x"}, {"c"}).with("axes", Sizes{2, 3}).with("keepdims", std::int64_t{0});
  graph.node("ReduceMean", {"x"}, {"d"}).with("axes", Sizes{-1, -2});
  graph.node("ReduceMean", {"x"}, {"e"}).with("axes", Sizes{1});  // over channels
  graph.weights("w", {4, 10}).node("Gemm", {"c", "w"}, {"f"});
  for (const char* name : {"a", "b", "d", "e", "f"}) {
    graph.output(name);
  }
  const Network network = read(graph);
  EXPECT_THAT(texts(network),
              ElementsAre("avgpool 4x7x5 -> 4x1x1 k7x5", "maxpool 4x7x5 -> 4x1x1 k7x5", "avgpool 4x7x5 -> 4x1x1 k7x5",
                          "avgpool 4x7x5 -> 4x1x1 k7x5", "linear 4x1x1 -> 10x1x1 k1x1"));
  EXPECT_THAT(host_texts(network), ElementsAre("ReduceMean 140"));
}

TEST(OnnxLayers, AMeanOverTokensPoolsTheMap) {
  OnnxGraph graph;
  graph.input("x", {1, 12, 4, 4}).integers("shape", {1, 12, 16});
  graph.node("Reshape", {"x", "shape"}, {"r"}).node("Transpose", {"r"}, {"t"}).with("perm", Sizes{0, 2, 1});
  graph.node("ReduceMean", {"t"}, {"y"}).with("axes", Sizes{1}).with("keepdims", std::int64_t{0}).output("y");
  EXPECT_THAT(texts(read(graph)), ElementsAre("avgpool 12x4x4 -> 12x1x1 k4x4"));
}

TEST(OnnxLayers, ABatchOfSeveralImagesCountsAsOne) {
  OnnxGraph graph;
  graph.input("x", {8, 3, 6, 6}).weights("w", {360, 10}).integers("shape", {8, -1});
  graph.pointwise("x", "c", 3, 10).node("Reshape", {"c", "shape"}, {"flat"}).node("Gemm", {"flat", "w"}, {"g"});
  graph.node("Softmax", {"g"}, {"y"}).output("y");
  const Network network = read(graph);
  EXPECT_EQ(macs(network), 30 * 36 + 3600);
  EXPECT_THAT(host_texts(network), ElementsAre("Softmax 10"));
}

TEST(OnnxLayers, TheShapeOfAnOpenBatchIsWorkedOut) {
  // As PyTorch writes x.view(x.size(0), -1): Shape, Gather, Unsqueeze, Concat, Reshape.
  OnnxGraph graph(11);
  graph.input("x", {-1, 4, 3, 3}).weights("w", {36, 10}).integers("minus", {-1});
  graph.node("Shape", {"x"}, {"s"}).node("Constant", {}, {"zero"}).with("value_int", std::int64_t{0});
  graph.model.mutable_graph()->mutable_node(1)->clear_attribute();
  onnx::AttributeProto& value = *graph.model.mutable_graph()->mutable_node(1)->add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  value.mutable_t()->set_data_type(onnx::TensorProto::INT64);
  value.mutable_t()->add_int64_data(0);
  graph.node("Gather", {"s", "zero"}, {"n"}).with("axis", std::int64_t{0});
  graph.node("Unsqueeze", {"n"}, {"n1"}).with("axes", Sizes{0});
  graph.node("Concat", {"n1", "minus"}, {"shape"}).with("axis", std::int64_t{0});
  graph.node("Reshape", {"x", "shape"}, {"flat"}).node("Gemm", {"flat", "w"}, {"y"}).output("y");
  EXPECT_THAT(texts(read(graph)), ElementsAre("linear 4x3x3 -> 10x1x1 k3x3"));
}

}  // namespace
}  // namespace autonba
