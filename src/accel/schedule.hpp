#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accel/accelerator.hpp"
#include "model/network.hpp"

namespace autonba {

/// A layer in the modulo schedule: in round r it works on batch r - stage, from start_cycle of the round.
struct ScheduledLayer {
  std::int64_t start_cycle = 0;  // s_l
  std::int64_t cycles = 0;       // c_l
  int stage = 0;                 // k_l
  friend bool operator==(const ScheduledLayer&, const ScheduledLayer&) = default;
};

/// Rounds of II cycles in which every chunk runs its layers in a fixed order (docs/cost-model.md, Schedule).
struct Schedule {
  std::int64_t ii_cycles = 0;
  int stages = 0;                      // rounds that a batch takes
  std::int64_t latency_cycles = 0;     // pipelined: from the start of a batch's first layer to the end of its last
  std::vector<ScheduledLayer> layers;  // in the network's order
  std::vector<int> slots;              // copies of each layer's map, in the network's order
  std::vector<std::int64_t> alive;     // cycles from the start of each layer to the end of the last reader of its map
  std::vector<std::int64_t> store_addresses;  // of each layer's map, in words; 0 for those in external memory
  std::int64_t store_words = 0;               // that all maps in the store take
  int input_slots = 0;                        // copies of the input map; 0 where no layer reads it
  std::vector<int> host_slots;                // copies of the maps of Network::host_ops; 0 where no layer reads one
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

/// Orders the layers of each chunk so that the stages are few. `layer_cycles` as in Cost. `slot_words`: for every layer
/// the words of the feature store that a slot of its map takes, 0 for maps in external memory; then the words that all
/// maps take are made few first of all: of a few layers every order is tried, of all an order is changed, 10 times, 100
/// times and so on up to `changes`; more lead to no more words.
/// An accelerator that has starts keeps them.
inline constexpr int schedule_changes = 10'000;
inline constexpr std::size_t layers_of_every_order = 5;
Schedule make_schedule(const Network& network, const Accelerator& accelerator,
                       std::span<const std::int64_t> layer_cycles, std::span<const std::int64_t> slot_words = {},
                       int changes = schedule_changes);

}  // namespace autonba
