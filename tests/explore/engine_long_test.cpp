#include <gmock/gmock.h>

#include "explore/compare.hpp"

namespace autonba {
namespace {

TEST(DasLong, BeatsRandomOnNetworksOfTheCifarSpace) {
  const Comparison comparison{.platform = load_platform("zc706-pl"),
                              .space = load_design_space("fpga"),
                              .objective = Objective::fps,
                              .evaluations = 3000,
                              .seeds = 3,
                              .engines = {"das", "random"}};
  const std::vector<NamedNetwork> networks = random_networks(load_space("fbnet-cifar"), 3, 10, 2);
  const Json document = comparison_json(compare(networks, comparison), comparison);
  EXPECT_EQ(document["wins"]["das"]["random"], 3) << document["rows"].dump(2);
}

}  // namespace
}  // namespace autonba
