#include "explore/design_tables.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "explore/design_cost.hpp"
#include "model/space.hpp"
#include "problems.hpp"

namespace autonba {
namespace {

/// Few datapaths, but depths from such that hold no tile to such that hold everything.
DesignSpace few_datapaths() {
  DesignSpace space = load_design_space("fpga");
  space.batch = {1, 4};
  space.conv.bits = {6, 8};
  space.conv.stride_max = {1, 2};
  space.conv.unroll_m = {7, 16};
  space.conv.unroll_n = {3, 16};
  space.conv.unroll_p = {1, 4};
  space.conv.requant_lanes = {1, 8, 16};
  space.conv.depth_input = {32, 512, 8192};
  space.conv.depth_weight = {32, 300, 4096};
  space.conv.depth_output = {32, 64, 128, 4096};
  space.conv.port_bits = {64};
  space.depthwise.bits = {8};
  space.depthwise.stride_max = {2};
  space.depthwise.unroll_m = {5, 16};
  space.depthwise.unroll_p = {1, 4};
  space.depthwise.requant_lanes = {5, 8};
  space.depthwise.depth_input = {64, 512, 8192};
  space.depthwise.depth_weight = {32, 256};
  space.depthwise.depth_output = {32, 64, 128, 4096};
  space.depthwise.port_bits = {32, 128};
  return space;
}

Network random_cifar_network(std::uint64_t seed) {
  Rng rng = make_rng(seed, "tables test network");
  const SearchSpace space = load_space("fbnet-cifar");
  return make_network(space, random_architecture(space, rng), 10);
}

/// Compares designs drawn from tables with cost_of, that is, with the mapper.
void compare_with_mapper(const DesignSpace& space, const Network& network, const Platform& platform, int designs,
                         int least_running) {
  const DesignTables tables(space, layer_shapes(network), platform, 2);
  Mapper mapper(platform);
  const std::vector<ShapeId> layers = mapper.intern(network);
  Rng rng = make_rng(1, "tables test");
  TableDesign drawn;
  int running = 0;
  for (int i = 0; i < designs; ++i) {
    tables.draw(drawn, rng);
    const Design design = tables.spelled_out(drawn);
    const TableCost cost = tables.cost(drawn);
    const DesignCost expected = cost_of(design, layers, Objective::fps, mapper);
    EXPECT_EQ(cost.resources, total(expected.chunk_resources));
    EXPECT_EQ(cost.fits, expected.fits);
    ASSERT_EQ(cost.runs, expected.runs);
    if (cost.runs) {
      const Cost whole = evaluate(network, accelerator_of(design, expected), platform);
      EXPECT_EQ(cost.ii_cycles, whole.ii_cycles);
      EXPECT_EQ(cost.latency_cycles, whole.latency_cycles);
      ++running;
    }
  }
  EXPECT_GE(running, least_running);
  EXPECT_LT(running, designs);
}

TEST(DesignTables, SayOfRandomDesignsWhatTheMapperSays) {
  compare_with_mapper(few_datapaths(), random_cifar_network(1), load_platform("zc706-pl"), 800, 20);
}

TEST(DesignTables, SayWhatTheMapperSaysOnAnotherPlatformAndNetwork) {
  DesignSpace space = load_design_space("fpga-small");
  space.conv.unroll_m = {8, 32};
  space.conv.accumulator = {false, true};
  space.conv.depth_weight = {32, 2048};
  compare_with_mapper(space, quick_network("k5_e6", 8), load_platform("pynq-z2"), 300, 20);
}

TEST(DesignTables, OfTheBenchmarkSayWhatTheMapperSays) {
  DesignSpace space = load_design_space("fpga-tables");
  space.conv.unroll_m = {8, 64};  // a part of it, to be quick
  space.conv.unroll_n = {4, 32};
  space.conv.port_bits = {32, 256};
  space.conv.accumulator = {true};
  compare_with_mapper(space, random_cifar_network(2), load_platform("zc706-pl"), 1000, 50);
}

TEST(DesignTables, CountTheChunksThatCanBeBuilt) {
  DesignSpace space = load_design_space("fpga-small");
  space.conv.requant_lanes = {4, 16};  // 16 lanes for m 8: with p 2 or 4 only
  space.conv.unroll_m = {8};
  space.conv.unroll_n = {4};
  const DesignTables tables(space, layer_shapes(quick_network("k3_e1", 8)), load_platform("zc706"), 1);
  EXPECT_EQ(tables.configurations(ChunkKind::conv), (3 + 2) * 2 * 3 * 4 * 4 * 4);
}

TEST(DesignTables, RefuseASpaceThatIsTooLarge) {
  EXPECT_THROW(DesignTables(load_design_space("fpga-small"), layer_shapes(quick_network("k3_e1", 8)),
                            load_platform("zc706"), 1, 1 << 20),
               WorkError);
}

}  // namespace
}  // namespace autonba
