#include <gtest/gtest.h>

#include "accel/placement.hpp"
#include "explore/engine.hpp"
#include "model/load_network.hpp"
#include "store_simulation.hpp"

namespace autonba {
namespace {

class StoreOfZoo : public testing::TestWithParam<const char*> {};

TEST_P(StoreOfZoo, NoSlotIsOverwrittenBeforeItsLastReaderIsDone) {
  const Network network = load_network(GetParam());
  const Platform platform = load_platform("zc706");
  const DesignSpace space = load_design_space("fpga-store");
  Mapper mapper(platform);
  const Solution solution =
      explore("exact", {network, platform, space}, {.gap = 0.2, .seconds = 20, .threads = 2}, 1, mapper);
  ASSERT_TRUE(solution.accelerator);
  const Accelerator& accelerator = *solution.accelerator;
  const Schedule schedule =
      make_schedule(network, accelerator, solution.cost.layer_cycles, slot_words(network, accelerator));
  EXPECT_EQ(simulate_slots(network, accelerator, schedule, 10), "");
  EXPECT_NO_THROW(check_placement(network, accelerator, schedule, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Zoo, StoreOfZoo,
                         testing::Values("alexnet", "vgg16", "resnet18", "resnet50", "mobilenet-v1", "mobilenet-v2",
                                         "mobilenet-v3-large", "efficientnet-b0", "squeezenet", "shufflenet-v2",
                                         "fbnet-c", "proxylessnas-mobile", "edd-net-3", "yolo-tiny"));

}  // namespace
}  // namespace autonba
