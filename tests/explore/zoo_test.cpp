// Every network of configs/networks is laid out, mapped and priced.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "accel/layout.hpp"
#include "explore/engine.hpp"
#include "model/load_network.hpp"

namespace autonba {
namespace {

std::vector<std::string> zoo() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(AUTONBA_SOURCE_DIR "/configs/networks")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ZooOnZc706 : public testing::TestWithParam<std::string> {
 protected:
  const Network network_ = load_network(GetParam());
  const Platform platform_ = load_platform("zc706");
  const DesignSpace space_ = load_design_space("fpga");
};

// A chunk of each kind, with the largest buffers of the space.
TEST_P(ZooOnZc706, EveryLayerHasATileInTheSpace) {
  Mapper mapper(platform_);
  const Chunk conv{.kind = ChunkKind::conv,
                   .unroll_m = 8,
                   .unroll_n = 8,
                   .requant_lanes = 8,
                   .stride_max = space_.conv.stride_max.back(),
                   .depth_input = space_.conv.depth_input.back(),
                   .depth_weight = space_.conv.depth_weight.back(),
                   .depth_output = space_.conv.depth_output.back(),
                   .port_bits = 64};
  Chunk depthwise = conv;
  depthwise.kind = ChunkKind::depthwise;
  depthwise.unroll_n = 1;
  depthwise.depth_weight = space_.depthwise.depth_weight.back();
  ASSERT_EQ(defect(conv), std::nullopt);
  ASSERT_EQ(defect(depthwise), std::nullopt);
  const std::vector<LayerShape> shapes = layer_shapes(network_);
  EXPECT_NO_THROW(lay_out_maps(network_));
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    EXPECT_TRUE(mapper.best(mapper.intern(shapes[i]), is_depthwise_kind(shapes[i]) ? depthwise : conv, 1))
        << network_.layers[i].id;
  }
}

TEST_P(ZooOnZc706, AFewRandomDesignsHoldOneThatFits) {
  Mapper mapper(platform_);
  const Problem problem{network_, platform_, space_, Objective::fps};
  const Solution solution = explore("random", problem, {400}, 1, mapper);
  ASSERT_TRUE(solution.accelerator);
  EXPECT_EQ(evaluate(network_, *solution.accelerator, platform_), solution.cost);
  // No more multiply-accumulates a cycle than the DSPs, two each, and 8-bit multipliers of all LUTs can do.
  const double macs_per_cycle =
      static_cast<double>(macs(network_)) * solution.accelerator->batch / static_cast<double>(solution.cost.ii_cycles);
  EXPECT_LT(macs_per_cycle, 2.0 * platform_.dsp + platform_.lut / (8 * 8 * platform_.logic.lut_per_lut_mac_bit2));
}

INSTANTIATE_TEST_SUITE_P(All, ZooOnZc706, testing::ValuesIn(zoo()), [](const auto& network) {
  std::string name = network.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace autonba
