#include "accel/traffic.hpp"

#include "accel/tiles.hpp"
#include "base/ceil_div.hpp"

namespace autonba {
namespace {

/// Σ of of(i) for 0 .. count - 1, where those from `head` to before `tail` recur with `period`.
template <typename Of>
auto sum_of_tiles(int count, int head, int tail, int period, Of of) {
  decltype(of(0)) sum{};
  for (int i = 0; i < std::min(head, count); ++i) {
    sum += of(i);
  }
  if (head < tail) {
    period = std::min(period, tail - head);
    const int times = (tail - head) / period;
    const int rest = (tail - head) % period;
    for (int i = 0; i < period; ++i) {
      sum += std::int64_t{times + (i < rest ? 1 : 0)} * of(head + i);
    }
  }
  for (int i = tail; i < count; ++i) {
    sum += of(i);
  }
  return sum;
}

/// Σ over output positions of one dimension of the kernel positions that lie in the map, not in the padding.
std::int64_t positions_in_map(const Axis& axis) {
  std::int64_t sum = 0;
  for (int k = 0; k < axis.kernel; ++k) {
    const int offset = k * axis.dilation - axis.padding;  // of the input from stride · output
    const int first = offset >= 0 ? 0 : ceil_div(-offset, axis.stride);
    const int last = axis.inputs - 1 < offset ? -1 : (axis.inputs - 1 - offset) / axis.stride;
    sum += std::max(0, std::min(last, axis.outputs - 1) - first + 1);
  }
  return sum;
}

/// Adds up what all tile steps of one layer move. Unlike their times these are sums over rows, columns and channels
/// apart.
class TrafficSum {
 public:
  TrafficSum(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch, const StoreUse& use)
      : shape_(shape),
        chunk_(chunk),
        mapping_(mapping),
        use_(use),
        images_(shape.flattened ? 1 : batch),
        depthwise_(is_depthwise_kind(shape)),
        rows_(row_axis(shape, mapping.tile_rows, batch)),
        cols_(col_axis(shape, mapping.tile_cols)),
        row_range_(rows_.range()),
        col_range_(cols_.range()),
        tiles_m_(ceil_div(shape.m, mapping.tile_m)),
        tiles_n_(ceil_div(shape.n, mapping.tile_n)),
        lane_groups_m_(lane_groups(shape.m, mapping.tile_m, chunk.unroll_m)),
        lane_groups_n_(lane_groups(shape.n, mapping.tile_n, chunk.unroll_n)) {}

  Traffic all() {
    count_transfers();
    return with_the_rest();
  }

  Traffic least() {
    count_least_transfers();
    return with_the_rest();
  }

 private:
  Traffic with_the_rest() {
    count_constants();
    count_computation();
    return traffic_;
  }

  /// Σ over tiles of ⌈tile / unroll⌉.
  static std::int64_t lane_groups(int size, int tile, int unroll) {
    const int whole = size / tile;
    return std::int64_t{whole} * ceil_div(tile, unroll) + ceil_div(size - whole * tile, unroll);
  }

  std::int64_t spatial_tiles() const { return std::int64_t{images_} * row_range_.tiles * col_range_.tiles; }
  std::int64_t outputs() const { return std::int64_t{images_} * rows_.outputs * cols_.outputs; }
  std::int64_t kernel_area() const { return std::int64_t{shape_.kernel_height} * shape_.kernel_width; }

  /// Σ of of(tile) over the tiles of one image, of which `view` has `step` columns for each output column.
  template <typename Of>
  TransferWords over_space(const MapView& view, int step, const Port& port, Of of) const {
    const bool flattened = shape_.flattened;
    const int row_period = flattened ? pixel_period(view, mapping_.tile_rows, port) : 1;
    const int col_period = flattened ? 1 : column_period(view, mapping_.tile_cols * step, port);
    return sum_of_tiles(row_range_.tiles, row_range_.head, row_range_.tail, row_period, [&](int row) {
      const Extent rows = rows_.extent(row);
      return sum_of_tiles(col_range_.tiles, col_range_.head, col_range_.tail, col_period, [&](int col) {
        return of(SpatialTile{rows, cols_.extent(col)});
      });
    });
  }

  /// Words of all tiles of `channels` channels, cut into tiles of `tile`, in `window`.
  TransferWords over_channels(const MapView& view, std::span<const Segment> segments, int channels, int tile,
                              const Window& window, const Port& port) const {
    const int tiles = ceil_div(channels, tile);
    const int whole = channels / tile;
    const int period = whole > 1 ? channel_period(view, segments, tile, whole, port.bits) : 1;
    return sum_of_tiles(tiles, 0, whole, period, [&](int i) {
      return transfer_words(view, segments, i * tile, std::min((i + 1) * tile, channels), window, port);
    });
  }

  /// How often every input channel is loaded.
  std::int64_t input_passes() const {
    const bool kept = mapping_.order == LoopOrder::rows_outer && mapping_.tile_n == shape_.n;
    return depthwise_ || kept ? 1 : tiles_m_;
  }

  /// Maps to and from memory.
  void count_transfers() {
    const auto words_of = [&](const MapView& view, int channels, int tile, int step, std::int64_t times, auto window) {
      return [&view, channels, tile, step, times, window, this](const Port& port) {
        TransferWords words;
        for (int group = 0; group < shape_.groups; ++group) {
          const auto segments = segments_of(view, group, shape_.groups);
          words += over_space(view, step, port, [&](const SpatialTile& space) {
            return over_channels(view, segments, channels, tile, window(space), port);
          });
        }
        return times * images_ * words;
      };
    };
    const auto of_input = [&](const SpatialTile& tile) { return input_window(shape_, rows_, tile); };
    const auto of_output = [&](const SpatialTile& tile) { return output_window(shape_, tile); };
    add_input(words_of(shape_.input, depthwise_ ? shape_.m : shape_.n, depthwise_ ? mapping_.tile_m : mapping_.tile_n,
                       shape_.stride_cols, input_passes(), of_input));
    add_output(words_of(shape_.output, shape_.m, mapping_.tile_m, 1, 1, of_output));
    if (adds_residual(shape_)) {
      add_residual(words_of(shape_.residual, shape_.m, mapping_.tile_m, 1, 1, of_output));
    }
  }

  // `words_of(port)`: those of a view's maps that the port moves.

  template <typename WordsOf>
  void add_input(WordsOf words_of) {
    const MapPorts ports({chunk_.port_bits, depthwise_ ? chunk_.unroll_m : chunk_.unroll_n}, use_, use_.inputs);
    traffic_.input.writes += add_reads(words_of, ports);
  }

  template <typename WordsOf>
  void add_residual(WordsOf words_of) {
    const MapPorts ports({chunk_.port_bits, chunk_.unroll_m}, use_, use_.residual ? all_maps : 0);
    traffic_.output.writes += add_reads(words_of, ports);
  }

  template <typename WordsOf>
  std::int64_t add_reads(WordsOf words_of, const MapPorts& ports) {
    const TransferWords external = words_of(ports.external);
    const TransferWords store = ports.store.maps == 0 ? TransferWords{} : words_of(ports.store);
    traffic_.loaded_words += external.memory;
    traffic_.store.reads += store.memory;
    return external.buffer + store.buffer;
  }

  template <typename WordsOf>
  void add_output(WordsOf words_of) {
    const Port port{chunk_.port_bits, chunk_.unroll_m, words_of_output(shape_, chunk_)};
    const MapPorts ports(port, use_, use_.output ? all_maps : 0);
    const TransferWords words = words_of(use_.output ? ports.store : ports.external);
    (use_.output ? traffic_.store.writes : traffic_.stored_words) += words.memory;
    traffic_.output.reads += words.buffer;
  }

  /// Words at least that all tiles of `channels` channels move through the port for `pixels` pixels.
  std::int64_t least_words(const MapView& view, std::int64_t pixels, int channels, int tile, const Port& port) const {
    const auto port_words = [&](std::int64_t bits) { return ceil_div(bits, port.bits); };
    std::int64_t moved = 0;  // channels, of all groups
    bool several_maps = false;
    for (const Segment& segment : view.segments) {
      moved += (port.maps & map_bit(segment.map.index)) != 0 ? segment.channels : 0;
      several_maps = several_maps || segment.map.index > 0;
    }
    const std::int64_t bits = view.bits;
    if (several_maps || moved == 0 || (tile == channels && shape_.groups == 1)) {  // runs may span pixels
      return port_words(pixels * moved * bits);
    }
    const std::int64_t whole = channels / tile;
    return pixels * shape_.groups * (whole * port_words(tile * bits) + port_words((channels - whole * tile) * bits));
  }

  void count_least_transfers() {
    const auto loaded = [](const Axis& axis, const TileRange& range) {
      return sum_of_tiles(range.tiles, range.head, range.tail, 1,
                          [&](int i) { return std::int64_t{axis.extent(i).inputs}; });
    };
    const std::int64_t pixels_in = input_passes() * images_ * loaded(rows_, row_range_) * loaded(cols_, col_range_);
    const auto words_of = [&](const MapView& view, std::int64_t pixels, int channels, int tile) {
      return [&view, pixels, channels, tile, this](const Port& port) {
        return TransferWords{least_words(view, pixels, channels, tile, port), 0};
      };
    };
    add_input(words_of(shape_.input, pixels_in, depthwise_ ? shape_.m : shape_.n,
                       depthwise_ ? mapping_.tile_m : mapping_.tile_n));
    add_output(words_of(shape_.output, outputs(), shape_.m, mapping_.tile_m));
    traffic_.input.writes += pixels_in * shape_.groups * (depthwise_ ? lane_groups_m_ : lane_groups_n_);
    traffic_.output.reads += outputs() * shape_.groups * lane_groups_m_ * words_of_output(shape_, chunk_);
    if (adds_residual(shape_)) {
      add_residual(words_of(shape_.residual, outputs(), shape_.m, mapping_.tile_m));
      traffic_.output.writes += outputs() * shape_.groups * lane_groups_m_;
    }
  }

  /// Weights and parameters from memory.
  void count_constants() {
    const bool kept = mapping_.order == LoopOrder::channels_outer && mapping_.tile_n == shape_.n;
    const std::int64_t times = shape_.groups * (kept ? 1 : spatial_tiles());
    if (!is_pooling(shape_)) {
      const std::int64_t words = lane_groups_m_ * lane_groups_n_ * kernel_area();
      traffic_.loaded_words +=
          times * words * ceil_div(chunk_.unroll_m * chunk_.unroll_n * shape_.input.bits, chunk_.port_bits);
      traffic_.weight.writes += times * words;
    }
    const int whole = shape_.m / mapping_.tile_m;
    const std::int64_t words_of_parameters =
        std::int64_t{whole} * ceil_div(parameter_bits * mapping_.tile_m, chunk_.port_bits) +
        ceil_div(parameter_bits * (shape_.m - whole * mapping_.tile_m), chunk_.port_bits);
    traffic_.loaded_words += times * words_of_parameters;
    traffic_.parameters.writes += times * shape_.m;
  }

  /// What is computed, and what that reads and writes.
  void count_computation() {
    const std::int64_t positions = shape_.groups * outputs();
    traffic_.operations = positions * shape_.m * shape_.n * kernel_area();
    const std::int64_t in_map = images_ * positions_in_map(rows_) * positions_in_map(cols_);
    traffic_.input.reads = shape_.groups * lane_groups_m_ * lane_groups_n_ * in_map;
    const std::int64_t columns = std::int64_t{images_} * cols_.outputs;
    if (!is_pooling(shape_)) {
      const std::int64_t row_groups = lane_groups(rows_.outputs, mapping_.tile_rows, chunk_.unroll_p);
      traffic_.weight.reads = shape_.groups * lane_groups_m_ * lane_groups_n_ * kernel_area() * row_groups * columns;
    }
    traffic_.output.writes += positions * lane_groups_m_ * words_of_output(shape_, chunk_);
    traffic_.output.reads += adds_residual(shape_) ? positions * lane_groups_m_ : 0;
    traffic_.accumulator.writes = (tiles_n_ - 1) * positions * lane_groups_m_;
    traffic_.accumulator.reads = traffic_.accumulator.writes;
    const int rows_at_once = std::max(1, chunk_.requant_lanes / chunk_.unroll_m);
    traffic_.parameters.reads =
        shape_.groups * shape_.m * columns * lane_groups(rows_.outputs, mapping_.tile_rows, rows_at_once);
  }

  const LayerShape& shape_;
  const Chunk& chunk_;
  const Mapping& mapping_;
  const StoreUse& use_;
  int images_;  // that tiles cannot span: 1 for flattened layers
  bool depthwise_;
  Axis rows_;
  Axis cols_;
  TileRange row_range_;
  TileRange col_range_;
  int tiles_m_;
  int tiles_n_;
  std::int64_t lane_groups_m_;
  std::int64_t lane_groups_n_;
  Traffic traffic_;
};

}  // namespace

Traffic layer_traffic(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                      const StoreUse& use) {
  return TrafficSum(shape, chunk, mapping, batch, use).all();
}

Traffic least_traffic(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch,
                      const StoreUse& use) {
  return TrafficSum(shape, chunk, mapping, batch, use).least();
}

}  // namespace autonba
