#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "accel/layout.hpp"

namespace autonba {

/// The feature store: one memory on chip whose words each chunk may read, and write, in its turn (docs/cost-model.md,
/// Feature store).
struct Store {
  int depth = 0;       // d_f, words of W_f bits
  int port_bits = 32;  // w_f, bits a cycle that each chunk gets on either side: 32, 64 or 128
  friend bool operator==(const Store&, const Store&) = default;
};

/// P: cycles from one turn of a chunk to its next, the number of chunks rounded up to a power of two.
int store_turns(std::size_t chunks);

/// W_f = P·w_f.
int store_word_bits(const Store& store, std::size_t chunks);
inline constexpr int store_chunks_most = 32;
inline constexpr int store_word_bits_most = store_chunks_most * 128;

/// Words that a batch of the map takes in the store. `output`: as its writer sees it.
std::int64_t store_words(const MapView& output, int batch, int word_bits);

/// The least depth that holds so many words, at least one, and costs as little: on an FPGA those at which the count of
/// BRAM18 steps. No more than an int holds.
int least_store_depth(std::int64_t words, bool is_asic);

/// λ_f: cycles before the first word of a transfer, of either side.
inline int store_latency(int turns) {
  return turns + 2;
}

/// The bit of a map among those that a layer reads: of StoredMap::index; those from 63 on share one.
inline std::uint64_t map_bit(int index) {
  return std::uint64_t{1} << std::min(index, 63);
}
inline constexpr std::uint64_t all_maps = ~std::uint64_t{0};

/// Which of the maps that a layer reads and writes lie in the store; by default none.
struct StoreUse {
  int turns = 1;             // P
  int word_bits = 32;        // W_f
  std::uint64_t inputs = 0;  // a bit for each map, see map_bit
  bool residual = false;
  bool output = false;
  bool any() const { return inputs != 0 || residual || output; }
  friend bool operator==(const StoreUse&, const StoreUse&) = default;
};

}  // namespace autonba
