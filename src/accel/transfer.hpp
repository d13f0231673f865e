#pragma once

#include <cstdint>
#include <span>

#include "accel/layout.hpp"
#include "accel/store.hpp"

namespace autonba {

/// The pixels of a map that a tile loads or stores. Flattened layers: `pixels` pixels of the batch from `first_pixel`
/// on, row by row and image by image; the other fields are 0.
struct Window {
  int rows = 0;
  bool rows_adjoin = true;  // every row from the first to the last
  int first_col = 0;
  int cols = 0;
  bool flattened = false;
  int first_pixel = 0;
  int pixels = 0;
};

/// What moves values between external memory, or the feature store, and a buffer.
struct Port {
  int bits = 32;                  // w: 32, 64, 128 or 256; of the store: W_f
  int buffer_values = 1;          // U, values of a buffer word
  int cycles_of_value = 1;        // e, buffer words that a value takes
  int turns = 1;                  // cycles that a word takes: of the store P, else 1
  std::uint64_t maps = all_maps;  // those of the view that it moves, see map_bit
};

/// The ways of a view's maps to or from a buffer: of those in external memory, and of those in the store.
struct MapPorts {
  MapPorts(const Port& port, const StoreUse& use, std::uint64_t in_store) : external(port), store(port) {
    external.maps = ~in_store;
    store.maps = in_store;
    store.bits = use.word_bits;
    store.turns = use.turns;
  }
  Port external;
  Port store;
};

/// Cycles of all runs that move channels `begin` up to `end` of a group, whose segments are `segments`, for the pixels
/// of `window` (docs/cost-model.md, Runs), of the maps that the port moves.
std::int64_t transfer_cycles(const MapView& view, std::span<const Segment> segments, int begin, int end,
                             const Window& window, const Port& port);

/// Words that a transfer moves on either side.
struct TransferWords {
  std::int64_t memory = 0;  // of the port
  std::int64_t buffer = 0;
  friend bool operator==(const TransferWords&, const TransferWords&) = default;
};

inline TransferWords operator+(const TransferWords& a, const TransferWords& b) {
  return {a.memory + b.memory, a.buffer + b.buffer};
}
inline TransferWords operator-(const TransferWords& a, const TransferWords& b) {
  return {a.memory - b.memory, a.buffer - b.buffer};
}
inline TransferWords operator*(std::int64_t times, const TransferWords& a) {
  return {times * a.memory, times * a.buffer};
}
inline TransferWords& operator+=(TransferWords& a, const TransferWords& b) {
  return a = a + b;
}

/// The words of the same runs.
TransferWords transfer_words(const MapView& view, std::span<const Segment> segments, int begin, int end,
                             const Window& window, const Port& port);

/// After how many tiles of `tile` channels the alignment of tiles within a group recurs; `tiles` where it does not.
int channel_period(const MapView& view, std::span<const Segment> segments, int tile, int tiles, int port_bits);

/// After how many steps of `step` columns the alignment of runs recurs.
int column_period(const MapView& view, int step, const Port& port);

/// After how many tiles of `tile` pixels of a flattened layer the alignment of runs recurs.
int pixel_period(const MapView& view, int tile, const Port& port);

}  // namespace autonba
