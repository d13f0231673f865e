#include "accel/transfer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "base/ceil_div.hpp"

namespace autonba {
namespace {

constexpr std::size_t port_alignments = 256 / granule_bits;
constexpr std::size_t store_alignments = store_word_bits_most / granule_bits;

/// Memory words that `length` bits from `address` on touch.
std::int64_t memory_words(std::int64_t address, std::int64_t length, const Port& port) {
  const int shift = std::countr_zero(static_cast<unsigned>(port.bits));
  return ((address + length - 1) >> shift) - (address >> shift) + 1;
}

/// u: buffer words that `channels` channels from `first` (within the tile) on touch.
std::int64_t buffer_words(int first, int channels, const Port& port) {
  const auto values = static_cast<unsigned>(port.buffer_values);
  const unsigned before = first == 0 ? 0 : static_cast<unsigned>(first) / values;
  const unsigned last = static_cast<unsigned>(first + channels - 1) / values;
  return std::int64_t{last - before + 1} * port.cycles_of_value;
}

/// From one row to the next. Rows in the store begin on its words where these are wider than what rows begin on.
std::int64_t row_bits(const StoredMap& map, const Port& port) {
  return (map.row_bits + port.bits - 1) & -std::int64_t{port.bits};
}

/// Cycles that a run takes: those of its memory words, or the buffer words that it fills or drains, whichever are more.
struct RunCycles {
  std::int64_t turns = 1;
  std::int64_t operator()(std::int64_t memory, std::int64_t buffer) const { return std::max(turns * memory, buffer); }
};

/// Both kinds of words of a run.
struct RunWords {
  TransferWords operator()(std::int64_t memory, std::int64_t buffer) const { return {memory, buffer}; }
};

/// Σ over the runs of all channels of `map` of of_run(memory words, buffer words): one run if they adjoin, else one a
/// row.
template <typename OfRun>
auto sum_of_whole_pixels(const StoredMap& map, int width, std::int64_t words_of_pixel, const Window& window,
                         const Port& port, OfRun of_run) {
  if (window.flattened) {
    const auto address = [&](int pixel) {
      const unsigned row = static_cast<unsigned>(pixel) / static_cast<unsigned>(width);
      return row * row_bits(map, port) + (pixel - static_cast<int>(row) * width) * map.pixel_bits;
    };
    const std::int64_t begin = window.first_pixel == 0 ? 0 : address(window.first_pixel);
    const std::int64_t end = address(window.first_pixel + window.pixels - 1) + map.pixel_bits;
    return of_run(memory_words(begin, end - begin, port), window.pixels * words_of_pixel);
  }
  if (window.cols == width && window.rows_adjoin) {
    const std::int64_t length = (window.rows - 1) * row_bits(map, port) + width * map.pixel_bits;
    return of_run(memory_words(0, length, port), std::int64_t{window.rows} * width * words_of_pixel);
  }
  const std::int64_t words = memory_words(window.first_col * map.pixel_bits, window.cols * map.pixel_bits, port);
  return window.rows * of_run(words, window.cols * words_of_pixel);
}

/// The same of runs of a part of each pixel, `length` bits from `offset` on: one a pixel. They recur with the alignment
/// of pixels, after a power of two of them, `alignments` at most.
template <std::size_t alignments, typename OfRun>
auto sum_of_pixel_parts(const StoredMap& map, int width, std::int64_t offset, std::int64_t length,
                        std::int64_t words_of_pixel, const Window& window, const Port& port, OfRun of_run) {
  using Sum = decltype(of_run(0, 0));
  const int alignment = std::countr_zero(static_cast<std::uint64_t>(map.pixel_bits));
  const int period_shift = std::max(std::countr_zero(static_cast<unsigned>(port.bits)) - alignment, 0);
  if (period_shift == 0) {
    const std::int64_t pixels = window.flattened ? window.pixels : std::int64_t{window.rows} * window.cols;
    return pixels * of_run(memory_words(offset, length, port), words_of_pixel);
  }
  const unsigned period = 1U << period_shift;
  std::array<Sum, alignments + 1> before{};  // of the first pixels of a row, up to one period
  for (unsigned i = 0; i < period; ++i) {
    before[i + 1] = before[i] + of_run(memory_words(i * map.pixel_bits + offset, length, port), words_of_pixel);
  }
  const auto of_columns = [&](unsigned columns) {
    return (columns >> period_shift) * before[period] + before[columns & (period - 1)];
  };
  if (window.flattened) {
    const auto of_pixels = [&](int pixels) {
      const unsigned rows = static_cast<unsigned>(pixels) / static_cast<unsigned>(width);
      return rows * of_columns(static_cast<unsigned>(width)) +
             of_columns(static_cast<unsigned>(pixels) - rows * static_cast<unsigned>(width));
    };
    return of_pixels(window.first_pixel + window.pixels) - of_pixels(window.first_pixel);
  }
  const auto first = static_cast<unsigned>(window.first_col);
  return window.rows * (of_columns(first + static_cast<unsigned>(window.cols)) - of_columns(first));
}

/// How many segments from `from` on are, together, all of one map and lie within `end` channels; 0 if they are not.
std::size_t segments_of_whole_map(std::span<const Segment> segments, std::size_t from, int position, int end) {
  const StoredMap& map = segments[from].map;
  int channels = 0;
  for (std::size_t i = from; i < segments.size() && segments[i].map.index == map.index; ++i) {
    channels += segments[i].channels;
    if (channels == map.channels) {
      return position + channels <= end ? i + 1 - from : 0;
    }
  }
  return 0;
}

/// Σ of of_run(memory words, buffer words) over the runs of transfer_cycles.
template <typename OfRun>
auto sum_of_runs(const MapView& view, std::span<const Segment> segments, int begin, int end, const Window& window,
                 const Port& port, OfRun of_run) {
  decltype(of_run(0, 0)) sum{};
  if (window.flattened ? window.pixels == 0 : window.rows == 0 || window.cols == 0) {
    return sum;
  }
  int position = 0;  // of the segment within the group
  for (std::size_t i = 0; i < segments.size() && position < end;) {
    const Segment& segment = segments[i];
    const int first = std::max(begin, position);
    const int last = std::min(end, position + segment.channels);
    if (first >= last || (port.maps & map_bit(segment.map.index)) == 0) {
      position += segment.channels;
      ++i;
      continue;
    }
    if (const std::size_t whole = first == position ? segments_of_whole_map(segments, i, position, end) : 0) {
      sum += sum_of_whole_pixels(segment.map, view.width, buffer_words(first - begin, segment.map.channels, port),
                                 window, port, of_run);
      position += segment.map.channels;
      i += whole;
      continue;
    }
    const int values = granule_values(view.bits);
    const int first_granule = (first - position) / values;
    const int end_granule = ceil_div(last - position, values);
    const auto sum_of_parts = [&](auto sum_of) {
      return sum_of(segment.map, view.width, segment.offset_bits + first_granule * granule_bits,
                    std::int64_t{end_granule - first_granule} * granule_bits,
                    buffer_words(first - begin, last - first, port), window, port, of_run);
    };
    sum += port.turns == 1 && port.bits <= 256 ? sum_of_parts(sum_of_pixel_parts<port_alignments, OfRun>)
                                               : sum_of_parts(sum_of_pixel_parts<store_alignments, OfRun>);
    position += segment.channels;
    ++i;
  }
  return sum;
}

}  // namespace

std::int64_t transfer_cycles(const MapView& view, std::span<const Segment> segments, int begin, int end,
                             const Window& window, const Port& port) {
  return sum_of_runs(view, segments, begin, end, window, port, RunCycles{port.turns});
}

TransferWords transfer_words(const MapView& view, std::span<const Segment> segments, int begin, int end,
                             const Window& window, const Port& port) {
  return sum_of_runs(view, segments, begin, end, window, port, RunWords{});
}

int channel_period(const MapView& view, std::span<const Segment> segments, int tile, int tiles, int port_bits) {
  if (segments.size() != 1) {
    return tiles;
  }
  const int values_of_word = granule_values(view.bits) * (port_bits / granule_bits);
  return std::min(tiles, values_of_word / std::gcd(tile, values_of_word));
}

int column_period(const MapView& view, int step, const Port& port) {
  std::int64_t bits = port.bits;
  for (const Segment& segment : view.segments) {
    bits = std::gcd(bits, step * segment.map.pixel_bits);
  }
  return static_cast<int>(port.bits / bits);
}

int pixel_period(const MapView& view, int tile, const Port& port) {
  const bool rows_adjoin = std::all_of(view.segments.begin(), view.segments.end(), [&](const Segment& segment) {
    return row_bits(segment.map, port) == view.width * segment.map.pixel_bits;
  });
  const int by_column = view.width / std::gcd(view.width, tile);
  return rows_adjoin ? std::min(by_column, column_period(view, tile, port)) : by_column;
}

}  // namespace autonba
