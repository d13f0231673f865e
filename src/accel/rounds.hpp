#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accel/accelerator.hpp"
#include "model/network.hpp"

namespace autonba {

/// What each layer waits for, in the network's order.
struct Waits {
  std::vector<std::vector<int>> layers;        // whose maps the layer reads
  std::vector<std::vector<int>> through_host;  // on whose maps the host works before the layer reads what it made
};

/// The layers of a network as the chunks of an accelerator run them in every round of the schedule.
struct Round {
  Waits waits;
  std::vector<std::size_t> chunk_of;                // by layer
  std::vector<std::vector<std::size_t>> layers_of;  // by chunk
  std::vector<std::int64_t> cycles;                 // by layer
  std::vector<int> least_slots;                     // by layer, of its map: one more where the host reads it
  std::int64_t ii_cycles = 0;                       // of the chunk whose layers take the longest together
};

Round round_of(const Network& network, const Accelerator& accelerator, std::span<const std::int64_t> layer_cycles);

/// The same layers on the chunks of another accelerator.
void place_layers(const Accelerator& accelerator, std::span<const std::int64_t> layer_cycles, Round& round);

/// Writers of the maps that a layer reads, each once: layers, network_input and operations of the host.
std::vector<int> writers_read(const Layer& layer);

/// From where in the round each layer starts: its stage, the least one (docs/cost-model.md, Schedule). What the host
/// makes of a layer's map takes a round: it reads a map in the round after its writer's and has written its own before
/// the round of the first reader begins.
void find_stages(const Round& round, std::span<const std::int64_t> starts, std::vector<int>& stages);

/// Cycles from the start of each layer to the end of the last reader of its map; 0 where no layer reads it.
void find_alive_cycles(const Round& round, std::span<const std::int64_t> starts, std::span<const int> stages,
                       std::vector<std::int64_t>& alive);

/// Copies of each layer's map that such a schedule needs.
std::vector<int> slots_needed(const Round& round, std::span<const std::int64_t> alive);

}  // namespace autonba
