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

/// Builds the sequence of tile steps of one layer, group by group. Without maps in the store it has the port alone to
/// think of, and takes half as long.
template <typename Time, bool with_store>
class StepBuilder {
 public:
  StepBuilder(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch, const Platform& platform,
              const StoreUse& use)
      : shape_(shape),
        chunk_(chunk),
        mapping_(mapping),
        platform_(platform),
        use_(use),
        images_(shape.flattened ? 1 : batch),
        depthwise_(is_depthwise_kind(shape)),
        whole_n_(mapping.tile_n == shape.n),
        rows_(row_axis(shape, mapping.tile_rows, batch)),
        cols_(col_axis(shape, mapping.tile_cols)),
        row_range_(rows_.range()),
        col_range_(cols_.range()),
        input_ports_({chunk.port_bits, depthwise_ ? chunk.unroll_m : chunk.unroll_n}, use, use.inputs),
        residual_ports_({chunk.port_bits, chunk.unroll_m}, use, use.residual ? all_maps : 0),
        output_ports_({chunk.port_bits, chunk.unroll_m, words_of_output(shape, chunk)}, use, use.output ? all_maps : 0),
        port_words_of_weights_(ceil_div(chunk.unroll_m * chunk.unroll_n * shape.input.bits, chunk.port_bits)),
        requantise_(
            std::max(ceil_div(chunk.unroll_m * chunk.unroll_p, chunk.requant_lanes), words_of_output(shape, chunk))),
        drain_(pipeline_depth(chunk.kind, chunk.unroll_n)) {
    if (shape.flattened && row_range_.tail - row_range_.head > 1) {
      row_period_ = spatial_period(
          [&](const MapView& view, int, const Port& port) { return pixel_period(view, mapping.tile_rows, port); });
    } else if (!shape.flattened && col_range_.tail - col_range_.head > 1) {
      col_period_ = spatial_period([&](const MapView& view, int stride, const Port& port) {
        return column_period(view, mapping.tile_cols * stride, port);
      });
    }
  }

  /// All cycles of the layer.
  Time layer() {
    return total_cycles(all_groups()) + spent(&CycleTerms::ends, platform_.layer_start + platform_.layer_end);
  }

 private:
  using Load = std::conditional_t<with_store, LoadTimes<Time>, Time>;
  using Write = std::conditional_t<with_store, WriteTimes<Time>, Time>;
  using Sequence = Steps<Time, Load, Write>;

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

  Time read_latency() const { return spent(&CycleTerms::latency, platform_.read_latency); }
  Time store_latency() const { return spent(&CycleTerms::store, autonba::store_latency(use_.turns)); }

  /// `more` behind `load`, which has its latency if it is of anything.
  static void add_load(Time& load, const Time& more, const Time& latency) {
    if (load == Time{} && !(more == Time{})) {
      load = latency;
    }
    load += more;
  }

  /// Adds to what a step loads.
  void add(Load& load, const Load& more) const {
    if constexpr (with_store) {
      add_load(load.external, more.external, read_latency());
      add_load(load.store, more.store, store_latency());
      load.residual += more.residual;
    } else {
      add_load(load, more, read_latency());
    }
  }

  static Load from_memory(const Time& cycles) {
    if constexpr (with_store) {
      return {.external = cycles};
    } else {
      return cycles;
    }
  }

  /// The runs of `term` that `window` has of the maps of a view.
  Load map_load(std::int64_t CycleTerms::*term, const MapView& view, std::span<const Segment> segments,
                ChannelTile channels, const Window& window, const MapPorts& ports) const {
    const auto cycles = [&](const Port& port) {
      return transfer_cycles(view, segments, channels.begin, channels.end, window, port);
    };
    if constexpr (with_store) {
      return {.external = ports.external.maps == 0 ? Time{} : spent(term, cycles(ports.external)),
              .store = ports.store.maps == 0 ? Time{} : spent(&CycleTerms::store, cycles(ports.store))};
    } else {
      return spent(term, cycles(ports.external));
    }
  }

  Load residual_load(ChannelTile m, const Window& window) const {
    Load load = map_load(&CycleTerms::residual, shape_.residual, residual_, m, window, residual_ports_);
    if constexpr (with_store) {
      load.residual = use_.residual ? store_latency() + load.store : read_latency() + load.external;
    }
    return load;
  }

  Write map_write(ChannelTile m, const Window& window) const {
    const auto cycles = [&](const Port& port) {
      return transfer_cycles(shape_.output, output_, m.begin, m.end, window, port);
    };
    if constexpr (with_store) {
      if (use_.output) {
        return {.store = store_latency() + spent(&CycleTerms::store, cycles(output_ports_.store))};
      }
    }
    const Time external = spent(&CycleTerms::latency, platform_.write_latency) +
                          spent(&CycleTerms::output, cycles(output_ports_.external));
    if constexpr (with_store) {
      return {.external = external};
    } else {
      return external;
    }
  }

  template <typename Period>
  int spatial_period(Period period) const {
    const auto of_ports = [&](const MapView& view, int stride, const MapPorts& ports) {
      const int external = ports.external.maps == 0 ? 1 : period(view, stride, ports.external);
      return with_store && ports.store.maps != 0 ? lcm_of(external, period(view, stride, ports.store)) : external;
    };
    const int common =
        lcm_of(of_ports(shape_.input, shape_.stride_cols, input_ports_), of_ports(shape_.output, 1, output_ports_));
    return adds_residual(shape_) ? lcm_of(common, of_ports(shape_.residual, 1, residual_ports_)) : common;
  }

  Sequence rows_outer() const {
    return over_space([&](const SpatialTile& space) {
      Sequence steps = over_output_channels([&](ChannelTile m) { return over_input_channels(space, m); });
      if (whole_n_ && !depthwise_) {
        add(steps.first_load, input_load(space, whole_n(), {}));
      }
      return steps;
    });
  }

  Sequence channels_outer() const {
    return over_output_channels([&](ChannelTile m) {
      Sequence steps = over_space([&](const SpatialTile& space) { return over_input_channels(space, m); });
      if (whole_n_) {
        add(steps.first_load, from_memory(weight_load(m, whole_n()) + parameter_load(m)));
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
    const auto period = [&](const MapView& view, std::span<const Segment> segments, const MapPorts& ports) {
      return channel_period(view, segments, mapping_.tile_m, tiles, widest_word(ports));
    };
    int common = period(shape_.output, output_, output_ports_);
    if (adds_residual(shape_)) {
      common = lcm_of(common, period(shape_.residual, residual_, residual_ports_));
    }
    return depthwise_ ? lcm_of(common, period(shape_.input, input_, input_ports_)) : common;
  }

  /// The tile steps of one output tile.
  Sequence over_input_channels(const SpatialTile& space, ChannelTile m) const {
    if (whole_n_) {
      return step(space, m, whole_n(), true);
    }
    const int tiles = ceil_div(shape_.n, mapping_.tile_n);
    const int before_last = tiles - 1;
    const int period = channel_period(shape_.input, input_, mapping_.tile_n, before_last, widest_word(input_ports_));
    return sequence(tiles, 0, before_last, period, [&](int i) {
      return step(space, m, channel_tile(i, mapping_.tile_n, shape_.n, chunk_.unroll_n), i == before_last);
    });
  }

  /// One tile step, without what is loaded at the first of several steps only.
  Sequence step(const SpatialTile& space, ChannelTile m, ChannelTile n, bool last) const {
    const bool rows_outer = mapping_.order == LoopOrder::rows_outer;
    const bool input_kept = whole_n_ && rows_outer && !depthwise_;
    const bool weights_kept = whole_n_ && !rows_outer;
    Load load{};
    if (!input_kept) {
      add(load, input_load(space, n, m));
    }
    if (!weights_kept) {
      add(load, from_memory(weight_load(m, n) + (last ? parameter_load(m) : Time{})));
    }
    Write store{};
    if (last) {
      const Window window = output_window(shape_, space);
      if (adds_residual(shape_)) {
        add(load, residual_load(m, window));
      }
      store = map_write(m, window);
    }
    const std::int64_t cycles = compute(space, m, n, last);
    return {1, {}, load, cycles, {}, {}, cycles, store};
  }

  Load input_load(const SpatialTile& space, ChannelTile n, ChannelTile m) const {
    return map_load(&CycleTerms::input, shape_.input, input_, depthwise_ ? m : n, input_window(shape_, rows_, space),
                    input_ports_);
  }

  /// Bits of a word of the port or, where maps lie there, of the store, whichever is wider: both are powers of two.
  int widest_word(const MapPorts& ports) const {
    return with_store && ports.store.maps != 0 ? std::max(chunk_.port_bits, use_.word_bits) : chunk_.port_bits;
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
  const StoreUse& use_;
  int images_;
  bool depthwise_;
  bool whole_n_;  // one input tile: input, or weights and parameters, may be kept
  Axis rows_;
  Axis cols_;
  TileRange row_range_;
  TileRange col_range_;
  MapPorts input_ports_;
  MapPorts residual_ports_;
  MapPorts output_ports_;
  int port_words_of_weights_;  // memory words of one buffer word
  std::int64_t requantise_;    // R: cycles in which a group of lanes is requantised
  std::int64_t drain_;         // D
  int row_period_ = 1;
  int col_period_ = 1;
  std::span<const Segment> input_;  // of the group that is being built
  std::span<const Segment> output_;
  std::span<const Segment> residual_;
};

template <typename Time>
Time cycles_as(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch, const Platform& platform,
               const StoreUse& use) {
  return use.any() ? StepBuilder<Time, true>(shape, chunk, mapping, batch, platform, use).layer()
                   : StepBuilder<Time, false>(shape, chunk, mapping, batch, platform, use).layer();
}

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
                          const Platform& platform, const StoreUse& use) {
  return cycles_as<std::int64_t>(shape, chunk, mapping, batch, platform, use);
}

CycleTerms layer_terms(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                       const Platform& platform, const StoreUse& use) {
  return cycles_as<CycleTerms>(shape, chunk, mapping, batch, platform, use);
}

}  // namespace autonba
