#pragma once

#include <cstdint>

#include "accel/chunk.hpp"
#include "accel/layout.hpp"
#include "accel/store.hpp"

namespace autonba {

/// Accesses to a buffer: words of one of its memories.
struct BufferAccesses {
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  friend bool operator==(const BufferAccesses&, const BufferAccesses&) = default;
};

/// What a layer does for a batch, besides taking time: what its energy depends on (docs/cost-model.md, ASIC).
struct Traffic {
  std::int64_t operations = 0;    // multiply-accumulates; pooling: values that are pooled
  std::int64_t loaded_words = 0;  // of the port, w bits each
  std::int64_t stored_words = 0;
  BufferAccesses store;  // words of the feature store, W_f bits each
  BufferAccesses input;
  BufferAccesses weight;
  BufferAccesses output;
  BufferAccesses accumulator;
  BufferAccesses parameters;
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

/// Exact. Requires can_run and tile_fits (accel/cycles.hpp). Its time does not grow with the number of tiles, only with
/// the number of kinds of tiles. `use`: the layer's maps in the store.
Traffic layer_traffic(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                      const StoreUse& use = {});

/// A lower bound of every count of layer_traffic, several times as fast: what runs move if none is cut by the words of
/// port or store; all else is exact.
Traffic least_traffic(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                      const StoreUse& use = {});

}  // namespace autonba
