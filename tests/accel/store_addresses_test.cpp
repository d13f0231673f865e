#include "accel/store_addresses.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "random_cases.hpp"

namespace autonba {
namespace {

constexpr int ii_cycles = 20;

std::vector<MapLife> random_lives(Rng& rng, int maps) {
  std::vector<MapLife> lives;
  for (int i = 0; i < maps; ++i) {
    const int cycles = random_between(rng, 1, 25);
    lives.push_back({.words = random_between(rng, 0, 9),
                     .slots = cycles > ii_cycles ? 2 : 1,
                     .begin = random_between(rng, 0, ii_cycles - 1),
                     .cycles = cycles});
  }
  return lives;
}

/// Whether a map is alive in a cycle of the round, in any of its slots.
bool is_alive(const MapLife& life, int cycle) {
  return life.slots > 1 || (cycle - life.begin + ii_cycles) % ii_cycles < life.cycles;
}

/// Cycle by cycle and word by word.
std::string overlap(const std::vector<MapLife>& lives, const StoreAddresses& store) {
  for (int cycle = 0; cycle < ii_cycles; ++cycle) {
    std::vector<int> owner(static_cast<std::size_t>(store.words), -1);
    for (std::size_t i = 0; i < lives.size(); ++i) {
      for (std::int64_t word = 0; is_alive(lives[i], cycle) && word < lives[i].slots * lives[i].words; ++word) {
        int& owned_by = owner.at(static_cast<std::size_t>(store.addresses[i] + word));
        if (owned_by >= 0) {
          return "maps " + std::to_string(owned_by) + " and " + std::to_string(i);
        }
        owned_by = static_cast<int>(i);
      }
    }
  }
  return "";
}

/// The most words of any cycle.
std::int64_t most_words(const std::vector<MapLife>& lives) {
  std::int64_t most = 0;
  for (int cycle = 0; cycle < ii_cycles; ++cycle) {
    std::int64_t words = 0;
    for (const MapLife& life : lives) {
      words += is_alive(life, cycle) ? life.slots * life.words : 0;
    }
    most = std::max(most, words);
  }
  return most;
}

TEST(StoreAddresses, MapsThatAreAliveAtOnceDoNotOverlap) {
  Rng rng = make_rng(1, "store addresses");
  std::int64_t words = 0;
  std::int64_t alive = 0;
  std::int64_t one_each = 0;
  for (int round = 0; round < 300; ++round) {
    const std::vector<MapLife> lives = random_lives(rng, random_between(rng, 1, 12));
    const StoreAddresses quick = store_addresses(lives, ii_cycles);
    const StoreAddresses best = best_store_addresses(lives, ii_cycles);
    EXPECT_EQ(overlap(lives, quick), "");
    EXPECT_EQ(overlap(lives, best), "");
    EXPECT_LE(best.words, quick.words);
    EXPECT_EQ(words_alive(lives, ii_cycles), most_words(lives));
    EXPECT_GE(best.words, most_words(lives));
    words += best.words;
    alive += most_words(lives);
    one_each += std::accumulate(lives.begin(), lives.end(), std::int64_t{0},
                                [](std::int64_t sum, const MapLife& life) { return sum + life.slots * life.words; });
  }
  EXPECT_LT(words, one_each);
  EXPECT_LT(static_cast<double>(words), 1.1 * static_cast<double>(alive));
}

/// The least words of any addresses up to `most`.
std::int64_t least_words(const std::vector<MapLife>& lives, std::int64_t most) {
  StoreAddresses store{std::vector<std::int64_t>(lives.size(), 0), most};
  std::int64_t least = most;
  const auto place = [&](auto&& again, std::size_t map, std::int64_t words) -> void {
    if (map == lives.size()) {
      if (words < least && overlap(lives, store).empty()) {
        least = words;
      }
      return;
    }
    const std::int64_t size = lives[map].slots * lives[map].words;
    for (std::int64_t address = 0; address + size < least; ++address) {
      store.addresses[map] = address;
      again(again, map + 1, std::max(words, address + size));
    }
  };
  place(place, 0, 0);
  return least;
}

TEST(StoreAddresses, OfAFewMapsNoneTakeFewerWords) {
  Rng rng = make_rng(2, "store addresses");
  for (int round = 0; round < 60; ++round) {
    std::vector<MapLife> lives = random_lives(rng, 4);
    for (MapLife& life : lives) {
      life.words = std::min<std::int64_t>(life.words, 4);
    }
    const StoreAddresses best = best_store_addresses(lives, ii_cycles);
    EXPECT_EQ(least_words(lives, best.words), best.words);
  }
}

}  // namespace
}  // namespace autonba
