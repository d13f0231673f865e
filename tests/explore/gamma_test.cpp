#include "explore/gamma.hpp"

#include <gmock/gmock.h>

#include "accel/cycles.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "model/space.hpp"
#include "problems.hpp"

namespace autonba {
namespace {

DesignChoices::Pick uniform_pick(Rng& rng) {
  return [&rng](std::size_t, const std::vector<char>& allowed) {
    int option = 0;
    do {
      option = static_cast<int>(uniform_index(rng, allowed.size()));
    } while (allowed[static_cast<std::size_t>(option)] == 0);
    return option;
  };
}

std::vector<LayerShape> random_fbnet_shapes(Rng& rng) {
  const SearchSpace space = load_space("fbnet-cifar");
  return layer_shapes(make_network(space, random_architecture(space, rng), 10));
}

TEST(DesignChoices, EveryDesignCanBeBuiltAndRunsEveryLayer) {
  Rng rng = make_rng(1, "gamma test");
  const Platform platform = load_platform("zc706-pl");
  const std::vector<LayerShape> shapes = random_fbnet_shapes(rng);
  const DesignChoices choices(load_design_space("fpga"), shapes, platform, Objective::fps);
  std::size_t most_chunks = 0;
  for (int i = 0; i < 500; ++i) {
    const Design design = choices.make(uniform_pick(rng));
    int ports = 0;
    for (const Chunk& chunk : design.chunks) {
      EXPECT_EQ(defect(chunk), std::nullopt);
      ports += chunk.port_bits;
    }
    EXPECT_LE(ports, platform.memory_bits_per_cycle);
    ASSERT_EQ(design.chunk_of.size(), shapes.size());
    for (std::size_t layer = 0; layer < shapes.size(); ++layer) {
      EXPECT_TRUE(can_run(design.chunks[static_cast<std::size_t>(design.chunk_of[layer])], shapes[layer]));
    }
    most_chunks = std::max(most_chunks, design.chunks.size());
  }
  EXPECT_EQ(most_chunks, 3U);  // of both kinds together
}

TEST(DesignChoices, EachKindKeepsRoomForWhatTheOtherNeeds) {
  Rng rng = make_rng(4, "gamma test");
  Platform platform = load_platform("zc706-pl");
  platform.memory_bits_per_cycle = 256;
  DesignSpace space = load_design_space("fpga");
  space.conv.chunks_min = 1;
  space.conv.chunks_max = space.depthwise.chunks_max = space.chunks_max = 4;
  space.depthwise.chunks_min = 2;
  space.conv.port_bits = {64, 128};
  space.depthwise.port_bits = {32, 64};
  const std::vector<LayerShape> shapes = random_fbnet_shapes(rng);
  const DesignChoices choices(space, shapes, platform, Objective::fps);
  bool one_wide_port = false;
  for (int i = 0; i < 500; ++i) {
    const Design design = choices.make(uniform_pick(rng));
    EXPECT_LE(design.chunks.size(), 4U);
    int ports = 0;
    int conv = 0;
    for (const Chunk& chunk : design.chunks) {
      ports += chunk.port_bits;
      conv += chunk.kind == ChunkKind::conv ? 1 : 0;
    }
    EXPECT_LE(ports, platform.memory_bits_per_cycle);
    EXPECT_LE(conv, 2);
    one_wide_port = one_wide_port || (conv == 2 && ports == 256);  // 128 + 64 + 32 + 32
  }
  EXPECT_TRUE(one_wide_port);
}

TEST(DesignChoices, LatencyIsThatOfOneImage) {
  Rng rng = make_rng(2, "gamma test");
  const DesignChoices choices(load_design_space("fpga"), random_fbnet_shapes(rng), load_platform("zc706"),
                              Objective::latency);
  EXPECT_EQ(choices.make(uniform_pick(rng)).batch, 1);
}

TEST(DesignChoices, DescribesTheDesignsThatItMakes) {
  Rng rng = make_rng(3, "gamma test");
  const DesignChoices choices(load_design_space("fpga"), random_fbnet_shapes(rng), load_platform("zc706-pl"),
                              Objective::fps);
  int compared = 0;
  for (int i = 0; i < 100; ++i) {
    const Design design = choices.make(uniform_pick(rng));
    Accelerator accelerator{design.batch, design.chunks, {}};
    for (const int chunk : design.chunk_of) {
      accelerator.places.push_back({chunk, {}});
    }
    const std::vector<int> picks = choices.describe(accelerator);
    const Design again = choices.make([&](std::size_t m, const std::vector<char>&) { return picks[m]; });
    EXPECT_EQ(again.chunks, design.chunks);
    EXPECT_EQ(again.chunk_of, design.chunk_of);
    EXPECT_EQ(again.batch, design.batch);
    ++compared;
  }
  EXPECT_EQ(compared, 100);
}

TEST(DesignChoices, RejectASpaceInWhichSomeChunksCannotBeBuilt) {
  DesignSpace space = load_design_space("fpga-small");
  space.conv.requant_lanes = {3};
  const Platform platform = load_platform("zc706");
  EXPECT_THROW(DesignChoices(space, {}, platform, Objective::fps), InputError);
}

TEST(DesignChoices, RejectMultipliersThatThePlatformDoesNotHave) {
  EXPECT_THROW(DesignChoices(load_design_space("fpga"), {}, load_platform("asic-28nm"), Objective::fps), InputError);
  EXPECT_THROW(DesignChoices(load_design_space("asic"), {}, load_platform("zc706"), Objective::fps), InputError);
  EXPECT_NO_THROW(DesignChoices(load_design_space("asic"), {}, load_platform("asic-28nm"), Objective::fps));
}

}  // namespace
}  // namespace autonba
