#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "accel/chunk.hpp"
#include "accel/store.hpp"

namespace autonba {

/// Where a layer runs and how.
struct LayerPlace {
  int chunk = 0;
  Mapping mapping;
  bool writes_store = false;  // whether the map that it writes lies in the feature store, else in external memory
  friend bool operator==(const LayerPlace&, const LayerPlace&) = default;
};

/// γ with its assignment and mappings: everything that the cost of a network depends on besides network and platform.
struct Accelerator {
  int batch = 1;  // B, images that a round works on together
  std::vector<Chunk> chunks;
  std::vector<LayerPlace> places;  // one for each layer of the network, in its order
  std::optional<Store> store;      // needed where a map lies in it
  // By layer, the cycle of every round at which it starts, which a store was made for; empty: as make_schedule finds.
  std::vector<std::int64_t> starts;
  friend bool operator==(const Accelerator&, const Accelerator&) = default;
};

}  // namespace autonba
