#include "accel/cycles.hpp"

#include <span>
#include <type_traits>

#include "accel/steps.hpp"
#include "accel/tiles.hpp"

namespace autonba {
namespace {

/// `cycles` as one of the terms, where terms are kept apart.
template <typename Time>
Time spent_on([[maybe_unused]] std::int64_t CycleTerms::*term, std::int64_t cycles) {
  if constexpr (std::is_same_v<Time, CycleTerms>) {
    CycleTerms terms;
    terms.*term = cycles;
    return terms;
  } else {
    return cycles;
  }
}

/// Builds the sequence of tile steps of one layer, group by group.
template <typename Time>
class StepBuilder {
 public:
  StepBuilder(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch, const Platform& platform)
      : shape_(shape),
        chunk_(chunk),
        mapping_(mapping),
        platform_(platform),
        images_(shape.flattened ? 1 : batch),
        depthwise_(is_depthwise_kind(shape)),
        whole_n_(mapping.tile_n == shape.n),
        rows_(row_axis(shape, mapping.tile_rows, batch)),
        cols_(col_axis(shape, mapping.tile_cols)),
        row_range_(rows_.range()),
        col_range_(cols_.range()),
        input_port_{chunk.port_bits, depthwise_ ? chunk.unroll_m : chunk.unroll_n, 1},
        residual_port_{chunk.port_bits, chunk.unroll_m, 1},
        output_port_{chunk.port_bits, chunk.unroll_m, words_of_output(shape, chunk)},
        port_words_of_weights_(ceil_div(chunk.unroll_m * chunk.unroll_n * shape.input.bits, chunk.port_bits)),
        requantise_(
            std::max(ceil_div(chunk.unroll_m * chunk.unroll_p, chunk.requant_lanes), output_port_.cycles_of_value)),
        drain_(pipeline_depth(chunk.kind, chunk.unroll_n)) {
    if (shape.flattened && row_range_.tail - row_range_.head > 1) {
      row_period_ = spatial_period(
          [&](const MapView& view, int) { return pixel_period(view, mapping.tile_rows, chunk.port_bits); });
    } else if (!shape.flattened && col_range_.tail - col_range_.head > 1) {
      col_period_ = spatial_period([&](const MapView& view, int stride) {
        return column_period(view, mapping.tile_cols * stride, chunk.port_bits);
      });
    }
  }

  /// All cycles of the layer.
  Time layer() {
    return total_cycles(all_groups()) + spent(&CycleTerms::ends, platform_.layer_start + platform_.layer_end);
  }

 private:
  using Sequence = Steps<Time>;

  Sequence all_groups() {
    Sequence all = group(0);
    for (int i = 1; i < shape_.groups; ++i) {
      all = append(all, group(i));
    }
    return all;
  }

  Sequence group(int index) {
    input_ = segments_of(shape_.input, index, shape_.groups);
    output_ = segments_of(shape_.output, index, shape_.groups);
    residual_ = segments_of(shape_.residual, index, shape_.groups);
    return mapping_.order == LoopOrder::rows_outer ? rows_outer() : channels_outer();
  }

  static Time spent(std::int64_t CycleTerms::*term, std::int64_t cycles) { return spent_on<Time>(term, cycles); }

  /// With the latency of the memory, where anything is loaded.
  Time with_latency(const Time& load) const {
    return load == Time{} ? load : load + spent(&CycleTerms::latency, platform_.read_latency);
  }

  /// Adds to the load of the first step. Nothing else in a sequence depends on it.
  void load_at_first(Sequence& steps, const Time& load) const {
    steps.first_load = steps.first_load == Time{} ? with_latency(load) : steps.first_load + load;
  }

  template <typename Period>
  int spatial_period(Period period) const {
    int common = lcm_of(period(shape_.input, shape_.stride_cols), period(shape_.output, 1));
    return adds_residual(shape_) ? lcm_of(common, period(shape_.residual, 1)) : common;
  }

  Sequence rows_outer() const {
    return over_space([&](const SpatialTile& space) {
      Sequence steps = over_output_channels([&](ChannelTile m) { return over_input_channels(space, m); });
      if (whole_n_ && !depthwise_) {
        load_at_first(steps, input_load(space, whole_n(), {}));
      }
      return steps;
    });
  }

  Sequence channels_outer() const {
    return over_output_channels([&](ChannelTile m) {
      Sequence steps = over_space([&](const SpatialTile& space) { return over_input_channels(space, m); });
      if (whole_n_) {
        load_at_first(steps, weight_load(m, whole_n()) + parameter_load(m));
      }
      return steps;
    });
  }

  /// Images, row tiles, column tiles.
  template <typename StepsOf>
  Sequence over_space(StepsOf steps) const {
    const Sequence image = sequence(row_range_.tiles, row_range_.head, row_range_.tail, row_period_, [&](int row) {
      const Extent rows = rows_.extent(row);
      return sequence(col_range_.tiles, col_range_.head, col_range_.tail, col_period_, [&](int col) {
        return steps(SpatialTile{rows, cols_.extent(col)});
      });
    });
    return repeat(image, images_);
  }

  template <typename StepsOf>
  Sequence over_output_channels(StepsOf steps) const {
    if (mapping_.tile_m == shape_.m) {
      return steps(channel_tile(0, shape_.m, shape_.m, chunk_.unroll_m));
    }
    const int tiles = ceil_div(shape_.m, mapping_.tile_m);
    const int whole = shape_.m / mapping_.tile_m;
    return sequence(tiles, 0, whole, output_channel_period(whole),
                    [&](int i) { return steps(channel_tile(i, mapping_.tile_m, shape_.m, chunk_.unroll_m)); });
  }

  int output_channel_period(int tiles) const {
    if (tiles <= 1) {
      return 1;
    }
    const auto period = [&](const MapView& view, std::span<const Segment> segments) {
      return channel_period(view, segments, mapping_.tile_m, tiles, chunk_.port_bits);
    };
    int common = period(shape_.output, output_);
    if (adds_residual(shape_)) {
      common = lcm_of(common, period(shape_.residual, residual_));
    }
    return depthwise_ ? lcm_of(common, period(shape_.input, input_)) : common;
  }

  /// The tile steps of one output tile.
  Sequence over_input_channels(const SpatialTile& space, ChannelTile m) const {
    if (whole_n_) {
      return step(space, m, whole_n(), true);
    }
    const int tiles = ceil_div(shape_.n, mapping_.tile_n);
    const int before_last = tiles - 1;
    const int period = channel_period(shape_.input, input_, mapping_.tile_n, before_last, chunk_.port_bits);
    return sequence(tiles, 0, before_last, period, [&](int i) {
      return step(space, m, channel_tile(i, mapping_.tile_n, shape_.n, chunk_.unroll_n), i == before_last);
    });
  }

  /// One tile step, without what is loaded at the first of several steps only.
  Sequence step(const SpatialTile& space, ChannelTile m, ChannelTile n, bool last) const {
    const bool rows_outer = mapping_.order == LoopOrder::rows_outer;
    const bool input_kept = whole_n_ && rows_outer && !depthwise_;
    const bool weights_kept = whole_n_ && !rows_outer;
    Time load = input_kept ? Time{} : input_load(space, n, m);
    if (!weights_kept) {
      load += weight_load(m, n) + (last ? parameter_load(m) : Time{});
    }
    Time store{};
    if (last) {
      const Window window = output_window(shape_, space);
      if (adds_residual(shape_)) {
        load += spent(&CycleTerms::residual,
                      transfer_cycles(shape_.residual, residual_, m.begin, m.end, window, residual_port_));
      }
      store = spent(&CycleTerms::latency, platform_.write_latency) +
              spent(&CycleTerms::output, transfer_cycles(shape_.output, output_, m.begin, m.end, window, output_port_));
    }
    return single_step(with_latency(load), compute(space, m, n, last), store);
  }

  Time input_load(const SpatialTile& space, ChannelTile n, ChannelTile m) const {
    const ChannelTile channels = depthwise_ ? m : n;
    return spent(&CycleTerms::input, transfer_cycles(shape_.input, input_, channels.begin, channels.end,
                                                     input_window(shape_, rows_, space), input_port_));
  }

  ChannelTile whole_n() const { return channel_tile(0, shape_.n, shape_.n, chunk_.unroll_n); }

  /// A·⌈t_m/U_m⌉ buffer words, each padded to memory words.
  Time weight_load(ChannelTile m, ChannelTile n) const {
    const std::int64_t words = is_pooling(shape_) ? 0 : std::int64_t{m.lane_groups} * operands(n);
    return spent(&CycleTerms::weights, words * port_words_of_weights_);
  }

  Time parameter_load(ChannelTile m) const {
    return spent(&CycleTerms::weights, std::max(ceil_div(parameter_bits * m.size(), chunk_.port_bits), m.size()));
  }

  /// A: cycles in which a group of lanes sums one output each.
  std::int64_t operands(ChannelTile n) const {
    return std::int64_t{n.lane_groups} * shape_.kernel_height * shape_.kernel_width;
  }

  std::int64_t compute(const SpatialTile& space, ChannelTile m, ChannelTile n, bool last) const {
    const std::int64_t groups =
        std::int64_t{m.lane_groups} * ceil_div(space.rows.outputs, chunk_.unroll_p) * space.cols.outputs;
    const std::int64_t sum = operands(n);
    return (last ? groups * std::max(sum, requantise_) + std::min(sum, requantise_) : groups * sum) + drain_;
  }

  const LayerShape& shape_;
  const Chunk& chunk_;
  const Mapping& mapping_;
  const Platform& platform_;
  int images_;
  bool depthwise_;
  bool whole_n_;  // one input tile: input, or weights and parameters, may be kept
  Axis rows_;
  Axis cols_;
  TileRange row_range_;
  TileRange col_range_;
  Port input_port_;
  Port residual_port_;
  Port output_port_;
  int port_words_of_weights_;  // memory words of one buffer word
  std::int64_t requantise_;    // R: cycles in which a group of lanes is requantised
  std::int64_t drain_;         // D
  int row_period_ = 1;
  int col_period_ = 1;
  std::span<const Segment> input_;  // of the group that is being built
  std::span<const Segment> output_;
  std::span<const Segment> residual_;
};

/// Whether every cut between tiles lies between segments or, within one, on a multiple of `values` of its channels, and
/// no tile covers a part of one segment and something of another.
bool tiles_cover_segments(const MapView& view, int tile, int values) {
  int position = 0;  // within the group
  for (std::size_t i = 0; i < view.segments.size(); ++i) {
    const Segment& segment = view.segments[i];
    if (i > 0 && view.segments[i - 1].group != segment.group) {
      position = 0;
    }
    const int end = position + segment.channels;
    const bool last = i + 1 == view.segments.size() || view.segments[i + 1].group != segment.group;
    const int first_cut = (position / tile + 1) * tile;  // behind the segment's first channel
    if (first_cut < end) {
      const bool starts_on_cut = position % tile == 0;
      const bool ends_on_cut = last || end % tile == 0;
      if (!starts_on_cut || !ends_on_cut || tile % values != 0) {
        return false;
      }
    }
    position = end;
  }
  return true;
}

}  // namespace

bool can_run(const Chunk& chunk, const LayerShape& shape) {
  const bool kind_fits = (chunk.kind == ChunkKind::depthwise) == is_depthwise_kind(shape);
  const bool output_fits = shape.output.bits == logit_bits || shape.output.bits <= chunk.bits;
  return kind_fits && shape.input.bits <= chunk.bits && output_fits && shape.residual.bits <= chunk.bits &&
         std::max(shape.stride_rows, shape.stride_cols) <= chunk.stride_max;
}

bool output_tile_fits(const LayerShape& shape, int tile) {
  return tile == shape.m ||
         (tile >= 1 && tile < shape.m && tiles_cover_segments(shape.output, tile, granule_values(shape.output.bits)));
}

bool input_tile_fits(const LayerShape& shape, int tile) {
  return tile == shape.n || (tile >= 1 && tile < shape.n && tiles_cover_segments(shape.input, tile, 1));
}

bool tile_fits(const Chunk& chunk, const LayerShape& shape, const Mapping& mapping, int batch) {
  const bool within = mapping.tile_rows >= 1 && mapping.tile_rows <= tiled_rows(shape, batch) &&
                      mapping.tile_cols >= 1 && mapping.tile_cols <= tiled_cols(shape) &&
                      mapping.tile_m <= parameter_words && output_tile_fits(shape, mapping.tile_m) &&
                      input_tile_fits(shape, mapping.tile_n);
  if (!within || (mapping.tile_n < shape.n && !chunk.accumulator)) {
    return false;
  }
  const TileWords words = tile_words(chunk, shape, mapping, batch);
  return words.input <= chunk.depth_input && words.weight <= chunk.depth_weight && words.output <= chunk.depth_output;
}

TileWords tile_words(const Chunk& chunk, const LayerShape& shape, const Mapping& mapping, int batch) {
  const bool depthwise = is_depthwise_kind(shape);
  const std::int64_t m_words = ceil_div(mapping.tile_m, chunk.unroll_m);
  const std::int64_t n_words = ceil_div(mapping.tile_n, chunk.unroll_n);
  const int rows = largest_load(row_axis(shape, mapping.tile_rows, batch));
  const std::int64_t cols = largest_load(col_axis(shape, mapping.tile_cols));
  return {.input = ceil_div(rows, input_banks(chunk)) * cols * (depthwise ? m_words : n_words),
          .weight = is_pooling(shape) ? 0 : std::int64_t{shape.kernel_height} * shape.kernel_width * m_words * n_words,
          .output = m_words * ceil_div(mapping.tile_rows, chunk.unroll_p) * mapping.tile_cols *
                    words_of_output(shape, chunk)};
}

std::int64_t layer_cycles(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                          const Platform& platform) {
  return StepBuilder<std::int64_t>(shape, chunk, mapping, batch, platform).layer();
}

CycleTerms layer_terms(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                       const Platform& platform) {
  return StepBuilder<CycleTerms>(shape, chunk, mapping, batch, platform).layer();
}

}  // namespace autonba
