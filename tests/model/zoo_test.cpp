// The networks of configs/networks: their counts by the papers' tables, added up here by plain arithmetic apart from
// the loader, and by what their sources publish.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "base/files.hpp"
#include "model/load_network.hpp"
#include "model/network_json.hpp"
#include "model/network_yaml.hpp"

namespace autonba {
namespace {

const std::filesystem::path zoo = AUTONBA_SOURCE_DIR "/configs/networks";

/// Walks down a table and adds up. Maps are square.
struct Tally {
  int size = 224;
  int channels = 3;
  std::int64_t macs = 0;
  std::int64_t weights = 0;
  std::int64_t conv_outputs = 0;  // output channels of convolutions, each with a bias or with batch normalisation
  std::int64_t biases = 0;        // of linear layers and squeeze-and-excitation

  Tally& conv(int out, int kernel, int stride, int padding, int groups = 1) {
    size = (size + 2 * padding - kernel) / stride + 1;
    add(std::int64_t{1} * out * (channels / groups) * kernel * kernel, size * size);
    conv_outputs += out;
    channels = out;
    return *this;
  }
  Tally& conv(int out, int kernel, int stride = 1) { return conv(out, kernel, stride, kernel / 2); }
  Tally& depthwise(int kernel, int stride) { return conv(channels, kernel, stride, kernel / 2, channels); }
  Tally& pool(int kernel, int stride, int padding = 0) {
    size = (size + 2 * padding - kernel) / stride + 1;
    return *this;
  }
  Tally& linear(int out) {
    add(std::int64_t{1} * out * channels * size * size, 1);
    biases += out;
    size = 1;
    channels = out;
    return *this;
  }
  Tally& head(int out, int classes) { return conv(out, 1).pool(size, 1).linear(classes); }

  /// Inverted residual; `squeeze` channels of squeeze-and-excitation.
  Tally& mobile(int kernel, int hidden, int out, int stride, int squeeze = 0, bool expand = false) {
    if (hidden != channels || expand) {
      conv(hidden, 1);
    }
    depthwise(kernel, stride);
    if (squeeze > 0) {
      add(2 * std::int64_t{hidden} * squeeze, 1);
      biases += hidden + squeeze;
    }
    return conv(out, 1);
  }

  void add(std::int64_t count, int uses) {
    weights += count;
    macs += count * uses;
  }

  std::int64_t with_biases() const { return weights + conv_outputs + biases; }
  std::int64_t with_batch_norm() const { return weights + 2 * conv_outputs + biases; }
};

Tally alexnet() {
  Tally t{.size = 227};
  t.conv(96, 11, 4, 0).pool(3, 2).conv(256, 5, 1, 2, 2).pool(3, 2).conv(384, 3).conv(384, 3, 1, 1, 2);
  return t.conv(256, 3, 1, 1, 2).pool(3, 2).linear(4096).linear(4096).linear(1000);
}

Tally vgg16() {
  Tally t;
  for (const auto& [convs, channels] :
       std::vector<std::pair<int, int>>{{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}}) {
    for (int i = 0; i < convs; ++i) {
      t.conv(channels, 3);
    }
    t.pool(2, 2);
  }
  return t.linear(4096).linear(4096).linear(1000);
}

Tally resnet(const std::vector<int>& blocks, bool bottleneck) {
  Tally t;
  t.conv(64, 7, 2).pool(3, 2, 1);
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    const int width = 64 << stage;
    const int out = bottleneck ? 4 * width : width;
    for (int block = 0; block < blocks[stage]; ++block) {
      const int stride = stage > 0 && block == 0 ? 2 : 1;
      if (stride > 1 || t.channels != out) {
        Tally shortcut{.size = t.size, .channels = t.channels};
        shortcut.conv(out, 1, stride);
        t.macs += shortcut.macs;
        t.weights += shortcut.weights;
        t.conv_outputs += out;
      }
      if (bottleneck) {
        t.conv(width, 1).conv(width, 3, stride).conv(out, 1);
      } else {
        t.conv(out, 3, stride).conv(out, 3);
      }
    }
  }
  return t.pool(7, 1).linear(1000);
}

Tally mobilenet_v1() {
  Tally t;
  t.conv(32, 3, 2);
  for (const auto& [out, stride] : std::vector<std::pair<int, int>>{{64, 1},
                                                                    {128, 2},
                                                                    {128, 1},
                                                                    {256, 2},
                                                                    {256, 1},
                                                                    {512, 2},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {1024, 2},
                                                                    {1024, 1}}) {
    t.depthwise(3, stride).conv(out, 1);
  }
  return t.pool(7, 1).linear(1000);
}

/// Blocks {kernel, expansion, channels, repetitions, stride}.
struct Stage {
  int kernel, expansion, channels, count, stride;
};

Tally mobile_net(int stem, const std::vector<Stage>& stages, int head, int squeeze_divisor = 0, bool expand = false) {
  Tally t;
  t.conv(stem, 3, 2);
  for (const Stage& stage : stages) {
    for (int i = 0; i < stage.count; ++i) {
      t.mobile(stage.kernel, t.channels * stage.expansion, stage.channels, i == 0 ? stage.stride : 1,
               squeeze_divisor > 0 ? t.channels / squeeze_divisor : 0, expand);
    }
  }
  return t.head(head, 1000);
}

Tally mobilenet_v2() {
  return mobile_net(32,
                    {{3, 1, 16, 1, 1},
                     {3, 6, 24, 2, 2},
                     {3, 6, 32, 3, 2},
                     {3, 6, 64, 4, 2},
                     {3, 6, 96, 3, 1},
                     {3, 6, 160, 3, 2},
                     {3, 6, 320, 1, 1}},
                    1280);
}

Tally mobilenet_v3_large() {
  Tally t;
  t.conv(16, 3, 2).mobile(3, 16, 16, 1).mobile(3, 64, 24, 2).mobile(3, 72, 24, 1);
  t.mobile(5, 72, 40, 2, 24).mobile(5, 120, 40, 1, 32).mobile(5, 120, 40, 1, 32);
  t.mobile(3, 240, 80, 2).mobile(3, 200, 80, 1).mobile(3, 184, 80, 1).mobile(3, 184, 80, 1);
  t.mobile(3, 480, 112, 1, 120).mobile(3, 672, 112, 1, 168);
  t.mobile(5, 672, 160, 2, 168).mobile(5, 960, 160, 1, 240).mobile(5, 960, 160, 1, 240);
  return t.conv(960, 1).pool(7, 1).linear(1280).linear(1000);
}

Tally efficientnet_b0() {
  return mobile_net(32,
                    {{3, 1, 16, 1, 1},
                     {3, 6, 24, 2, 2},
                     {5, 6, 40, 2, 2},
                     {3, 6, 80, 3, 2},
                     {5, 6, 112, 3, 1},
                     {5, 6, 192, 4, 2},
                     {3, 6, 320, 1, 1}},
                    1280, 4);
}

Tally squeezenet() {
  Tally t;
  const auto fire = [&](int squeeze, int expand) {
    t.conv(squeeze, 1);
    Tally other = t;
    t.conv(expand, 1);
    const std::int64_t macs = t.macs;
    const std::int64_t weights = t.weights;
    other.macs = other.weights = 0;
    other.conv(expand, 3);
    t.macs = macs + other.macs;
    t.weights = weights + other.weights;
    t.conv_outputs += expand;
    t.channels = 2 * expand;
  };
  t.conv(64, 3, 2, 0).pool(3, 2);
  fire(16, 64);
  fire(16, 64);
  t.pool(3, 2);
  fire(32, 128);
  fire(32, 128);
  t.pool(3, 2);
  fire(48, 192);
  fire(48, 192);
  fire(64, 256);
  fire(64, 256);
  return t.conv(1000, 1).pool(13, 1);
}

Tally shufflenet_v2() {
  Tally t;
  t.conv(24, 3, 2).pool(3, 2, 1);
  for (const auto& [out, units] : std::vector<std::pair<int, int>>{{116, 4}, {232, 8}, {464, 4}}) {
    for (int unit = 0; unit < units; ++unit) {
      const int half = out / 2;
      if (unit == 0) {
        Tally left{.size = t.size, .channels = t.channels};
        left.depthwise(3, 2).conv(half, 1);
        t.macs += left.macs;
        t.weights += left.weights;
        t.conv_outputs += left.conv_outputs;
      } else {
        t.channels = half;
      }
      t.conv(half, 1).depthwise(3, unit == 0 ? 2 : 1).conv(half, 1);
      t.channels = out;
    }
  }
  return t.head(1024, 1000);
}

Tally fbnet_c() {
  return mobile_net(16,
                    {{3, 1, 16, 1, 1},
                     {3, 6, 24, 1, 2},
                     {3, 1, 24, 2, 1},
                     {5, 6, 32, 1, 2},
                     {5, 3, 32, 1, 1},
                     {5, 6, 32, 1, 1},
                     {3, 6, 32, 1, 1},
                     {5, 6, 64, 1, 2},
                     {5, 3, 64, 1, 1},
                     {5, 6, 64, 2, 1},
                     {5, 6, 112, 3, 1},
                     {5, 3, 112, 1, 1},
                     {5, 6, 184, 4, 2},
                     {3, 6, 352, 1, 1}},
                    1984, 0, true);
}

Tally proxylessnas_mobile() {
  return mobile_net(32,
                    {{3, 1, 16, 1, 1},
                     {5, 3, 32, 1, 2},
                     {3, 3, 32, 1, 1},
                     {7, 3, 40, 1, 2},
                     {3, 3, 40, 1, 1},
                     {5, 3, 40, 2, 1},
                     {7, 6, 80, 1, 2},
                     {5, 3, 80, 3, 1},
                     {5, 6, 96, 1, 1},
                     {5, 3, 96, 3, 1},
                     {7, 6, 192, 2, 2},
                     {7, 3, 192, 2, 1},
                     {7, 6, 320, 1, 1}},
                    1280);
}

Tally edd_net_3() {
  const std::vector<std::string> blocks = {"k5_e5", "k5_e4", "k5_e4", "k3_e5", "k5_e4", "k5_e5", "k5_e6", "k5_e6",
                                           "k5_e6", "k3_e4", "k3_e4", "k5_e4", "k3_e4", "k3_e4", "k3_e4", "k5_e6"};
  const std::vector<int> channels = {32, 48, 48, 48, 96, 96, 96, 96, 128, 128, 128, 256, 256, 256, 256, 320};
  const std::vector<int> sizes = {56, 28, 28, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7, 7, 7, 7};
  Tally t;
  t.conv(32, 3, 2).mobile(3, 32, 16, 1);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    t.mobile(blocks[i][1] - '0', t.channels * (blocks[i][4] - '0'), channels[i], t.size / sizes[i]);
  }
  return t.head(1280, 1000);
}

Tally yolo_tiny() {
  Tally t{.size = 416};
  t.conv(16, 3).pool(2, 2).conv(32, 3).pool(2, 2).conv(64, 3).pool(2, 2).conv(128, 3).pool(2, 2).conv(256, 3);
  return t.pool(2, 2).conv(512, 3).conv(1024, 3).conv(1024, 3).conv(125, 1);
}

struct Expected {
  Tally tally;
  std::int64_t parameters = 0;
};

/// What the sources count as parameters: see `counts` in each file.
const std::map<std::string, Expected>& expected() {
  static const std::map<std::string, Expected> networks = [] {
    std::map<std::string, Expected> all;
    all["alexnet"] = {alexnet(), alexnet().with_biases()};
    all["vgg16"] = {vgg16(), vgg16().with_biases()};
    all["squeezenet"] = {squeezenet(), squeezenet().with_biases()};
    // darknet keeps four numbers for each channel of batch normalisation; the last layer has biases.
    all["yolo-tiny"] = {yolo_tiny(), yolo_tiny().weights + 4 * (yolo_tiny().conv_outputs - 125) + 125};
    const std::map<std::string, Tally> with_batch_norm = {{"resnet18", resnet({2, 2, 2, 2}, false)},
                                                          {"resnet50", resnet({3, 4, 6, 3}, true)},
                                                          {"mobilenet-v1", mobilenet_v1()},
                                                          {"mobilenet-v2", mobilenet_v2()},
                                                          {"mobilenet-v3-large", mobilenet_v3_large()},
                                                          {"efficientnet-b0", efficientnet_b0()},
                                                          {"shufflenet-v2", shufflenet_v2()},
                                                          {"fbnet-c", fbnet_c()},
                                                          {"proxylessnas-mobile", proxylessnas_mobile()},
                                                          {"edd-net-3", edd_net_3()}};
    for (const auto& [name, tally] : with_batch_norm) {
      all[name] = {tally, tally.with_batch_norm()};
    }
    return all;
  }();
  return networks;
}

/// Multiply-accumulates of squeeze-and-excitation, which runs on the host; as many weights.
std::int64_t host_macs(const Network& network) {
  std::int64_t sum = 0;
  for (const HostOp& op : network.host_ops) {
    sum += op.op == "linear" ? op.operations : 0;
  }
  return sum;
}

const Layer& layer_named(const Network& network, const std::string& id) {
  for (const Layer& layer : network.layers) {
    if (layer.id == id) {
      return layer;
    }
  }
  ADD_FAILURE() << "no layer " << id;
  return network.layers.front();
}

std::vector<int> shape_of(const Network& network, const std::string& id) {
  const Layer& layer = layer_named(network, id);
  return {height_out(layer), width_out(layer), layer.channels_out};
}

class Zoo : public testing::TestWithParam<std::string> {};

TEST_P(Zoo, HasTheCountsOfThePaperTable) {
  const NetworkFile file = read_network_yaml(zoo / (GetParam() + ".yaml"));
  const Tally& tally = expected().at(GetParam()).tally;
  EXPECT_EQ(file.name, GetParam());
  EXPECT_EQ(macs(file.network) + host_macs(file.network), tally.macs);
  EXPECT_EQ(weight_count(file.network) + host_macs(file.network), tally.weights);
}

TEST_P(Zoo, HasThePublishedCounts) {
  const NetworkFile file = read_network_yaml(zoo / (GetParam() + ".yaml"));
  EXPECT_FALSE(file.sources.empty());
  if (GetParam() == "edd-net-3") {
    EXPECT_FALSE(file.published) << "its source prints no counts";
    return;
  }
  ASSERT_TRUE(file.published);
  const Expected& counts = expected().at(GetParam());
  const auto rounds_to = [](std::int64_t exact, const PublishedFigure& figure) {
    return std::abs(static_cast<double>(exact) - figure.value) <= figure.last_digit / 2;
  };
  EXPECT_TRUE(rounds_to(counts.tally.macs, file.published->macs))
      << counts.tally.macs << " and " << file.published->macs.text;
  EXPECT_TRUE(rounds_to(counts.parameters, file.published->parameters))
      << counts.parameters << " and " << file.published->parameters.text;
}

TEST_P(Zoo, ReadsEveryMapAndEndsInOneOutput) {
  const Network network = load_network(GetParam());
  std::set<int> read;
  for (const Layer& layer : network.layers) {
    for (const MapSlice& slice : layer.inputs) {
      read.insert(slice.writer);
    }
    if (layer.residual) {
      read.insert(*layer.residual);
    }
  }
  EXPECT_EQ(read.size(), network.layers.size()) << "the input and all maps but the last";
}

TEST_P(Zoo, IsTheSameAsJson) {
  const Network network = load_network(GetParam());
  EXPECT_EQ(network_from_json(to_json(network), "network.json"), network);
}

TEST_P(Zoo, TakesOtherBits) {
  const Network network = load_network(GetParam(), {.bits = 4});
  EXPECT_EQ(network.input.bits, 4);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    EXPECT_EQ(layer.bits, 4);
    EXPECT_EQ(layer.bits_out, i + 1 == network.layers.size() && !is_depthwise_kind(layer) ? 32 : 4);
  }
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, counts] : expected()) {
    all.push_back(name);
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, Zoo, testing::ValuesIn(names()), [](const auto& network) {
  std::string name = network.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(ZooFolder, HoldsTheNetworksThatAreTested) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(zoo)) {
    found.push_back(entry.path().stem().string());
  }
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(names()));
}

/// "1,234,567"
std::string with_commas(std::int64_t number) {
  return number < 1000 ? fmt::format("{}", number) : fmt::format("{},{:03}", with_commas(number / 1000), number % 1000);
}

/// Host operations of all: multiply-accumulates, values pooled and added, host operations. In tenths of a percent.
long host_per_mille(const Network& network) {
  double host = 0;
  for (const HostOp& op : network.host_ops) {
    host += static_cast<double>(op.operations);
  }
  auto all = host + static_cast<double>(macs(network));
  for (const Layer& layer : network.layers) {
    const double values = 1.0 * height_out(layer) * width_out(layer) * layer.channels_out;
    all += layer.residual ? values : 0;
    all += weight_count(layer) == 0 ? values * layer.kernel[0] * layer.kernel[1] : 0;
  }
  return std::lround(1000 * host / all);
}

TEST_P(Zoo, StandsInTheTableOfTheManualAsItIs) {
  const Network network = load_network(GetParam());
  const std::string page = read_file(AUTONBA_SOURCE_DIR "/docs/networks.md");
  const std::size_t begin = page.find(fmt::format("\n| {} |", GetParam()));
  ASSERT_NE(begin, std::string::npos);
  const std::string row = page.substr(begin + 1, page.find('\n', begin + 1) - begin - 1);
  EXPECT_THAT(row, testing::HasSubstr(fmt::format("| {} |", with_commas(macs(network) + host_macs(network)))));
  EXPECT_THAT(row, testing::HasSubstr(fmt::format("| {} |", network.layers.size())));
  const long share = host_per_mille(network);
  EXPECT_THAT(row, testing::HasSubstr(share == 0 ? "| 0 |" : fmt::format("| {}.{}% |", share / 10, share % 10)));
  if (GetParam() != "edd-net-3") {
    EXPECT_THAT(row, testing::HasSubstr(fmt::format("| {} |", with_commas(expected().at(GetParam()).parameters))));
  }
}

// Printed exactly: the published figures of these are rounded, or of another variant.
TEST(ZooCounts, AreThoseOfOtherSources) {
  EXPECT_EQ(alexnet().macs, 724'406'816);
  EXPECT_EQ(vgg16().macs, 15'470'264'320);
  // mobile-vision, model_info.json, fbnet_c: 382.98448 M flops, 5.520784 M params, with 3x3 + 3x3 in place of 5x5
  // depthwise convolutions in two blocks, of 192 channels at 28x28 and of 672 at 14x14.
  const int fewer_weights = 25 - 2 * 9;
  EXPECT_EQ(fbnet_c().macs - fewer_weights * (192 * 28 * 28 + 672 * 14 * 14), 382'984'480);
  EXPECT_EQ(fbnet_c().weights - fewer_weights * (192 + 672), 5'520'784);
}

TEST(ZooShapes, AreThoseOfThePapers) {
  using testing::ElementsAre;
  const Network alex = load_network("alexnet");
  EXPECT_THAT(shape_of(alex, "conv1"), ElementsAre(55, 55, 96));
  EXPECT_THAT(shape_of(alex, "conv2"), ElementsAre(27, 27, 256));
  EXPECT_THAT(shape_of(alex, "pool5"), ElementsAre(6, 6, 256));
  EXPECT_THAT(shape_of(load_network("vgg16"), "pool5"), ElementsAre(7, 7, 512));
  EXPECT_THAT(shape_of(load_network("resnet18"), "conv4.2.conv2"), ElementsAre(14, 14, 256));
  const Network resnet = load_network("resnet50");
  EXPECT_THAT(shape_of(resnet, "conv2.3.conv3"), ElementsAre(56, 56, 256));
  EXPECT_THAT(shape_of(resnet, "conv3.4.conv3"), ElementsAre(28, 28, 512));
  EXPECT_THAT(shape_of(resnet, "conv4.6.conv3"), ElementsAre(14, 14, 1024));
  EXPECT_THAT(shape_of(resnet, "conv5.3.conv3"), ElementsAre(7, 7, 2048));
  EXPECT_THAT(shape_of(load_network("mobilenet-v2"), "stage3.3.project"), ElementsAre(28, 28, 32));
  EXPECT_THAT(shape_of(load_network("mobilenet-v3-large"), "bneck12.project"), ElementsAre(14, 14, 112));
  EXPECT_THAT(shape_of(load_network("efficientnet-b0"), "stage8.project"), ElementsAre(7, 7, 320));
  EXPECT_THAT(shape_of(load_network("squeezenet"), "fire9.expand3x3"), ElementsAre(13, 13, 256));
  EXPECT_THAT(shape_of(load_network("shufflenet-v2"), "stage3.8.right3"), ElementsAre(14, 14, 116));
  EXPECT_THAT(shape_of(load_network("yolo-tiny"), "conv15"), ElementsAre(13, 13, 125));
}

TEST(ZooLayers, AddWhatTheirBlocksRead) {
  const Network network = load_network("resnet50");
  const auto writer = [&](const Layer& layer) { return network.layers[static_cast<std::size_t>(*layer.residual)].id; };
  EXPECT_EQ(writer(layer_named(network, "conv3.1.conv3")), "conv3.1.shortcut");
  EXPECT_EQ(writer(layer_named(network, "conv3.2.conv3")), "conv3.1.conv3");
  EXPECT_EQ(layer_named(network, "conv3.1.conv2").stride, square(2));
  EXPECT_EQ(layer_named(network, "conv3.2.conv2").stride, square(1));
  EXPECT_EQ(layer_named(network, "conv3.1.conv3").activation.kind, Activation::Kind::relu);
  EXPECT_EQ(layer_named(network, "conv3.1.shortcut").activation.kind, Activation::Kind::none);
  const Network mobile = load_network("mobilenet-v2");
  EXPECT_FALSE(layer_named(mobile, "stage2.1.project").residual);
  EXPECT_TRUE(layer_named(mobile, "stage2.2.project").residual);
  EXPECT_EQ(layer_named(mobile, "stage2.2.expand").activation, (Activation{Activation::Kind::clip, 0, 6}));
}

// The second unit's right branch reads the upper half of what the first one interleaved.
TEST(ZooLayers, ShuffleUnitsReadHalfOfTheInterleavedChannels) {
  const Network network = load_network("shufflenet-v2");
  const Layer& layer = layer_named(network, "stage2.2.right1");
  std::vector<std::pair<std::string, int>> channels;
  for (const MapSlice& slice : layer.inputs) {
    for (const ChannelRange& range : slice.channels) {
      for (int c = range.first; c < range.first + range.count; ++c) {
        channels.emplace_back(network.layers[static_cast<std::size_t>(slice.writer)].id, c);
      }
    }
  }
  ASSERT_EQ(channels.size(), 58U);
  for (int i = 58; i < 116; ++i) {
    EXPECT_EQ(channels[static_cast<std::size_t>(i - 58)],
              std::pair(std::string(i % 2 == 0 ? "stage2.1.left2" : "stage2.1.right3"), i / 2));
  }
}

TEST(ZooHostWork, IsWhatTheTemplateCannotRun) {
  const Network network = load_network("mobilenet-v3-large");
  std::map<std::string, std::int64_t> operations;
  for (const HostOp& op : network.host_ops) {
    operations[op.id] = op.operations;
  }
  // bneck4: 72 channels of 28x28, squeezed to 24.
  EXPECT_EQ(operations.at("bneck4.squeeze"), 72 * 28 * 28);
  EXPECT_EQ(operations.at("bneck4.excite"), 2 * 72 * 24);
  EXPECT_EQ(operations.at("bneck4.gate"), 72 + 24);
  EXPECT_EQ(operations.at("bneck4.scale"), 72 * 28 * 28);
  EXPECT_EQ(operations.at("stem.hard_swish"), 16 * 112 * 112);
  EXPECT_FALSE(operations.contains("bneck4.depthwise.relu"));
  EXPECT_EQ(load_network("alexnet").host_ops.front(),
            (HostOp{"norm1", "local_response_normalisation", 6 * 55 * 55 * 96}));
  for (const char* name : {"vgg16", "resnet18", "resnet50", "mobilenet-v1", "mobilenet-v2", "squeezenet",
                           "shufflenet-v2", "fbnet-c", "proxylessnas-mobile", "edd-net-3"}) {
    EXPECT_TRUE(load_network(name).host_ops.empty()) << name;
  }
}

}  // namespace
}  // namespace autonba
