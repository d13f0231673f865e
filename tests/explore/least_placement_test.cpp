#include "explore/least_placement.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "../accel/random_cases.hpp"

namespace autonba {
namespace {

/// Costs and prices at random; some modes cannot be.
struct Case {
  PlacementGroups groups;
  std::vector<double> costs;
  std::vector<double> prices;
};

Case random_case(Rng& rng) {
  Case entry;
  entry.groups = placement_groups(random_network(rng));
  for (std::size_t i = 0; i < entry.groups.layers.size() * modes; ++i) {
    const bool possible = i % modes == 0 || random_between(rng, 0, 9) > 0;
    entry.costs.push_back(possible ? random_between(rng, 0, 1000) : std::numeric_limits<double>::infinity());
  }
  for (std::size_t i = 0; i < entry.groups.count; ++i) {
    entry.prices.push_back(random_between(rng, 0, 500));
  }
  return entry;
}

double cost_of(const Case& entry, const std::vector<char>& in_store) {
  const auto bit = [&](int group, std::size_t mode) {
    return group != always_external && in_store[static_cast<std::size_t>(group)] != 0 ? mode : 0;
  };
  double cost = 0;
  for (std::size_t layer = 0; layer < entry.groups.layers.size(); ++layer) {
    const LayerGroups& of = entry.groups.layers[layer];
    cost += entry.costs[layer * modes + (bit(of.input, input_stored) | bit(of.residual, residual_stored) |
                                         bit(of.output, output_stored))];
  }
  for (std::size_t group = 0; group < in_store.size(); ++group) {
    cost += in_store[group] != 0 ? entry.prices[group] : 0;
  }
  return cost;
}

TEST(LeastPlacement, IsThatOfEnumeration) {
  Rng rng = make_rng(1, "least placement");
  int groups = 0;
  for (int trial = 0; trial < 500; ++trial) {
    const Case entry = random_case(rng);
    double least = std::numeric_limits<double>::infinity();
    for (std::uint32_t bits = 0; bits < std::uint32_t{1} << entry.groups.count; ++bits) {
      std::vector<char> in_store;
      for (std::size_t group = 0; group < entry.groups.count; ++group) {
        in_store.push_back(static_cast<char>(bits >> group & 1));
      }
      least = std::min(least, cost_of(entry, in_store));
    }
    std::vector<char> found;
    const LeastPlacement solver(entry.groups);
    EXPECT_EQ(solver.find(entry.costs, entry.prices, &found), least);
    EXPECT_EQ(solver.find(entry.costs, entry.prices), least);
    EXPECT_EQ(cost_of(entry, found), least);
    groups += static_cast<int>(entry.groups.count);
  }
  EXPECT_GT(groups, 300);
}

}  // namespace
}  // namespace autonba
