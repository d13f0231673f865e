#include "model/network.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "model/network_json.hpp"
#include "model/space.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;

Network example() {
  const SearchSpace space = load_space(AUTONBA_SOURCE_DIR "/configs/spaces/quick.yaml");
  Rng rng = make_rng(9, "test");
  return make_network(space, random_architecture(space, rng), 10);
}

std::string complaint(const Json& document) {
  try {
    network_from_json(document, "net.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(NetworkJson, IsReadAsItWasWritten) {
  const Network network = example();
  EXPECT_EQ(network_from_json(to_json(network), "net.json"), network);
}

TEST(NetworkJson, SizesAreOneNumberWhereAllAreEqualElseAList) {
  Network network = example();
  Layer& layer = network.layers[0];
  layer.kernel = square(1);
  layer.stride = {2, 1};
  layer.padding = {0, 1, 2, 0};
  const int height = network.input.height;
  network.layers.resize(1);
  Json document = to_json(network);
  EXPECT_EQ(document["layers"][0]["stride"], Json({2, 1}));
  EXPECT_EQ(document["layers"][0]["padding"], Json({0, 1, 2, 0}));
  EXPECT_EQ(document["layers"][0]["dilation"], Json(1));
  EXPECT_EQ(network_from_json(document, "net.json"), network);
  document["layers"][0]["stride"] = 2;
  document["layers"][0]["padding"] = 0;
  EXPECT_EQ(height_out(network_from_json(document, "net.json").layers[0]), (height - 1) / 2 + 1);
  document["layers"][0]["padding"] = {1, 1};
  EXPECT_THAT(complaint(document), HasSubstr("layer stem: padding: [1,1] is neither a whole number nor a list of 4"));
}

TEST(NetworkJson, MistakesNameTheLayer) {
  const Json good = to_json(example());
  Json document = good;
  document["layers"][1]["inputs"][0]["id"] = "nobody";
  EXPECT_THAT(complaint(document), HasSubstr("reads \"nobody\", which is no layer before it"));
  document = good;
  document["layers"][0]["op"] = "transposed";
  EXPECT_THAT(complaint(document), HasSubstr("net.json: layer stem: op: \"transposed\" is not conv"));
  document = good;
  document["layers"][0].erase("stride");
  EXPECT_THAT(complaint(document), HasSubstr("net.json: layer stem: the key `stride` is missing"));
  document = good;
  document["layers"][0]["stride"] = -1;
  EXPECT_THAT(complaint(document), HasSubstr("layer stem: the size -1 is not between"));
  document = good;
  document["layers"][0]["channels_in"] = 5;
  EXPECT_THAT(complaint(document), HasSubstr("its inputs have 1 channels, channels_in says 5"));
}

/// input -> a -> the host's h -> b, which adds a.
Network with_host_op() {
  const auto pointwise = [](const char* id, int writer) {
    return Layer{
        .id = id, .inputs = {{writer, {{0, 4}}}}, .channels_in = 4, .channels_out = 4, .height_in = 3, .width_in = 5};
  };
  Network network{.input = {.channels = 4, .height = 3, .width = 5}};
  network.layers = {pointwise("a", network_input), pointwise("b", host_writer(0))};
  network.layers[1].residual = 0;
  network.host_ops = {{"h", "HardSwish", 60, {0}, NetworkInput{4, 3, 5, 8}}, {"softmax", "Softmax", 60, {1}, {}}};
  return network;
}

TEST(HostOp, IsReadAsItWasWritten) {
  const Network network = with_host_op();
  const Json document = to_json(network);
  EXPECT_EQ(document["layers"][1]["inputs"][0]["id"], "h");
  EXPECT_EQ(document["host_ops"][0]["reads"], Json({"a"}));
  EXPECT_EQ(network_from_json(document, "net.json"), network);
}

TEST(HostOp, MayBeListedWithoutWhatItReads) {
  Json document = to_json(with_host_op());
  document["host_ops"][1].erase("reads");
  EXPECT_TRUE(network_from_json(document, "net.json").host_ops[1].reads.empty());
}

TEST(HostOp, ALayerReadsOnlyWhatItDoesNotWriteItself) {
  const Network good = with_host_op();
  EXPECT_NO_THROW(check(good, "net.json"));
  Network network = good;
  network.host_ops[0].reads = {1};  // b reads h, which would read b
  EXPECT_THROW(check(network, "net.json"), InputError);
  network = good;
  network.host_ops[0].reads = {host_writer(1)};  // a later operation
  EXPECT_THROW(check(network, "net.json"), InputError);
  network = good;
  network.host_ops[0].map.reset();
  EXPECT_THROW(check(network, "net.json"), InputError);
  network = good;
  network.layers[1].residual = host_writer(0);
  EXPECT_NO_THROW(check(network, "net.json"));
}

TEST(HostOp, SharesTheOperationsWithTheLayers) {
  // Two layers of 4·4·15 MACs, 60 additions of the residual, 120 operations of the host.
  EXPECT_DOUBLE_EQ(host_share(with_host_op()), 120.0 / (2 * 240 + 60 + 120));
  EXPECT_EQ(host_share(example()), 0);
  // A pool takes all values of its kernel: 2·3 of them for each of 4·1·2 outputs.
  Layer pool{.op = LayerOp::maxpool,
             .channels_in = 4,
             .channels_out = 4,
             .groups = 4,
             .kernel = {3, 2},
             .stride = {1, 2},
             .height_in = 3,
             .width_in = 5};
  EXPECT_EQ(operations(pool), 48);
}

TEST(Layer, CountsMacsOfAStridedGroupedConvolution) {
  // 8 -> 12 channels in 4 groups, 3x5 kernel, stride 2, padding 1 on 9x11: 5x5 outputs.
  Layer layer;
  layer.channels_in = 8;
  layer.channels_out = 12;
  layer.groups = 4;
  layer.kernel = {3, 5};
  layer.stride = square(2);
  layer.padding = all_sides(1);
  layer.height_in = 9;
  layer.width_in = 11;
  EXPECT_EQ(height_out(layer), 5);
  EXPECT_EQ(width_out(layer), 5);
  EXPECT_EQ(weight_count(layer), 12 * 2 * 15);
  EXPECT_EQ(macs(layer), 12 * 2 * 15 * 25);
}

TEST(Layer, HasAStridePaddingAndDilationOfItsOwnOnEverySide) {
  // Down: 9 + 0 + 2 rows, a kernel of 2·2 + 1 = 5, stride 3: rows 0, 3, 6. Across: 11 + 1 + 0 columns, a kernel of
  // 3·1 + 1 = 4, stride 2: columns -1, 1, 3, 5, 7.
  Layer layer;
  layer.kernel = {3, 2};
  layer.stride = {3, 2};
  layer.dilation = {2, 3};
  layer.padding = {0, 1, 2, 0};
  layer.height_in = 9;
  layer.width_in = 11;
  EXPECT_EQ(height_out(layer), 3);
  EXPECT_EQ(width_out(layer), 5);
}

TEST(Layer, AKernelLargerThanThePaddedMapIsRefused) {
  Network network{.input = {.channels = 1, .height = 4, .width = 4}};
  network.layers = {{.id = "wide",
                     .inputs = {{network_input, {{0, 1}}}},
                     .channels_in = 1,
                     .channels_out = 1,
                     .kernel = {1, 5},
                     .stride = square(2),
                     .height_in = 4,
                     .width_in = 4}};
  EXPECT_THROW(check(network, "net.json"), InputError);
  network.layers[0].padding = {0, 0, 0, 1};
  EXPECT_NO_THROW(check(network, "net.json"));
}

TEST(Layer, SizesWhoseProductIsOutOfReachAreRefused) {
  Network network{.input = {.channels = 1 << 20, .height = 1 << 13, .width = 1 << 13}};
  network.layers = {{.id = "huge",
                     .inputs = {{network_input, {{0, 1 << 20}}}},
                     .channels_in = 1 << 20,
                     .channels_out = 1 << 20,
                     .height_in = 1 << 13,
                     .width_in = 1 << 13}};
  EXPECT_THROW(check(network, "net.json"), InputError);
}

}  // namespace
}  // namespace autonba
