#include "explore/neighbours.hpp"

#include <gmock/gmock.h>

#include "model/space.hpp"
#include "problems.hpp"

namespace autonba {
namespace {

struct Setting {
  Platform platform = load_platform("zc706-pl");
  DesignSpace space = load_design_space("fpga");
  std::vector<LayerShape> shapes;
  Mapper mapper{platform};
  std::vector<ShapeId> layers;

  Setting() {
    Rng rng = make_rng(1, "neighbours test network");
    const SearchSpace networks = load_space("fbnet-cifar");
    shapes = layer_shapes(make_network(networks, random_architecture(networks, rng), 10));
    for (const LayerShape& shape : shapes) {
      layers.push_back(mapper.intern(shape));
    }
  }
};

/// Makes the design again from its picks, each of which must be allowed.
void expect_allowed(const DesignChoices& choices, const Design& design) {
  const Design again = choices.make([&](std::size_t m, const std::vector<char>& allowed) {
    EXPECT_GE(design.picks[m], 0);
    EXPECT_NE(allowed[static_cast<std::size_t>(design.picks[m])], 0) << "choice " << m;
    return design.picks[m];
  });
  EXPECT_EQ(again.picks, design.picks);
  EXPECT_EQ(again.chunks, design.chunks);
  EXPECT_EQ(again.chunk_of, design.chunk_of);
}

bool equal(const Design& a, const Design& b) {
  return a.batch == b.batch && a.chunks == b.chunks && a.chunk_of == b.chunk_of;
}

TEST(Neighbours, AreOtherDesignsOfWhichEveryPickIsAllowed) {
  Setting setting;
  setting.space.chunks_max = 5;
  const DesignChoices choices(setting.space, setting.shapes, setting.platform, Objective::fps);
  const Neighbours neighbours(choices);
  Rng rng = make_rng(2, "neighbours test");
  Design design = neighbours.random(rng);
  std::array<int, 6> with_chunks = {};
  for (int i = 0; i < 1500; ++i) {
    const DesignCost cost = cost_of(design, setting.layers, Objective::fps, setting.mapper);
    const Design other = neighbours.neighbour(design, cost, {.structure = 0.3}, rng);
    expect_allowed(choices, other);
    EXPECT_FALSE(equal(other, design));
    ++with_chunks[other.chunks.size()];
    design = other;
  }
  for (std::size_t chunks = 2; chunks <= 5; ++chunks) {
    EXPECT_GT(with_chunks[chunks], 0) << chunks;
  }
}

TEST(Neighbours, OfTwoDesignsTakeChunksWholeAndOnlyAllowedPicks) {
  Setting setting;
  setting.space.conv.chunks_min = setting.space.conv.chunks_max = 2;
  setting.space.conv.bits = setting.space.depthwise.bits = {8};  // so that nothing but the ports is ruled out
  setting.space.conv.stride_max = setting.space.depthwise.stride_max = {2};
  setting.space.conv.port_bits = setting.space.depthwise.port_bits = {32};
  const DesignChoices choices(setting.space, setting.shapes, setting.platform, Objective::fps);
  const Neighbours neighbours(choices);
  Rng rng = make_rng(3, "neighbours test");
  int mixed = 0;
  for (int i = 0; i < 200; ++i) {
    const Design a = neighbours.random(rng);
    const Design b = neighbours.random(rng);
    const Design child = neighbours.crossed(a, b, rng);
    expect_allowed(choices, child);
    EXPECT_EQ(child.batch, a.batch);
    ASSERT_GE(child.chunks.size(), 2U);
    const auto is_in = [&](const Design& parent) {
      return std::find(parent.chunks.begin(), parent.chunks.end(), child.chunks.front()) != parent.chunks.end();
    };
    EXPECT_TRUE(is_in(a) || is_in(b));
    mixed += equal(child, a) || equal(child, b) ? 0 : 1;
  }
  EXPECT_GT(mixed, 100);
}

TEST(Neighbours, NearAllowedPicksIsTheirDesignAndElseTheNearest) {
  Setting setting;
  const DesignChoices choices(setting.space, setting.shapes, setting.platform, Objective::fps);
  const Neighbours neighbours(choices);
  Rng rng = make_rng(4, "neighbours test");
  for (int i = 0; i < 50; ++i) {
    const Design design = neighbours.random(rng);
    const Design again = neighbours.near(design.picks, rng);
    EXPECT_EQ(again.picks, design.picks);
    EXPECT_TRUE(equal(again, design));
    std::vector<int> picks = design.picks;
    for (std::size_t m = 0; m < picks.size(); ++m) {  // the widest ports, of which not all fit
      const bool port = choices.choices()[m].parameter == Parameter::port_bits && picks[m] != not_chosen;
      picks[m] = port ? static_cast<int>(choices.choices()[m].options.size()) - 1 : picks[m];
    }
    expect_allowed(choices, neighbours.near(picks, rng));
  }
}

}  // namespace
}  // namespace autonba
