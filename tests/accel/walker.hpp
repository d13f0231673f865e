#pragma once

#include <cstdint>
#include <set>

#include "accel/chunk.hpp"
#include "accel/cycle_terms.hpp"
#include "accel/platform.hpp"
#include "accel/traffic.hpp"
#include "model/network.hpp"

namespace autonba {

/// What a walk over every tile step, run, pixel and channel of a layer finds: docs/cost-model.md done literally,
/// written apart from the cost model and sharing nothing with it but the data types and D.
struct Walk {
  std::int64_t cycles = 0;
  CycleTerms terms;
  std::int64_t steps = 0;
  // The most words of each half of a buffer that a tile fills.
  std::int64_t input_words = 0;
  std::int64_t weight_words = 0;
  std::int64_t output_words = 0;
  Traffic traffic;
};

/// Maps that lie in the feature store, by writer, and what it is to a chunk.
struct WalkedStore {
  std::set<int> maps;
  int turns = 1;       // P
  int word_bits = 32;  // W_f
};

/// Whether tiles of `tile` output channels (of input channels with `input`) cover whole segments or a part of one, for
/// outputs in whole granules; found channel by channel.
bool walk_tile_is_legal(const Network& network, int layer, bool input, int tile);

Walk walk_layer(const Network& network, int layer, const Chunk& chunk, const Mapping& mapping, int batch,
                const Platform& platform, const WalkedStore& store = {});

}  // namespace autonba
