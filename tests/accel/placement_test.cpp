#include "accel/placement.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "accel/cost.hpp"
#include "accel/layout.hpp"
#include "random_cases.hpp"

namespace autonba {
namespace {

/// Writers of maps that some layer reads, one way or the other.
std::set<int> maps_that_layers_read(const Network& network) {
  std::set<int> read;
  for (const Layer& layer : network.layers) {
    for (const MapSlice& slice : layer.inputs) {
      read.insert(slice.writer);
    }
    read.insert(layer.residual.value_or(network_input));
  }
  return read;
}

TEST(Placement, OnlyWhatLayersAloneReadMayLieInTheStore) {
  Rng rng = make_rng(1, "placement");
  int storable = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Network network = random_network(rng);
    std::set<int> read_by_host;
    for (const HostOp& op : network.host_ops) {
      read_by_host.insert(op.reads.begin(), op.reads.end());
    }
    const std::vector<bool> found = storable_maps(network);
    for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
      const bool expected = maps_that_layers_read(network).count(i) == 1 && read_by_host.count(i) == 0;
      EXPECT_EQ(found[static_cast<std::size_t>(i)], expected);
      storable += expected ? 1 : 0;
    }
  }
  EXPECT_GT(storable, 100);
}

TEST(Placement, ALayerFindsAllItsInputsInOnePlace) {
  Rng rng = make_rng(2, "placement");
  int together = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    const Network network = random_network(rng);
    const PlacementGroups groups = placement_groups(network);
    const auto group_of = [&](int writer) {
      return writer < 0 ? always_external : groups.layers[static_cast<std::size_t>(writer)].output;
    };
    const std::vector<bool> storable = storable_maps(network);
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      for (const int writer : maps_read(layer)) {
        EXPECT_EQ(group_of(writer), groups.layers[i].input);
      }
      EXPECT_EQ(groups.layers[i].residual, group_of(layer.residual.value_or(network_input)));
      EXPECT_TRUE(storable[i] || groups.layers[i].output == always_external);
      EXPECT_LT(groups.layers[i].output, static_cast<int>(groups.count));
      together += maps_read(layer).size() > 1 && groups.layers[i].input != always_external ? 1 : 0;
    }
  }
  EXPECT_GT(together, 10);
}

TEST(Placement, AChainHasAGroupForEveryMapButThatOfTheHost) {
  Network network{.input = {.channels = 4, .height = 8, .width = 8, .bits = 8}};
  for (int i = 0; i < 5; ++i) {
    network.layers.push_back({.id = fmt::format("l{}", i),
                              .inputs = {{i - 1, {{0, 4}}}},
                              .channels_in = 4,
                              .channels_out = 4,
                              .height_in = 8,
                              .width_in = 8});
  }
  network.layers[4].residual = 1;
  const PlacementGroups groups = placement_groups(network);
  EXPECT_EQ(groups.count, 4U);  // the last map is the output
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(groups.layers[i].input, i == 0 ? always_external : groups.layers[i - 1].output);
    EXPECT_EQ(groups.layers[i].output == always_external, i == 4);
  }
  EXPECT_EQ(groups.layers[4].residual, groups.layers[1].output);
}

TEST(Placement, OfMoreGroupsThanCanBeAliveAtOnceTheLastOnesStayOut) {
  Network network{.input = {.channels = 4, .height = 8, .width = 8, .bits = 8}};
  constexpr int many = groups_at_once + 3;
  const auto add = [&](int input, std::optional<int> residual) {
    network.layers.push_back({.id = "l",
                              .inputs = {{input, {{0, 4}}}},
                              .residual = residual,
                              .channels_in = 4,
                              .channels_out = 4,
                              .height_in = 8,
                              .width_in = 8});
  };
  for (int i = 0; i < many; ++i) {
    add(network_input, std::nullopt);
  }
  for (int i = 0; i < many; ++i) {  // each reads one of the first maps
    add(i, std::nullopt);
  }
  const PlacementGroups groups = placement_groups(network);
  EXPECT_EQ(groups.count, static_cast<std::size_t>(groups_at_once));
  for (int i = 0; i < many; ++i) {
    EXPECT_EQ(groups.layers[static_cast<std::size_t>(i)].output == always_external, i >= groups_at_once);
    EXPECT_EQ(groups.layers[static_cast<std::size_t>(many + i)].input,
              groups.layers[static_cast<std::size_t>(i)].output);
  }
}

/// Everything that may lie in the store does.
std::optional<Accelerator> with_all_maps(Rng& rng, const Network& network) {
  std::optional<Accelerator> accelerator = random_accelerator(rng, network);
  if (accelerator) {
    accelerator->store = Store{0, 64};
    const std::vector<bool> storable = storable_maps(network);
    for (std::size_t i = 0; i < accelerator->places.size(); ++i) {
      accelerator->places[i].writes_store = storable[i];
    }
  }
  return accelerator;
}

TEST(FitStore, TakesNoMoreWordsWhateverStartsItIsGiven) {
  const Platform platform = load_platform(AUTONBA_SOURCE_DIR "/configs/platforms/zc706.yaml");
  Rng rng = make_rng(3, "placement");
  int stored = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const Network network = random_network(rng);
    std::optional<Accelerator> accelerator = with_all_maps(rng, network);
    if (!accelerator) {
      continue;
    }
    Accelerator given = *accelerator;
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      given.starts.push_back(random_between(rng, -1000, 1'000'000));
    }
    fit_store(network, platform, *accelerator);
    fit_store(network, platform, given);
    ASSERT_EQ(given.store.has_value(), accelerator->store.has_value());
    if (!given.store) {
      EXPECT_TRUE(given.starts.empty());
      continue;
    }
    ++stored;
    EXPECT_LE(given.store->depth, accelerator->store->depth);
    const Cost cost = evaluate(network, given, platform);
    const Schedule schedule = make_schedule(network, given, cost.layer_cycles, slot_words(network, given));
    EXPECT_NO_THROW(check_placement(network, given, schedule, "given starts"));
  }
  EXPECT_GT(stored, 50);
}

}  // namespace
}  // namespace autonba
