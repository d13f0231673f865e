#include "model/network_yaml.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/files.hpp"
#include "model/load_network.hpp"
#include "model/network_json.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;

class NetworkYaml : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  Network read(const std::string& layers, const std::string& more = "") {
    write_file_whole(
        file_, "name: net\ninput: {channels: 8, height: 9, width: 11}\nclasses: 10\n" + more + "layers:\n" + layers);
    return read_network_yaml(file_).network;
  }

  std::string complaint(const std::string& layers, const std::string& more = "") {
    try {
      read(layers, more);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no complaint";
  }

  const std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                      fmt::format("autonba-{}-network-test.yaml", getpid());  // tests run side by side
};

TEST_F(NetworkYaml, AConvolutionIsReadAsItStands) {
  const Network network = read(
      "  - {op: conv, name: c, channels: 12, kernel: 3, stride: 2, padding: 2, dilation: 2, groups: 4}\n"
      "  - {op: linear}\n",
      "bits: 6\n");
  ASSERT_EQ(network.layers.size(), 2U);
  Layer layer{.id = "c", .inputs = {{network_input, {{0, 8}}}}, .channels_in = 8, .channels_out = 12, .groups = 4};
  layer.kernel = {3, 3};
  layer.stride = layer.dilation = square(2);
  layer.padding = all_sides(2);
  layer.height_in = 9;
  layer.width_in = 11;
  layer.bits = layer.bits_out = 6;
  layer.activation = {Activation::Kind::relu, 0, 0};
  EXPECT_EQ(network.layers.front(), layer);
  EXPECT_EQ(network.layers.back().id, "linear2");
  EXPECT_EQ(network.layers.back().channels_out, 10) << "the classes";
  EXPECT_EQ(network.layers.back().kernel, (std::array<int, 2>{5, 6})) << "the whole map";
  EXPECT_EQ(network.layers.back().bits_out, 32);
}

TEST_F(NetworkYaml, PaddingKeepsTheSizeWhereNoneIsGiven) {
  for (const int kernel : {1, 3, 5, 11}) {
    const Network network = read(fmt::format("  - {{op: depthwise, kernel: {}, dilation: 3}}\n", kernel));
    EXPECT_EQ(height_out(network.layers.front()), 9);
    EXPECT_EQ(width_out(network.layers.front()), 11);
  }
}

TEST_F(NetworkYaml, PaddingMayDifferFromSideToSide) {
  const Network network = read("  - {op: maxpool, kernel: 2, padding: [0, 1, 2, 3]}\n");
  EXPECT_EQ(network.layers.front().padding, (std::array<int, 4>{0, 1, 2, 3}));
  EXPECT_EQ(height_out(network.layers.front()), 10);
  EXPECT_EQ(width_out(network.layers.front()), 14);
  EXPECT_THAT(complaint("  - {op: maxpool, kernel: 2, padding: [0, 1]}\n"), HasSubstr("padding: has 2 numbers"));
}

TEST_F(NetworkYaml, ARepeatedBlockStridesOnce) {
  const Network network = read("  - {op: basic, name: b, channels: 8, stride: 2, repeat: 3}\n");
  ASSERT_EQ(network.layers.size(), 7U) << "two for each block and a shortcut";
  EXPECT_EQ(network.layers[1].id, "b.1.shortcut");
  EXPECT_EQ(height_out(network.layers.back()), 5);
  EXPECT_EQ(network.layers[4].residual, 2);
}

TEST_F(NetworkYaml, MistakesNameTheLineAndTheKey) {
  const std::string conv = "  - {op: conv, channels: 16, kernel: 3}\n";
  EXPECT_THAT(complaint(conv + "  - {op: conv, chanels: 16, kernel: 3}\n"),
              HasSubstr("-network-test.yaml:6: layers[1].channels: is missing"));
  EXPECT_THAT(complaint("  - {op: conv, channels: 16, kernel: 3, strid: 2}\n"),
              HasSubstr(":5: layers[0].strid: is not a key that is known here; did you mean `stride`?"));
  EXPECT_THAT(complaint("  - {op: convolution, channels: 16}\n"),
              HasSubstr(":5: layers[0].op: \"convolution\" is not conv"));
  EXPECT_THAT(complaint("  - {op: conv, channels: 16, kernel: 65}\n"), HasSubstr("kernel: 65 is not between 1 and 64"));
  EXPECT_THAT(complaint("  - {op: conv, channels: 16, kernel: 3, activation: rellu}\n"),
              HasSubstr("did you mean \"relu\"?"));
  EXPECT_THAT(complaint(conv, "bits: 1\n"), HasSubstr(":4: bits: 1 is not between 2 and 16"));
  EXPECT_THAT(complaint(conv, "published: {macs: 4 Q, parameters: 3, counts: all}\n"),
              HasSubstr(":4: published.macs: \"4 Q\" is not of the form"));
  for (const char* figure : {"4 k M", "-4 G", "4. G", "4e9", "4E9", "0x4", "inf", "/ 2", "4 G/ 2", "4G"}) {
    EXPECT_THAT(complaint(conv, fmt::format("published: {{macs: {}, parameters: 3, counts: all}}\n", figure)),
                HasSubstr(fmt::format("\"{}\" is not of the form", figure)));
  }
  EXPECT_THAT(complaint(conv, fmt::format("published: {{macs: {:0400}, parameters: 3, counts: all}}\n", 1)),
              HasSubstr("is not of the form"));
  EXPECT_THAT(complaint("  - {op: inverted_residual, channels: 8, kernel: 3}\n"),
              HasSubstr("has either `expansion` or `hidden`"));
  EXPECT_THAT(complaint("  - {op: inverted_residual, channels: 8, kernel: 4, hidden: 8}\n"),
              HasSubstr("kernel: 4 is not odd"));
  EXPECT_THAT(
      complaint("  - {op: inverted_residual, channels: 8, kernel: 3, hidden: 8, squeeze: 2, squeeze_divisor: 2}\n"),
      HasSubstr("squeeze: stands beside `squeeze_divisor`"));
}

TEST_F(NetworkYaml, RowsThatDoNotFitTheirMapAreNamed) {
  EXPECT_THAT(complaint("  - {op: conv, channels: 16, kernel: 3, groups: 3}\n"),
              HasSubstr(":5: layers[0]: 3 groups do not divide 8 and 16 channels"));
  EXPECT_THAT(complaint("  - {op: conv, channels: 8, kernel: 3, groups: 8}\n"),
              HasSubstr("is a convolution of op depthwise"));
  EXPECT_THAT(complaint("  - {op: maxpool, kernel: 11}\n"),
              HasSubstr("layers[0]: the kernel is larger than the map of 9x11"));
  EXPECT_THAT(
      complaint("  - {op: conv, channels: 8, kernel: 1, name: a}\n  - {op: conv, channels: 8, kernel: 1, name: a}\n"),
      HasSubstr(":6: layers[1]: the name a is taken already"));
  EXPECT_THAT(complaint("  - {op: shuffle_unit, channels: 12}\n"), HasSubstr("must be even and, with stride 1"));
  EXPECT_THAT(complaint("  - {op: fire, squeeze: 2, expand: 4}\n  - {op: basic, channels: 8}\n"),
              HasSubstr(":6: layers[1]: only a whole map can be added"));
  EXPECT_THAT(complaint("  - {op: conv, channels: 8, kernel: 1, repeat: 64}\n" +
                        [] {
                          std::string rows;
                          for (int i = 0; i < 40; ++i) {
                            rows += "  - {op: conv, channels: 8, kernel: 1, repeat: 64}\n";
                          }
                          return rows;
                        }()),
              HasSubstr("more than 2000 layers"));
  EXPECT_THAT(complaint("  - {op: host, work: softmax, name: input}\n"), HasSubstr("the name input is taken already"));
  EXPECT_THAT(complaint("  - {op: host, work: softmax}\n"), HasSubstr("the network has no layers"));
}

TEST_F(NetworkYaml, TheExampleOfTheManualWorksAsWritten) {
  const std::string page = read_file(AUTONBA_SOURCE_DIR "/docs/networks.md");
  const std::string fence = "```yaml\n";
  const std::size_t begin = page.find(fence) + fence.size();
  write_file_whole(file_, page.substr(begin, page.find("```", begin) - begin));
  const NetworkFile file = read_network_yaml(file_);
  EXPECT_EQ(file.name, "my-net");
  EXPECT_EQ(file.network.layers.back().channels_out, file.classes);
}

TEST_F(NetworkYaml, AreFoundByNameAndByPathAndAsJson) {
  const Network network = read("  - {op: conv, channels: 16, kernel: 3}\n");
  EXPECT_EQ(load_network(file_.string()), network);
  const std::filesystem::path json = file_.string() + ".json";
  write_json(json, network_schema, to_json(network));
  EXPECT_EQ(load_network(json.string()), network);
  EXPECT_EQ(load_network(json.string(), {.bits = 5}).layers.front().bits, 5);
  std::filesystem::remove(json);
  EXPECT_EQ(load_network("vgg16").layers.front().id, "conv1.1");
}

TEST(LoadNetwork, NamesWhatIsMissing) {
  const auto complaint = [](const std::string& name, const LoadOptions& options = {}) {
    try {
      load_network(name, options);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no complaint");
  };
  EXPECT_THAT(complaint("resnet5"), HasSubstr("did you mean resnet50?"));
  EXPECT_THAT(complaint("transformer"), HasSubstr("there are alexnet, "));
  EXPECT_THAT(complaint("nowhere/net.yaml"), HasSubstr("nowhere/net.yaml"));
  EXPECT_THAT(complaint("nowhere/net.json"), HasSubstr("nowhere/net.json"));
  EXPECT_THAT(complaint("vgg16", {.bits = 40}), HasSubstr("bits: 40 is not between 2 and 16"));
}

}  // namespace
}  // namespace autonba
