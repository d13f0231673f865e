#include "model/space.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "base/error.hpp"
#include "base/files.hpp"

namespace autonba {
namespace {

constexpr const char* spaces = AUTONBA_SOURCE_DIR "/configs/spaces/";

SearchSpace space_named(const std::string& name) {
  return load_space(spaces + name + ".yaml");
}

/// Every block as the operator named `op`.
Architecture uniform_architecture(const SearchSpace& space, const std::string& op) {
  for (std::size_t i = 0; i < space.operators.size(); ++i) {
    if (name(space.operators[i]) == op) {
      return Architecture(space.blocks.size(), {static_cast<int>(i), static_cast<int>(space.bits.size()) - 1});
    }
  }
  ADD_FAILURE() << "no operator " << op;
  return {};
}

/// Mean over operators, block by block: what uniform choices have on average.
double mean_mmacs(const SearchSpace& space, int classes) {
  const Architecture base = uniform_architecture(space, "skip");
  const auto fixed = static_cast<double>(macs(make_network(space, base, classes)));
  double sum = fixed;
  for (std::size_t block = 0; block < space.blocks.size(); ++block) {
    for (std::size_t op = 0; op < space.operators.size(); ++op) {
      Architecture changed = base;
      changed[block].op = static_cast<int>(op);
      sum += (static_cast<double>(macs(make_network(space, changed, classes))) - fixed) /
             static_cast<double>(space.operators.size());
    }
  }
  return sum / 1e6;
}

TEST(Space, CifarHasTheSizesOfTheContract) {
  const SearchSpace space = space_named("fbnet-cifar");
  EXPECT_EQ(space.blocks.size(), 22U);
  EXPECT_EQ(space.operators.size(), 9U);
  EXPECT_NEAR(mean_mmacs(space, 10), 65, 0.5);
  EXPECT_NEAR(static_cast<double>(macs(make_network(space, uniform_architecture(space, "k5_e6"), 10))) / 1e6, 161, 0.5);
}

TEST(Space, ImagenetHasTheSizesOfTheContract) {
  const SearchSpace space = space_named("fbnet-imagenet");
  EXPECT_EQ(space.blocks.size(), 22U);
  EXPECT_NEAR(mean_mmacs(space, 100), 235, 0.5);
  EXPECT_NEAR(static_cast<double>(macs(make_network(space, uniform_architecture(space, "k5_e6"), 100))) / 1e6, 571,
              0.5);
}

TEST(Space, QuickIsSmall) {
  const SearchSpace space = space_named("quick");
  EXPECT_THAT(space.blocks.size(), testing::AllOf(testing::Ge(6U), testing::Le(8U)));
  EXPECT_LE(mean_mmacs(space, 10), 3);
}

TEST(Space, EveryRandomNetworkHoldsTogether) {
  Rng rng = make_rng(1, "test");
  for (const char* name : {"quick", "fbnet-cifar", "fbnet-imagenet"}) {
    const SearchSpace space = space_named(name);
    for (int i = 0; i < 50; ++i) {
      check(make_network(space, random_architecture(space, rng), 10), name);
    }
  }
}

TEST(Space, AMapHasTheBitsOfTheNextBlockThatComputes) {
  const SearchSpace space = space_named("quick");
  Architecture architecture = uniform_architecture(space, "k3_e1");
  for (std::size_t i = 0; i < architecture.size(); ++i) {
    architecture[i].bits = static_cast<int>(i % 3);
  }
  architecture[1].op = static_cast<int>(space.operators.size()) - 1;  // an identity: 24 -> 24, stride 1
  ASSERT_TRUE(is_identity(space, architecture, 1));
  const Network network = make_network(space, architecture, 10);
  for (const Layer& layer : network.layers) {
    EXPECT_NE(layer.block, 1) << "an identity has no layer";
    for (const MapSlice& slice : layer.inputs) {
      const int stored = slice.writer == network_input
                             ? network.input.bits
                             : network.layers[static_cast<std::size_t>(slice.writer)].bits_out;
      EXPECT_EQ(stored, layer.bits) << layer.id;
    }
    if (layer.residual) {
      EXPECT_EQ(*layer.residual,
                network.layers[static_cast<std::size_t>(&layer - network.layers.data()) - 2].inputs[0].writer)
          << "the block's own input";
    }
  }
}

TEST(Space, GroupsShuffleBetweenTheFirstTwoLayers) {
  const SearchSpace space = space_named("quick");
  const Network network = make_network(space, uniform_architecture(space, "k3_e1_g2"), 10);
  const Layer& depthwise = network.layers[2];
  ASSERT_EQ(depthwise.op, LayerOp::depthwise);
  EXPECT_THAT(std::vector<ChannelRange>(depthwise.inputs[0].channels.begin(), depthwise.inputs[0].channels.begin() + 4),
              testing::ElementsAre(ChannelRange{0, 1}, ChannelRange{8, 1}, ChannelRange{1, 1}, ChannelRange{9, 1}));
}

class SpaceFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  /// The complaint about the quick space with `from` replaced by `to`.
  std::string complaint(const std::string& from, const std::string& to) {
    std::string text = read_file(std::string(spaces) + "quick.yaml");
    text.replace(text.find(from), from.size(), to);
    write_file_whole(file_, text);
    try {
      load_space(file_.string());
    } catch (const InputError& error) {
      return error.what();
    }
    return "no complaint";
  }

  const std::filesystem::path file_ = std::filesystem::temp_directory_path() / "autonba-space-test.yaml";
};

TEST_F(SpaceFile, MistakesAreNamed) {
  using testing::HasSubstr;
  EXPECT_THAT(complaint("bits: [4, 6, 8]", "bits: [4, 40]"),
              HasSubstr("bits: 40 is not a whole number between 2 and 8"));
  EXPECT_THAT(complaint("bits: [4, 6, 8]", "bits: [6, 4]"), HasSubstr("must ascend"));
  EXPECT_THAT(complaint("head:", "haed:"), HasSubstr("head: is missing"));
  EXPECT_THAT(complaint("k3_e6", "k4_e6"), HasSubstr("the kernel must be odd"));
  EXPECT_THAT(complaint("k3_e6", "conv3"), HasSubstr("\"conv3\" is neither skip nor of the form"));
  for (const char* op : {"k3_e0", "k-3_e6", "k3_e6_", "k3_e6x", "k03_e6", "k3_e6_g1", "k333_e6", "k3"}) {
    EXPECT_THAT(complaint("k3_e6", op), HasSubstr(fmt::format("\"{}\" is neither skip nor of the form", op)));
  }
  EXPECT_THAT(complaint("_g2", "_g7"), HasSubstr("7 groups do not divide"));
  EXPECT_THAT(complaint("stride: 2}", "strid: 2}"), HasSubstr("stem.stride: is missing"));
  EXPECT_THAT(complaint("blocks: 2", "blocks: 0"), HasSubstr("stages[0].blocks: 0 is not between 1 and 64"));
}

}  // namespace
}  // namespace autonba
