#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace autonba {

/// A map of the feature store over the rounds of a schedule (docs/cost-model.md, Feature store).
struct MapLife {
  std::int64_t words = 0;   // of a slot; 0: takes no place
  int slots = 1;            // ⌈cycles / ii_cycles⌉, at least 1
  std::int64_t begin = 0;   // cycle of the round at which its writer starts
  std::int64_t cycles = 0;  // from there until its last reader is done
};

struct StoreAddresses {
  std::vector<std::int64_t> addresses;  // in words, of the first slot of each map; its others follow
  std::int64_t words = 0;               // that all maps take together
};

/// Gives the same words to maps that are never alive at the same time. A map of one slot is alive from `begin` on for
/// `cycles` in every round of ii_cycles; those of several slots have words of their own. The largest maps first, each
/// as low as there is room.
StoreAddresses store_addresses(std::span<const MapLife> maps, std::int64_t ii_cycles);

/// The least words of several orders in which maps are given a place; of up to maps_of_every_order all orders are
/// tried, one of which is best.
inline constexpr std::size_t maps_of_every_order = 5;
StoreAddresses best_store_addresses(std::span<const MapLife> maps, std::int64_t ii_cycles);

/// The most words that are alive at the same time, those of several slots at any time: fewer do not do.
std::int64_t words_alive(std::span<const MapLife> maps, std::int64_t ii_cycles);

}  // namespace autonba
