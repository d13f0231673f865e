#include "explore/layer_front.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/ceil_div.hpp"
#include "base/error.hpp"
#include "explore/bound.hpp"

namespace autonba {

void check_depths(const BufferDepths& depths) {
  for (const std::vector<int>& of : depths) {
    if (of.size() > depths_most) {
      throw input_error("a design space lists {} depths of a buffer, more than the {} that can be compared", of.size(),
                        depths_most);
    }
  }
}

LayerFronts::LayerFronts(const BufferDepths& depths, const Platform& platform) : depths_(depths), platform_(platform) {
  check_depths(depths);
  for (std::size_t buffer = 0; buffer < depths.size(); ++buffer) {
    const std::vector<int>& of = depths[buffer];
    for (int words = 0; words <= of.back(); ++words) {
      places_[buffer].push_back(static_cast<std::uint8_t>(std::lower_bound(of.begin(), of.end(), words) - of.begin()));
    }
  }
}

/// Of the least depth that holds so many words; the number of depths if none does.
std::size_t LayerFronts::place(std::size_t buffer, std::int64_t words) const {
  const std::vector<std::uint8_t>& places = places_[buffer];
  return words < static_cast<std::int64_t>(places.size()) ? places[static_cast<std::size_t>(words)]
                                                          : depths_[buffer].size();
}

/// Every tiling that some depths hold, with its bound.
void LayerFronts::list(const LayerShape& shape, Tilings& tilings, const Chunk& chunk, bool accumulator,
                       std::span<const int> strides, int batch, const StoreUse& use) {
  candidates_.clear();
  const bool depthwise = is_depthwise_kind(shape);
  const CycleBound bound(shape, chunk, batch, platform_, use);
  const std::int64_t kernel = is_pooling(shape) ? 0 : std::int64_t{shape.kernel_height} * shape.kernel_width;
  const std::int64_t words_of_output = shape.output.bits == 32 ? ceil_div(32, chunk.bits) : 1;
  const std::vector<TileSize>& row_tiles = tilings.rows(chunk.unroll_p, batch);
  for (const TileSize& m : tilings.output_channels(chunk.unroll_m)) {
    const std::int64_t m_words = ceil_div(m.size, chunk.unroll_m);
    for (const TileSize& n : tilings.input_channels(chunk.unroll_n)) {
      const std::int64_t n_words = ceil_div(n.size, chunk.unroll_n);
      const std::size_t accumulates = n.tiles > 1 ? 1 : 0;
      const std::size_t weight = place(1, kernel * m_words * n_words);
      if ((accumulates == 1 && !accumulator) || weight == depths_[1].size()) {
        continue;
      }
      const CycleBound::ChannelTerms channels = bound.channel_terms(m, n);
      for (const TileSize& rows : row_tiles) {
        std::array<std::int64_t, strides_most> input_words{};
        for (std::size_t i = 0; i < strides.size(); ++i) {
          input_words[i] = ceil_div(rows.loaded_most, chunk.unroll_p * strides[i]) * (depthwise ? m_words : n_words);
        }
        const std::int64_t output_words = m_words * ceil_div(rows.size, chunk.unroll_p) * words_of_output;
        for (const TileSize& cols : tilings.columns()) {
          Needs needed{.accumulator = accumulates, .weight = weight, .output = place(2, output_words * cols.size)};
          for (std::size_t i = 0; i < strides.size(); ++i) {
            needed.input[i] = place(0, input_words[i] * cols.loaded_most);
          }
          // The largest stride has the most banks.
          if (needed.input[strides.size() - 1] == depths_[0].size() || needed.output == depths_[2].size()) {
            continue;
          }
          const Cell needs = cell_of(needed);
          for (const LoopOrder order : loop_orders(depthwise, m, n)) {
            candidates_.push_back(
                {bound.of(channels, rows, cols, order), needs, {m.size, n.size, rows.size, cols.size, order}});
          }
        }
      }
    }
  }
}

/// By bound, in steps: the front is the same in any order, and found the sooner the better the order.
void LayerFronts::sort_roughly() {
  constexpr double steps = 256;
  double least = std::numeric_limits<double>::infinity();
  double most = 0;
  for (const Candidate& candidate : candidates_) {
    least = std::min(least, static_cast<double>(candidate.bound));
    most = std::max(most, static_cast<double>(candidate.bound));
  }
  // Equal ratios, so that the small bounds, which matter, are told apart.
  const double scale = (steps - 1) / std::max(1 - least / most, 1e-9);
  const auto step_of = [&](const Candidate& candidate) {
    return static_cast<std::size_t>(scale * (1 - least / static_cast<double>(candidate.bound)));
  };
  std::array<std::uint32_t, static_cast<std::size_t>(steps) + 1> begin{};
  for (const Candidate& candidate : candidates_) {
    ++begin[step_of(candidate) + 1];
  }
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  order_.resize(candidates_.size());
  for (std::uint32_t number = 0; number < candidates_.size(); ++number) {
    order_[begin[step_of(candidates_[number])]++] = number;
  }
}

/// Tilings roughly in the order of their bounds: one that another with no more cycles than its bound beats in all that
/// it needs is not counted.
std::span<const FrontTiling> LayerFronts::of(const LayerShape& shape, Tilings& tilings, const Chunk& chunk,
                                             bool accumulator, std::span<const int> strides, int batch,
                                             const StoreUse& use) {
  list(shape, tilings, chunk, accumulator, strides, batch, use);
  sort_roughly();
  front_.clear();
  std::size_t likely = 0;  // what beat the last one often beats the next
  for (const std::uint32_t number : order_) {
    const Candidate& candidate = candidates_[number];
    const auto beats = [&](const FrontTiling& tiling, std::int64_t cycles) {
      return tiling.cycles <= cycles && within(tiling.needs, candidate.needs);
    };
    const auto is_beaten = [&](std::int64_t cycles) {
      if (likely < front_.size() && beats(front_[likely], cycles)) {
        return true;
      }
      const auto found =
          std::find_if(front_.begin(), front_.end(), [&](const FrontTiling& tiling) { return beats(tiling, cycles); });
      if (found == front_.end()) {
        return false;
      }
      likely = static_cast<std::size_t>(found - front_.begin());
      return true;
    };
    if (!is_beaten(candidate.bound)) {
      const std::int64_t cycles = layer_cycles(shape, chunk, candidate.mapping, batch, platform_, use);
      if (!is_beaten(cycles)) {
        front_.push_back({cycles, candidate.needs});
      }
    }
  }
  std::stable_sort(front_.begin(), front_.end(),
                   [](const FrontTiling& a, const FrontTiling& b) { return a.cycles < b.cycles; });
  // Some were beaten after they had been counted.
  std::size_t kept = 0;
  for (const FrontTiling& tiling : front_) {
    const auto first = front_.begin();
    if (std::none_of(first, first + static_cast<std::ptrdiff_t>(kept),
                     [&](const FrontTiling& faster) { return within(faster.needs, tiling.needs); })) {
      front_[kept++] = tiling;
    }
  }
  front_.resize(kept);
  return front_;
}

std::optional<std::int64_t> LayerFronts::least_cycles(const LayerShape& shape, Tilings& tilings, const Chunk& chunk,
                                                      bool accumulator, std::span<const int> strides, int batch,
                                                      const StoreUse& use) {
  list(shape, tilings, chunk, accumulator, strides, batch, use);
  sort_roughly();
  constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
  std::int64_t least = none;
  for (const std::uint32_t number : order_) {
    const Candidate& candidate = candidates_[number];
    if (candidate.bound < least) {
      least = std::min(least, layer_cycles(shape, chunk, candidate.mapping, batch, platform_, use));
    }
  }
  return least == none ? std::nullopt : std::optional(least);
}

}  // namespace autonba
