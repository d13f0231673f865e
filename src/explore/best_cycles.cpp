#include "explore/best_cycles.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "explore/bound.hpp"

namespace autonba {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

constexpr std::uint32_t spare_bits = 0x808080;  // the highest bit of each byte of a cell

/// Whether every byte of `a` is at most that of `b`: no byte of the difference borrows.
bool within(std::uint32_t a, std::uint32_t b) {
  return (((b | spare_bits) - a) & spare_bits) == spare_bits;
}

/// Least of each entry and of those one depth below it, of one buffer or another: in this order of rows, the least of
/// all entries with no more depth.
void spread_minima(const BufferDepths& depths, std::size_t row, std::int32_t* cycles) {
  const std::size_t inputs = depths[0].size();
  const std::size_t weights = depths[1].size();
  const std::size_t outputs = depths[2].size();
  const auto lower = [row](std::int32_t* to, const std::int32_t* from) {
    for (std::size_t i = 0; i < row; ++i) {
      to[i] = std::min(to[i], from[i]);
    }
  };
  std::int32_t* entry = cycles;
  for (std::size_t input = 0; input < inputs; ++input) {
    for (std::size_t weight = 0; weight < weights; ++weight) {
      for (std::size_t output = 0; output < outputs; ++output, entry += row) {
        if (output > 0) {
          lower(entry, entry - row);
        }
        if (weight > 0) {
          lower(entry, entry - outputs * row);
        }
        if (input > 0) {
          lower(entry, entry - weights * outputs * row);
        }
      }
    }
  }
}

}  // namespace

BestCycles::BestCycles(std::span<const LayerShape> shapes, const BufferDepths& depths, const Platform& platform)
    : shapes_(shapes), depths_(depths), platform_(platform) {
  for (const LayerShape& shape : shapes) {
    tilings_.emplace_back(shape);
  }
}

/// Of the least depth that holds so many words; the number of depths if none does.
std::size_t BestCycles::place(std::size_t buffer, std::int64_t words) const {
  const std::vector<int>& depths = depths_[buffer];
  return static_cast<std::size_t>(std::lower_bound(depths.begin(), depths.end(), words) - depths.begin());
}

/// Every tiling that some depths hold, with its bound.
void BestCycles::list(std::size_t index, const Chunk& chunk, int batch) {
  candidates_.clear();
  const LayerShape& shape = shapes_[index];
  Tilings& tilings = tilings_[index];
  const bool depthwise = is_depthwise_kind(shape);
  const CycleBound bound(shape, chunk, batch, platform_);
  const std::int64_t kernel = is_pooling(shape) ? 0 : std::int64_t{shape.kernel_height} * shape.kernel_width;
  const std::int64_t words_of_output = shape.output.bits == 32 ? ceil_div(32, chunk.bits) : 1;
  const std::vector<TileSize>& row_tiles = tilings.rows(chunk.unroll_p, batch);
  for (const TileSize& m : tilings.output_channels(chunk.unroll_m)) {
    const std::int64_t m_words = ceil_div(m.size, chunk.unroll_m);
    for (const TileSize& n : tilings.input_channels(chunk.unroll_n)) {
      const std::int64_t n_words = ceil_div(n.size, chunk.unroll_n);
      const std::size_t weight = place(1, kernel * m_words * n_words);
      if ((n.tiles > 1 && !chunk.accumulator) || weight == depths_[1].size()) {
        continue;
      }
      const CycleBound::ChannelTerms channels = bound.channel_terms(m, n);
      for (const TileSize& rows : row_tiles) {
        const std::int64_t input_words =
            ceil_div(rows.loaded_most, input_banks(chunk)) * (depthwise ? m_words : n_words);
        const std::int64_t output_words = m_words * ceil_div(rows.size, chunk.unroll_p) * words_of_output;
        for (const TileSize& cols : tilings.columns()) {
          const std::size_t input = place(0, input_words * cols.loaded_most);
          const std::size_t output = place(2, output_words * cols.size);
          if (input == depths_[0].size() || output == depths_[2].size()) {
            continue;
          }
          const auto cell = static_cast<Cell>(input << 16 | weight << 8 | output);
          for (const LoopOrder order : loop_orders(depthwise, m, n)) {
            candidates_.push_back(
                {bound.of(channels, rows, cols, order), cell, {m.size, n.size, rows.size, cols.size, order}});
          }
        }
      }
    }
  }
}

/// Tilings in the order of their bounds: one that another with no more cycles than its bound beats at all depths need
/// not be counted.
void BestCycles::find_front(std::size_t index, const Chunk& chunk, int batch) {
  list(index, chunk, batch);
  order_.clear();
  for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
    order_.emplace_back(candidates_[i].bound, i);
  }
  std::sort(order_.begin(), order_.end());
  front_.clear();
  for (const auto& [bound, number] : order_) {
    const Candidate& candidate = candidates_[number];
    const bool beaten = std::any_of(front_.begin(), front_.end(), [&, least = bound](const Best& best) {
      return best.cycles <= least && within(best.cell, candidate.cell);
    });
    if (!beaten) {
      const std::int64_t cycles = layer_cycles(shapes_[index], chunk, candidate.mapping, batch, platform_);
      front_.push_back({cycles, candidate.cell});
    }
  }
}

void BestCycles::fill(const Chunk& chunk, int batch, std::size_t row, std::int32_t* cycles) {
  std::fill_n(cycles, depths_[0].size() * depths_[1].size() * depths_[2].size() * row, none);
  for (std::size_t index = 0; index < shapes_.size(); ++index) {
    if (!can_run(chunk, shapes_[index])) {
      continue;
    }
    find_front(index, chunk, batch);
    for (const Best& best : front_) {
      if (best.cycles >= none) {
        throw work_error("a layer takes {} cycles on a chunk of the design space, for which tables have no room",
                         best.cycles);
      }
      const std::size_t input = best.cell >> 16;
      const std::size_t weight = best.cell >> 8 & 0xff;
      const std::size_t output = best.cell & 0xff;
      std::int32_t& entry = cycles[((input * depths_[1].size() + weight) * depths_[2].size() + output) * row + index];
      entry = std::min(entry, static_cast<std::int32_t>(best.cycles));
    }
  }
  spread_minima(depths_, row, cycles);
}

}  // namespace autonba
