#include "store_simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "../accel/random_cases.hpp"
#include "accel/cost.hpp"
#include "accel/placement.hpp"

namespace autonba {
namespace {

constexpr int rounds = 10;

/// A chunk for each layer, and a store with most of the maps that may lie there.
struct Case {
  Network network;
  Accelerator accelerator;
  Schedule schedule;
};

std::optional<Case> random_case(Rng& rng) {
  Case entry{random_network(rng), {}, {}};
  const auto accelerator = random_accelerator(rng, entry.network);
  if (!accelerator) {
    return std::nullopt;
  }
  entry.accelerator = *accelerator;
  entry.accelerator.store = Store{.depth = 1 << 20, .port_bits = 64};
  const std::vector<bool> storable = storable_maps(entry.network);
  for (std::size_t i = 0; i < storable.size(); ++i) {
    entry.accelerator.places[i].writes_store = storable[i] && random_between(rng, 0, 3) > 0;
  }
  const Cost cost = evaluate(entry.network, entry.accelerator, load_platform("zc706"));
  entry.schedule =
      make_schedule(entry.network, entry.accelerator, cost.layer_cycles, slot_words(entry.network, entry.accelerator));
  return entry;
}

/// Maps of one slot of which one is written while the other is still to be read.
std::optional<std::pair<std::size_t, std::size_t>> alive_at_once(const Schedule& schedule,
                                                                 const std::vector<std::int64_t>& words) {
  const auto shares = [&](std::size_t map) { return words[map] > 0 && schedule.slots[map] == 1; };
  for (std::size_t a = 0; a < words.size(); ++a) {
    for (std::size_t b = 0; b < words.size(); ++b) {
      const std::int64_t later = schedule.layers[b].start_cycle - schedule.layers[a].start_cycle;
      if (a != b && shares(a) && shares(b) && later >= 0 && later < schedule.alive[a]) {
        return std::pair(a, b);
      }
    }
  }
  return std::nullopt;
}

TEST(StoreSimulation, NoSlotIsOverwrittenBeforeItsLastReaderIsDone) {
  Rng rng = make_rng(1, "store simulation");
  int played = 0;
  int too_few = 0;
  int meeting = 0;
  while (played < 100) {
    std::optional<Case> entry = random_case(rng);
    if (!entry) {
      continue;
    }
    ++played;
    const std::vector<std::int64_t> words = slot_words(entry->network, entry->accelerator);
    EXPECT_EQ(simulate_slots(entry->network, entry->accelerator, entry->schedule, rounds), "");
    // With two maps that are alive at once at the same words something goes wrong,
    if (const auto pair = alive_at_once(entry->schedule, words)) {
      Schedule together = entry->schedule;
      together.store_addresses[pair->first] = together.store_addresses[pair->second];
      EXPECT_NE(simulate_slots(entry->network, entry->accelerator, together, rounds), "");
      ++meeting;
    }
    // and with one slot fewer, or the simulation says nothing.
    for (std::size_t i = 0; i < entry->schedule.slots.size(); ++i) {
      if (entry->accelerator.places[i].writes_store && entry->schedule.slots[i] > 1) {
        Schedule fewer = entry->schedule;
        --fewer.slots[i];
        EXPECT_NE(simulate_slots(entry->network, entry->accelerator, fewer, rounds), "");
        ++too_few;
      }
    }
  }
  EXPECT_GT(too_few, 15);
  EXPECT_GT(meeting, 3);
}

}  // namespace
}  // namespace autonba
