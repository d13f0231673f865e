// What becomes a part of a layer, what only names channels, and what is left to the host.
#include <gmock/gmock.h>

#include "base/error.hpp"
#include "onnx_graph.hpp"

namespace autonba {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

OnnxGraph& normalise(OnnxGraph& graph, const std::string& input, const std::string& output, std::int64_t channels) {
  for (const char* parameter : {".scale", ".bias", ".mean", ".var"}) {
    graph.weights(output + parameter, {channels});
  }
  return graph.node("BatchNormalization",
                    {input, output + ".scale", output + ".bias", output + ".mean", output + ".var"}, {output});
}

TEST(OnnxFold, BatchNormalisationAndReluBecomePartOfTheConvolution) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4);
  normalise(graph, "c", "n", 4).node("Relu", {"n"}, {"y"}).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1 relu"));
  EXPECT_EQ(network.layers[0].bits_out, 8);
}

TEST(OnnxFold, BatchNormalisationOfAMapThatOthersReadIsADepthwiseLayer) {
  OnnxGraph graph;  // as in a DenseNet: c is read twice
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4);
  normalise(graph, "c", "n", 4).node("Relu", {"n"}, {"r"}).pointwise("r", "d", 4, 4);
  graph.node("Concat", {"c", "d"}, {"y"}).with("axis", std::int64_t{1}).pointwise("y", "end", 8, 2).output("end");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1", "depthwise 4x8x8 -> 4x8x8 k1x1 relu",
                                          "conv 4x8x8 -> 4x8x8 k1x1", "conv 8x8x8 -> 2x8x8 k1x1"));
  EXPECT_EQ(reads(network, 3), "c[0:4] d[0:4]");
}

TEST(OnnxFold, BoundsOfClipsAreAttributesOrInputsAndFollowEachOther) {
  OnnxGraph attributes(10);
  attributes.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4);
  attributes.node("Clip", {"c"}, {"y"}).with("min", 0.0F).with("max", 6.0F).output("y");
  EXPECT_THAT(texts(read(attributes)), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1 clip 0 6"));

  OnnxGraph inputs;
  inputs.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).numbers("low", {-1}, {}).numbers("high", {4}, {});
  inputs.node("Clip", {"c", "low", "high"}, {"a"}).node("Relu", {"a"}, {"y"}).output("y");
  EXPECT_THAT(texts(read(inputs)), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1 clip 0 4"));

  OnnxGraph halves;  // of 16 bits, as raw bytes and in the list of whole numbers
  halves.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4);
  for (const char* name : {"low", "high"}) {
    onnx::TensorProto& bound = *halves.model.mutable_graph()->add_initializer();
    bound.set_name(name);
    bound.set_data_type(onnx::TensorProto::FLOAT16);
  }
  halves.model.mutable_graph()->mutable_initializer(1)->set_raw_data(std::string("\x00\xb8", 2));  // −1 · 2⁻¹
  halves.model.mutable_graph()->mutable_initializer(2)->add_int32_data(0x4600);                    // 1.5 · 2²
  halves.node("Clip", {"c", "low", "high"}, {"y"}).output("y");
  EXPECT_THAT(texts(read(halves)), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1 clip -0.5 6"));

  OnnxGraph only_low;
  only_low.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).numbers("low", {0}, {});
  only_low.node("Clip", {"c", "low"}, {"y"}).output("y");
  EXPECT_THAT(texts(read(only_low)), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1 relu"));
}

TEST(OnnxFold, AReluOfAMapThatOthersReadIsTheHosts) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).node("Relu", {"c"}, {"r"}).pointwise("c", "a", 4, 4);
  graph.pointwise("r", "b", 4, 4).output("a").output("b");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("Relu 256"));
  EXPECT_EQ(reads(network, 2), "r[0:4]");
  EXPECT_EQ(network.host_ops[0].reads, std::vector<int>{0});
}

TEST(OnnxFold, AnActivationBehindAConcatenationIsFoldedIntoAllItsWriters) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "a", 3, 4).pointwise("x", "b", 3, 5);
  graph.node("Concat", {"a", "b"}, {"ab"}).with("axis", std::int64_t{1}).node("Relu", {"ab"}, {"r"});
  graph.pointwise("r", "y", 9, 2).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1 relu", "conv 3x8x8 -> 5x8x8 k1x1 relu",
                                          "conv 9x8x8 -> 2x8x8 k1x1"));
  EXPECT_EQ(reads(network, 2), "a[0:4] b[0:5]");
}

TEST(OnnxFold, FactorsAndSummandsOfChannelsAreNoWork) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).weights("s", {4, 1, 1}).weights("t", {1, 4, 1, 1});
  graph.numbers("two", {2}, {}).node("Mul", {"c", "s"}, {"m"}).node("Sub", {"m", "t"}, {"n"});
  graph.node("Div", {"n", "two"}, {"y"}).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 3x8x8 -> 4x8x8 k1x1"));
  EXPECT_THAT(network.host_ops, IsEmpty());

  OnnxGraph positions;  // a summand of its own for every pixel
  positions.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).weights("t", {1, 1, 8, 8});
  positions.node("Add", {"c", "t"}, {"y"}).output("y");
  EXPECT_THAT(host_texts(read(positions)), ElementsAre("Add 256"));
}

TEST(OnnxFold, AnAdditionIsTheResidualOfTheLaterLayerWithItsReluBehind) {
  OnnxGraph graph;  // as in a ResNet with a projection
  graph.input("x", {1, 4, 8, 8})
      .weights("w", {4, 4, 3, 3})
      .pointwise("x", "first", 4, 4)
      .node("Relu", {"first"}, {"r"});
  graph.node("Conv", {"r", "w"}, {"main"}).with("pads", Sizes{1, 1, 1, 1}).pointwise("r", "shortcut", 4, 4);
  graph.node("Add", {"main", "shortcut"}, {"sum"}).node("Relu", {"sum"}, {"y"}).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 4x8x8 -> 4x8x8 k1x1 relu", "conv 4x8x8 -> 4x8x8 k3x3 p1",
                                          "conv 4x8x8 -> 4x8x8 k1x1 + main relu"));
}

TEST(OnnxFold, ALayerMovesBehindWhatIsAddedToIt) {
  OnnxGraph graph;  // a comes first, but only a can take the addition: b has its ReLU before
  graph.input("x", {1, 4, 8, 8}).pointwise("x", "a", 4, 4).pointwise("x", "b", 4, 4).node("Relu", {"b"}, {"r"});
  graph.node("Add", {"a", "r"}, {"y"}).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 4x8x8 -> 4x8x8 k1x1 relu", "conv 4x8x8 -> 4x8x8 k1x1 + b"));
  EXPECT_EQ(network.layers[0].id, "b");
  EXPECT_EQ(network.layers[1].id, "a");
}

TEST(OnnxFold, AnAdditionThatNoLayerCanTakeIsTheHosts) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 8, 8}).pointwise("x", "a", 4, 4).pointwise("x", "b", 4, 4);
  graph.node("Relu", {"a"}, {"ra"}).node("Relu", {"b"}, {"rb"}).node("Add", {"ra", "rb"}, {"sum"});
  graph.pointwise("sum", "y", 4, 2).output("y");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("Add 256"));
  EXPECT_EQ(reads(network, 2), "sum[0:4]");
  EXPECT_EQ(network.host_ops[0].map, (NetworkInput{4, 8, 8, 8}));
  EXPECT_DOUBLE_EQ(host_share(network), 256.0 / (256 + 64 * (16 + 16 + 8)));
}

TEST(OnnxFold, ASumOfAMapWithItselfIsNoResidual) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 8, 8}).pointwise("x", "a", 4, 4).node("Add", {"a", "a"}, {"y"}).output("y");
  EXPECT_THAT(host_texts(read(graph)), ElementsAre("Add 256"));
}

TEST(OnnxFold, GatesOfTheHostKeepTheirNames) {
  for (const auto& [gate, name] : {std::pair("Sigmoid", "SiLU 512"), std::pair("HardSigmoid", "HardSwish 512")}) {
    OnnxGraph graph;
    graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).node(gate, {"c"}, {"g"}).node("Mul", {"c", "g"}, {"s"});
    graph.pointwise("s", "y", 4, 2).output("y");
    const Network network = read(graph);
    EXPECT_THAT(host_texts(network), ElementsAre(name));
    EXPECT_EQ(network.layers.size(), 2U);
    EXPECT_EQ(network.layers[0].activation.kind, Activation::Kind::none);
  }
}

TEST(OnnxFold, ActivationsThatTheTemplateLacksAreListed) {
  OnnxGraph graph(14);
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "a", 3, 4).weights("slope", {4, 1, 1});
  graph.node("HardSwish", {"a"}, {"b"}).node("PRelu", {"b", "slope"}, {"c"}).node("LeakyRelu", {"c"}, {"d"});
  graph.node("HardSigmoid", {"d"}, {"e"}).node("Sigmoid", {"e"}, {"f"}).pointwise("f", "y", 4, 2).output("y");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network),
              ElementsAre("HardSwish 256", "PRelu 256", "LeakyRelu 256", "HardSigmoid 256", "Sigmoid 256"));
  EXPECT_EQ(reads(network, 1), "f[0:4]");
  // Only what a layer reads is written to memory.
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(network.host_ops[i].map.has_value(), i == 4);
  }
}

TEST(OnnxFold, SqueezeAndExcitationLeavesItsMultiplicationToTheHost) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 16).node("GlobalAveragePool", {"c"}, {"p"});
  graph.pointwise("p", "squeeze", 16, 4).node("Relu", {"squeeze"}, {"r"}).pointwise("r", "excite", 4, 16);
  graph.node("HardSigmoid", {"excite"}, {"g"}).node("Mul", {"c", "g"}, {"m"}).pointwise("m", "y", 16, 2).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network),
              ElementsAre("conv 3x8x8 -> 16x8x8 k1x1", "avgpool 16x8x8 -> 16x1x1 k8x8",
                          "conv 16x1x1 -> 4x1x1 k1x1 relu", "conv 4x1x1 -> 16x1x1 k1x1", "conv 16x8x8 -> 2x8x8 k1x1"));
  EXPECT_THAT(host_texts(network), ElementsAre("HardSigmoid 16", "Mul 1024"));
  EXPECT_EQ(network.host_ops[1].reads, (std::vector<int>{host_writer(0), 0}));
}

TEST(OnnxMoves, AChannelShuffleIsAnOrderOfChannels) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "c", 3, 6).integers("split", {1, 2, 3, 4, 4});
  graph.integers("joined", {1, -1, 4, 4}).node("Reshape", {"c", "split"}, {"r"});
  graph.node("Transpose", {"r"}, {"t"}).with("perm", Sizes{0, 2, 1, 3, 4}).node("Reshape", {"t", "joined"}, {"s"});
  graph.weights("w", {6, 1, 3, 3}).node("Conv", {"s", "w"}, {"y"}).with("group", std::int64_t{6}).output("y");
  const Network network = read(graph);
  EXPECT_THAT(network.host_ops, IsEmpty());
  EXPECT_EQ(reads(network, 1), "c[0:1] c[3:1] c[1:1] c[4:1] c[2:1] c[5:1]");
}

TEST(OnnxMoves, PartsOfMapsAreListsOfChannels) {
  OnnxGraph graph(11);
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "c", 3, 8).integers("from", {2}).integers("to", {1000});
  graph.integers("axes", {1}).integers("steps", {3}).integers("which", {7, 0, 1});
  graph.node("Split", {"c"}, {"a", "b"}).with("axis", std::int64_t{1}).with("split", Sizes{3, 5});
  graph.node("Slice", {"c", "from", "to", "axes", "steps"}, {"d"});
  graph.node("Gather", {"c", "which"}, {"e"}).with("axis", std::int64_t{1});
  graph.node("Concat", {"b", "x", "a"}, {"f"}).with("axis", std::int64_t{-3});
  graph.pointwise("a", "ya", 3, 2).pointwise("b", "yb", 5, 2).pointwise("d", "yd", 2, 2).pointwise("e", "ye", 3, 2);
  graph.pointwise("f", "yf", 11, 2);
  for (const char* name : {"ya", "yb", "yd", "ye", "yf"}) {
    graph.output(name);
  }
  const Network network = read(graph);
  EXPECT_THAT(network.host_ops, IsEmpty());
  EXPECT_EQ(reads(network, 1), "c[0:3]");
  EXPECT_EQ(reads(network, 2), "c[3:5]");
  EXPECT_EQ(reads(network, 3), "c[2:1] c[5:1]");
  EXPECT_EQ(reads(network, 4), "c[7:1] c[0:2]");
  EXPECT_EQ(reads(network, 5), "c[3:5] input[0:3] c[0:3]");
}

TEST(OnnxMoves, AChannelThatIsReadTwiceIsCopiedByTheHost) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "c", 3, 4);
  graph.node("Concat", {"c", "c"}, {"d"}).with("axis", std::int64_t{1}).pointwise("d", "y", 8, 2).output("y");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("Layout 128"));
  EXPECT_EQ(text(network, 1), "conv 8x4x4 -> 2x4x4 k1x1");
}

TEST(OnnxMoves, RowsAndColumnsAreTakenApartByTheHost) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).integers("from", {0}).integers("to", {4});
  graph.integers("axes", {2}).node("Slice", {"c", "from", "to", "axes"}, {"s"}).pointwise("s", "a", 4, 2);
  graph.node("Transpose", {"c"}, {"t"}).with("perm", Sizes{0, 1, 3, 2}).pointwise("t", "b", 4, 2);
  graph.output("a").output("b");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("Slice 256", "Layout 256"));
  EXPECT_EQ(text(network, 1), "conv 4x4x8 -> 2x4x8 k1x1");
  EXPECT_EQ(text(network, 2), "conv 4x8x8 -> 2x8x8 k1x1");
}

TEST(OnnxMoves, WhatOnlyNamesDimensionsIsNoWork) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "c", 3, 5).integers("last", {2, 3}).integers("back", {2, 3});
  graph.node("GlobalAveragePool", {"c"}, {"p"}).node("Squeeze", {"p", "last"}, {"s"});
  graph.node("Unsqueeze", {"s", "back"}, {"u"}).node("Identity", {"u"}, {"i"}).node("Dropout", {"i"}, {"d"});
  graph.node("Cast", {"d"}, {"h"}).with("to", std::int64_t{onnx::TensorProto::FLOAT16});
  graph.pointwise("h", "y", 5, 2).output("y");
  const Network network = read(graph);
  EXPECT_THAT(texts(network),
              ElementsAre("conv 3x4x4 -> 5x4x4 k1x1", "avgpool 5x4x4 -> 5x1x1 k4x4", "conv 5x1x1 -> 2x1x1 k1x1"));
  EXPECT_THAT(network.host_ops, IsEmpty());
}

TEST(OnnxMoves, ShapesAreWorkedOutAsTheyAreBroadcast) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 4, 4}).pointwise("x", "c", 4, 6).numbers("scalar", {2}, {}).numbers("one", {3}, {1});
  graph.node("Mul", {"scalar", "one"}, {"six"});  // of one dimension: it can be joined to a list
  graph.node("Cast", {"six"}, {"i"}).with("to", std::int64_t{onnx::TensorProto::INT64}).integers("rest", {16});
  graph.integers("batch", {1}).node("Concat", {"batch", "i", "rest"}, {"shape"}).with("axis", std::int64_t{0});
  graph.node("Reshape", {"c", "shape"}, {"r"}).integers("back", {1, 6, 4, 4}).node("Reshape", {"r", "back"}, {"b"});
  graph.weights("row", {2, 4, 1}).weights("column", {2, 1, 4}).node("Sub", {"row", "column"}, {"plane"});
  graph.integers("flat", {1, 32}).node("Reshape", {"plane", "flat"}, {"f"}).pointwise("b", "y", 6, 2);
  graph.output("y").output("f");
  const Network network = read(graph);
  EXPECT_THAT(texts(network), ElementsAre("conv 4x4x4 -> 6x4x4 k1x1", "conv 6x4x4 -> 2x4x4 k1x1"));
  EXPECT_THAT(network.host_ops, IsEmpty());
}

TEST(OnnxMoves, PaddingThatIsKnownOnlyWhenTheNetworkRunsIsTheHosts) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).input("v", {}).integers("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  graph.node("Pad", {"x", "pads", "v"}, {"p"}).pointwise("p", "y", 3, 4).output("y");
  EXPECT_THAT(host_texts(read(graph)), testing::Contains(testing::StartsWith("Pad")));
}

TEST(OnnxMoves, NodesThatNoOutputNeedsAreLeftOut) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "y", 3, 5).pointwise("x", "unused", 3, 50).output("y");
  EXPECT_EQ(read(graph).layers.size(), 1U);
}

TEST(OnnxMoves, ZerosAroundAMapAreThoseOfTheNextLayer) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).integers("pads", {0, 0, 0, 1, 0, 0, 2, 3}).weights("w", {4, 3, 3, 3});
  graph.node("Pad", {"x", "pads"}, {"p"}).node("Conv", {"p", "w"}, {"c"}).with("pads", Sizes{1, 1, 0, 0});
  graph.node("Relu", {"c"}, {"r"}).node("Pad", {"r", "pads"}, {"q"});
  graph.node("MaxPool", {"q"}, {"y"}).with("kernel_shape", Sizes{2, 2}).output("y");
  const Network network = read(graph);
  // 8 + 1 + 2 - 2 = 9 rows, 8 + 2 + 3 - 2 = 11 columns; after a ReLU zeros are no maximum of their own.
  EXPECT_THAT(texts(network),
              ElementsAre("conv 3x8x8 -> 4x9x11 k3x3 p1,2,2,3 relu", "maxpool 4x9x11 -> 4x10x14 k2x2 p0,1,2,3"));
  EXPECT_THAT(network.host_ops, IsEmpty());
}

TEST(OnnxMoves, ZerosThatWouldCountAreAddedByTheHost) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).integers("pads", {0, 0, 1, 1, 0, 0, 1, 1}).node("Pad", {"x", "pads"}, {"p"});
  graph.node("MaxPool", {"p"}, {"a"}).with("kernel_shape", Sizes{2, 2}).node("GlobalAveragePool", {"p"}, {"b"});
  graph.output("a").output("b");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("Pad 300", "MaxPool 300", "Pad 300"));
  EXPECT_THAT(texts(network), ElementsAre("avgpool 3x10x10 -> 3x1x1 k10x10"));
}

TEST(OnnxHost, MapsOfTheHostAreReadLikeAnyOther) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "c", 3, 4).numbers("scales", {1, 1, 2, 2}, {4}).numbers("roi", {}, {0});
  graph.node("Resize", {"c", "roi", "scales"}, {"big"}).with("mode", std::string("nearest"));
  graph.weights("w", {4, 5, 2, 2}).node("ConvTranspose", {"c", "w"}, {"up"}).with("strides", Sizes{2, 2});
  graph.node("Concat", {"big", "up"}, {"both"}).with("axis", std::int64_t{1});
  graph.pointwise("big", "d", 4, 2).node("Concat", {"big", "d"}, {"e"}).with("axis", std::int64_t{1});
  graph.pointwise("e", "y", 6, 2).pointwise("both", "z", 9, 2).output("y").output("z");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("Resize 256", "ConvTranspose 1280", "Concat 576"));  // 4·16 · 5·4 MACs
  EXPECT_EQ(text(network, 1), "conv 4x8x8 -> 2x8x8 k1x1");
  EXPECT_EQ(reads(network, 1), "big[0:4]");
  EXPECT_EQ(reads(network, 2), "big[0:4] d[0:2]");
  EXPECT_EQ(reads(network, 3), "both[0:9]");
}

TEST(OnnxHost, RecurrentLayersAreListedWithTheirMultiplications) {
  OnnxGraph graph;
  graph.input("x", {1, 4, 1, 12}).pointwise("x", "c", 4, 6).integers("axes", {2}).node("Squeeze", {"c", "axes"}, {"s"});
  graph.node("Transpose", {"s"}, {"t"}).with("perm", Sizes{2, 0, 1}).weights("w", {1, 40, 6}).weights("r", {1, 40, 10});
  graph.node("LSTM", {"t", "w", "r"}, {"y", "h"}).with("hidden_size", std::int64_t{10});
  graph.integers("first", {0}).node("Squeeze", {"h", "first"}, {"last"}).weights("g", {10, 3});
  graph.node("Gemm", {"last", "g"}, {"logits"}).output("logits");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("LSTM " + std::to_string(12 * 40 * 16)));
  EXPECT_EQ(text(network, 1), "linear 10x1x1 -> 3x1x1 k1x1");
}

TEST(OnnxHost, WhatIsKnownOnlyWhenTheNetworkRunsIsListedToo) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).integers("shape", {1, 4, 64});
  graph.integers("boxes", {1, 64, 4}).node("Reshape", {"c", "shape"}, {"scores"}).pointwise("x", "b", 3, 4);
  graph.node("Reshape", {"b", "boxes"}, {"places"}).node("NonMaxSuppression", {"places", "scores"}, {"y"}).output("y");
  const Network network = read(graph);
  EXPECT_THAT(host_texts(network), ElementsAre("NonMaxSuppression 256"));
  EXPECT_EQ(network.layers[0].bits_out, 32);
}

TEST(OnnxHost, AnOperatorOfAnotherDomainIsListedAndItsShapeIsTheOneStated) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8}).pointwise("x", "c", 3, 4).node("Mish", {"c"}, {"m"}).in_domain("com.example");
  graph.pointwise("m", "y", 4, 2).output("y");
  EXPECT_THAT(complaint(graph), HasSubstr("node y (Conv): the shape of its input m is not known"));
  onnx::ValueInfoProto& value = *graph.model.mutable_graph()->add_value_info();
  value.set_name("m");
  for (const int dim : {1, 4, 8, 8}) {
    value.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(dim);
  }
  EXPECT_THAT(host_texts(read(graph)), ElementsAre("Mish 256"));
}

TEST(OnnxHost, FurtherInputsAreWrittenByTheHost) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 8, 8})
      .input("z", {1, 2, 8, 8})
      .node("Concat", {"x", "z"}, {"xz"})
      .with("axis", std::int64_t{1});
  graph.pointwise("xz", "y", 5, 2).output("y");
  const Network network = read(graph);
  EXPECT_EQ(reads(network, 0), "input[0:3] input z[0:2]");
  EXPECT_THAT(host_texts(network), ElementsAre("Input 0"));
}

OnnxGraph& quantised(OnnxGraph& graph, const std::string& input, const std::string& output, float bits) {
  graph.numbers(output + ".s", {1}, {}).numbers(output + ".z", {0}, {}).numbers(output + ".b", {bits}, {});
  graph.node("Quant", {input, output + ".s", output + ".z", output + ".b"}, {output});
  return graph.in_domain("qonnx.custom_op.general").with("signed", std::int64_t{1});
}

TEST(OnnxBits, AreThoseOfTheModelElseThoseAskedFor) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).weights("w", {4, 3, 1, 1});
  quantised(graph, "w", "w4", 4).node("Conv", {"x", "w4"}, {"c"}).node("Relu", {"c"}, {"r"});
  quantised(graph, "r", "q", 5).pointwise("q", "d", 4, 4).pointwise("d", "y", 4, 2).output("y");
  const Network network = read(graph, {.bits = 3, .input_bits = 8});
  EXPECT_EQ(network.input.bits, 8);
  EXPECT_EQ(network.layers[0].bits, 8);  // the map is wider than the weights
  EXPECT_EQ(network.layers[0].bits_out, 5);
  EXPECT_EQ(network.layers[1].bits, 5);
  EXPECT_EQ(network.layers[1].bits_out, 3);
  EXPECT_EQ(network.layers[2].bits_out, 32);
}

TEST(OnnxBits, MapsThatOneLayerReadsHaveTheSame) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).pointwise("x", "a", 3, 4).pointwise("x", "b", 3, 4);
  quantised(graph, "a", "qa", 4);
  quantised(graph, "b", "qb", 6).node("Concat", {"qa", "qb"}, {"c"}).with("axis", std::int64_t{1});
  graph.pointwise("c", "y", 8, 2).output("y");
  const Network network = read(graph, {.bits = 2});
  EXPECT_EQ(network.layers[0].bits_out, 6);
  EXPECT_EQ(network.layers[1].bits_out, 6);
  EXPECT_EQ(network.layers[2].bits, 6);
}

TEST(OnnxBits, QuantiseAndDequantiseAreEightAndFoldingPassesThem) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).numbers("s", {1}, {}).weights("z", {}, onnx::TensorProto::INT8);
  graph.weights("w", {4, 3, 1, 1}, onnx::TensorProto::INT8).node("DequantizeLinear", {"w", "s", "z"}, {"wf"});
  graph.node("QuantizeLinear", {"x", "s", "z"}, {"xq"}).node("DequantizeLinear", {"xq", "s", "z"}, {"xf"});
  graph.node("Conv", {"xf", "wf"}, {"c"}).node("QuantizeLinear", {"c", "s", "z"}, {"cq"});
  graph.node("DequantizeLinear", {"cq", "s", "z"}, {"cf"}).node("Relu", {"cf"}, {"y"}).output("y");
  const Network network = read(graph, {.bits = 5, .input_bits = 4});
  EXPECT_THAT(texts(network), ElementsAre("conv 3x4x4 -> 4x4x4 k1x1 relu"));
  EXPECT_EQ(network.input.bits, 8);
  EXPECT_EQ(network.layers[0].bits_out, 5);  // nobody says anything of what comes behind the ReLU
}

TEST(OnnxBits, WeightsOfIntegersAreEightWhateverTheirMap) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).numbers("s", {1}, {}).weights("z", {}, onnx::TensorProto::INT8);
  graph.weights("w", {4, 3, 1, 1}, onnx::TensorProto::INT8).node("DequantizeLinear", {"w", "s", "z"}, {"wf"});
  graph.node("Conv", {"x", "wf"}, {"y"}).output("y");
  EXPECT_EQ(read(graph, {.bits = 4, .input_bits = 4}).layers[0].bits, 8);
}

TEST(OnnxBits, AClipBetweenThemTellsNarrowerIntegers) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4}).numbers("s", {1}, {}).weights("z", {}, onnx::TensorProto::INT8);
  graph.numbers("low", {-8}, {}).numbers("high", {7}, {}).pointwise("x", "c", 3, 4);
  graph.node("QuantizeLinear", {"c", "s", "z"}, {"q"}).node("Clip", {"q", "low", "high"}, {"n"});
  graph.node("DequantizeLinear", {"n", "s", "z"}, {"d"}).pointwise("d", "y", 4, 2).output("y");
  const Network network = read(graph);
  EXPECT_EQ(network.layers[0].bits_out, 8);  // the weights behind it are of 8 bits
  EXPECT_EQ(read(graph, {.bits = 3}).layers[0].bits_out, 4);
}

TEST(OnnxBits, BitsThatNoChunkHasAreRefused) {
  OnnxGraph graph;
  graph.input("x", {1, 3, 4, 4});
  quantised(graph, "x", "q", 24).pointwise("q", "y", 3, 2).output("y");
  EXPECT_THAT(complaint(graph), HasSubstr("node q (Quant): 24 bits are not a whole number between 1 and 16"));
  OnnxGraph good;
  good.input("x", {1, 3, 4, 4}).pointwise("x", "y", 3, 2).output("y");
  EXPECT_THROW(read(good, {.bits = 32}), InputError);
}

}  // namespace
}  // namespace autonba
