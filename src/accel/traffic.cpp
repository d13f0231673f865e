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
  TrafficSum(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch)
      : shape_(shape),
        chunk_(chunk),
        mapping_(mapping),
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
  TransferWords over_space(const MapView& view, int step, Of of) const {
    const bool flattened = shape_.flattened;
    const int row_period = flattened ? pixel_period(view, mapping_.tile_rows, chunk_.port_bits) : 1;
    const int col_period = flattened ? 1 : column_period(view, mapping_.tile_cols * step, chunk_.port_bits);
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
    const int period = whole > 1 ? channel_period(view, segments, tile, whole, chunk_.port_bits) : 1;
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
    const int input_channels = depthwise_ ? shape_.m : shape_.n;
    const int input_tile = depthwise_ ? mapping_.tile_m : mapping_.tile_n;
    const Port input_port{chunk_.port_bits, depthwise_ ? chunk_.unroll_m : chunk_.unroll_n, 1};
    const Port residual_port{chunk_.port_bits, chunk_.unroll_m, 1};
    const Port output_port{chunk_.port_bits, chunk_.unroll_m, words_of_output(shape_, chunk_)};
    TransferWords input;
    TransferWords residual;
    TransferWords output;
    for (int group = 0; group < shape_.groups; ++group) {
      const auto segments = [&](const MapView& view) { return segments_of(view, group, shape_.groups); };
      input += over_space(shape_.input, shape_.stride_cols, [&](const SpatialTile& tile) {
        return over_channels(shape_.input, segments(shape_.input), input_channels, input_tile,
                             input_window(shape_, rows_, tile), input_port);
      });
      output += over_space(shape_.output, 1, [&](const SpatialTile& tile) {
        return over_channels(shape_.output, segments(shape_.output), shape_.m, mapping_.tile_m,
                             output_window(shape_, tile), output_port);
      });
      if (adds_residual(shape_)) {
        residual += over_space(shape_.residual, 1, [&](const SpatialTile& tile) {
          return over_channels(shape_.residual, segments(shape_.residual), shape_.m, mapping_.tile_m,
                               output_window(shape_, tile), residual_port);
        });
      }
    }
    add_transfers(images_ * input_passes() * input, images_ * residual, images_ * output);
  }

  void add_transfers(const TransferWords& input, const TransferWords& residual, const TransferWords& output) {
    traffic_.loaded_words += input.memory + residual.memory;
    traffic_.stored_words += output.memory;
    traffic_.input.writes += input.buffer;
    traffic_.output.writes += residual.buffer;
    traffic_.output.reads += output.buffer;
  }

  /// At least what all tiles of `channels` channels move for `pixels` pixels, `words_of_pixel` buffer words each.
  TransferWords least_words(const MapView& view, std::int64_t pixels, int channels, int tile,
                            std::int64_t words_of_pixel) const {
    const auto port_words = [&](std::int64_t bits) { return ceil_div(bits, chunk_.port_bits); };
    const bool several_maps = std::any_of(view.segments.begin(), view.segments.end(),
                                          [](const Segment& segment) { return segment.map.index > 0; });
    const std::int64_t whole = channels / tile;
    const std::int64_t bits = view.bits;
    const std::int64_t words =
        several_maps || (tile == channels && shape_.groups == 1)  // runs may span pixels
            ? port_words(pixels * shape_.groups * channels * bits)
            : pixels * shape_.groups * (whole * port_words(tile * bits) + port_words((channels - whole * tile) * bits));
    return {words, pixels * shape_.groups * words_of_pixel};
  }

  void count_least_transfers() {
    const auto loaded = [](const Axis& axis, const TileRange& range) {
      return sum_of_tiles(range.tiles, range.head, range.tail, 1,
                          [&](int i) { return std::int64_t{axis.extent(i).inputs}; });
    };
    const std::int64_t pixels_in = images_ * loaded(rows_, row_range_) * loaded(cols_, col_range_);
    const TransferWords input = depthwise_
                                    ? least_words(shape_.input, pixels_in, shape_.m, mapping_.tile_m, lane_groups_m_)
                                    : least_words(shape_.input, pixels_in, shape_.n, mapping_.tile_n, lane_groups_n_);
    const auto of_outputs = [&](const MapView& view, int words_each) {
      return least_words(view, outputs(), shape_.m, mapping_.tile_m, lane_groups_m_ * words_each);
    };
    add_transfers(input_passes() * input, adds_residual(shape_) ? of_outputs(shape_.residual, 1) : TransferWords{},
                  of_outputs(shape_.output, words_of_output(shape_, chunk_)));
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

Traffic layer_traffic(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch) {
  return TrafficSum(shape, chunk, mapping, batch).all();
}

Traffic least_traffic(const LayerShape& shape, const Chunk& chunk, const Mapping& mapping, int batch) {
  return TrafficSum(shape, chunk, mapping, batch).least();
}

}  // namespace autonba
