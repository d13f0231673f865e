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
#include "zoo_tables.hpp"

namespace autonba {
namespace {

const std::filesystem::path zoo = AUTONBA_SOURCE_DIR "/configs/networks";

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
  EXPECT_EQ(expected().at("alexnet").tally.macs, 724'406'816);
  EXPECT_EQ(expected().at("vgg16").tally.macs, 15'470'264'320);
  // mobile-vision, model_info.json, fbnet_c: 382.98448 M flops, 5.520784 M params, with 3x3 + 3x3 in place of 5x5
  // depthwise convolutions in two blocks, of 192 channels at 28x28 and of 672 at 14x14.
  const int fewer_weights = 25 - 2 * 9;
  EXPECT_EQ(expected().at("fbnet-c").tally.macs - fewer_weights * (192 * 28 * 28 + 672 * 14 * 14), 382'984'480);
  EXPECT_EQ(expected().at("fbnet-c").tally.weights - fewer_weights * (192 + 672), 5'520'784);
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
