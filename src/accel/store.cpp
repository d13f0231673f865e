#include "accel/store.hpp"

#include <bit>

#include "base/ceil_div.hpp"

namespace autonba {

int store_turns(std::size_t chunks) {
  return static_cast<int>(std::bit_ceil(chunks));
}

int store_word_bits(const Store& store, std::size_t chunks) {
  return store_turns(chunks) * store.port_bits;
}

int least_store_depth(std::int64_t words, bool is_asic) {
  constexpr std::int64_t in_luts = 64;
  constexpr std::int64_t step = 512;
  constexpr std::int64_t most = std::int64_t{1} << 30;
  const std::int64_t least = std::clamp<std::int64_t>(words, 1, most);
  return static_cast<int>(is_asic ? least : least <= in_luts ? in_luts : ceil_div(least, step) * step);
}

std::int64_t store_words(const MapView& output, int batch, int word_bits) {
  return std::int64_t{batch} * output.height * ceil_div(output.segments.front().map.row_bits, word_bits);
}

}  // namespace autonba
