#include "explore/bound.hpp"

#include <algorithm>
#include <bit>

namespace autonba {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Bits from the first to the last of `count` neighbouring values in 32-bit granules, at least.
std::int64_t span_bits(std::int64_t count, int bits) {
  return count * bits + (count - 1) / (32 / bits) * (32 % bits);
}

constexpr std::int64_t parameter_bits = 96;  // of one output channel

}  // namespace

CycleBound::CycleBound(const LayerShape& shape, const Chunk& chunk, int batch, const Platform& platform)
    : fixed_cycles_(platform.layer_start + platform.layer_end),
      read_latency_(platform.read_latency),
      write_latency_(platform.write_latency),
      depthwise_(is_depthwise_kind(shape)),
      several_maps_(std::any_of(shape.input.segments.begin(), shape.input.segments.end(),
                                [](const Segment& segment) { return segment.map.index > 0; })),
      unroll_m_(chunk.unroll_m),
      unroll_n_(chunk.unroll_n),
      unroll_in_(depthwise_ ? chunk.unroll_m : chunk.unroll_n),
      port_bits_(chunk.port_bits),
      port_shift_(std::countr_zero(static_cast<unsigned>(chunk.port_bits))),
      pipeline_depth_(pipeline_depth(chunk.kind, chunk.unroll_n)),
      bits_in_(shape.input.bits),
      bits_out_(shape.output.bits),
      bits_residual_(shape.residual.segments.empty() ? 0 : shape.residual.bits),
      groups_(shape.groups),
      images_(shape.flattened ? 1 : batch),
      columns_out_(tiled_cols(shape)),
      pixels_out_(static_cast<std::int64_t>(batch) * shape.output.height * shape.output.width),
      kernel_area_(static_cast<std::int64_t>(shape.kernel_height) * shape.kernel_width),
      output_words_(bits_out_ == 32 ? static_cast<int>(ceil_div(32, chunk.bits)) : 1),
      requant_cycles_(
          std::max<std::int64_t>(ceil_div(chunk.unroll_m * chunk.unroll_p, chunk.requant_lanes), output_words_)) {
  const std::int64_t lanes = static_cast<std::int64_t>(chunk.unroll_m) * (depthwise_ ? 1 : chunk.unroll_n);
  weight_words_ = is_pooling(shape) ? 0 : port_words(lanes * bits_in_);
}

/// Cycles to move all tiles of channels of a map; `words`: buffer words of a value.
std::int64_t CycleBound::map_cycles(const TileSize& channels, std::int64_t pixels, int bits, int words) const {
  if (channels.tiles == 1 && groups_ == 1) {  // long runs
    return std::max(pixels * span_bits(channels.size, bits) >> port_shift_, pixels * channels.unrolled * words);
  }
  return groups_ * pixels * std::max(tile_words(channels, bits), channels.unrolled * words);
}

/// Port words of a pixel, a run for each tile of channels.
std::int64_t CycleBound::tile_words(const TileSize& channels, int bits) const {
  return (channels.tiles - 1) * port_words(span_bits(channels.size, bits)) + port_words(span_bits(channels.last, bits));
}

std::int64_t CycleBound::parameter_cycles(std::int64_t channels) const {
  return std::max(port_words(parameter_bits * channels), channels);
}

CycleBound::ChannelTerms CycleBound::channel_terms(const TileSize& m, const TileSize& n) const {
  const TileSize& in = depthwise_ ? m : n;
  const std::int64_t last_sum = kernel_area_ * ceil_div(n.last, unroll_n_);
  ChannelTerms terms;
  terms.keeps = n.tiles == 1;
  terms.long_runs = several_maps_ || (in.tiles == 1 && groups_ == 1);
  terms.tiles = groups_ * m.tiles;
  terms.steps = terms.tiles * n.tiles;
  terms.sweeps = groups_ * m.unrolled;
  terms.sweep_cycles = kernel_area_ * n.unrolled - last_sum + std::max(last_sum, requant_cycles_);
  terms.tile_cycles = std::min(last_sum, requant_cycles_) + n.tiles * pipeline_depth_;
  terms.input_bits = groups_ * ((in.tiles - 1) * span_bits(in.size, bits_in_) + span_bits(in.last, bits_in_));
  terms.input = groups_ * (terms.long_runs ? in.unrolled : std::max(tile_words(in, bits_in_), in.unrolled));
  terms.input_passes = depthwise_ ? 1 : m.tiles;
  terms.constants = groups_ * (m.unrolled * kernel_area_ * n.unrolled * weight_words_ +
                               (m.tiles - 1) * parameter_cycles(m.size) + parameter_cycles(m.last));
  terms.outputs = map_cycles(m, pixels_out_, bits_out_, output_words_) +
                  (bits_residual_ > 0 ? map_cycles(m, pixels_out_, bits_residual_, 1) : 0);
  terms.first_constants = ceil_div(m.size, unroll_m_) * kernel_area_ * ceil_div(n.size, unroll_n_) * weight_words_ +
                          (n.tiles == 1 ? parameter_cycles(m.size) : 0);
  terms.first_input = std::max(span_bits(in.size, bits_in_) >> port_shift_, ceil_div(in.size, unroll_in_));
  terms.last_output =
      std::max(span_bits(m.last, bits_out_) >> port_shift_, ceil_div(m.last, unroll_m_) * output_words_);
  return terms;
}

std::int64_t CycleBound::of(const ChannelTerms& channels, const TileSize& rows, const TileSize& cols,
                            LoopOrder order) const {
  const bool keeps_weights = channels.keeps && order == LoopOrder::channels_outer;
  const bool keeps_input = channels.keeps && order == LoopOrder::rows_outer;
  const std::int64_t places = rows.tiles * cols.tiles * images_;  // spatial tiles
  const std::int64_t tiles = channels.tiles * places;             // that are stored
  const std::int64_t steps = channels.steps * places;
  const std::int64_t compute =
      channels.sweeps * rows.unrolled * columns_out_ * images_ * channels.sweep_cycles + tiles * channels.tile_cycles;

  const std::int64_t pixels = images_ * rows.loaded_sum * cols.loaded_sum;
  std::int64_t input = pixels * channels.input;
  if (channels.long_runs) {
    input = std::max(input, pixels * channels.input_bits >> port_shift_);
  }
  const bool some_load_nothing = keeps_weights && rows.loaded_least * cols.loaded_least == 0;
  const std::int64_t loads = (some_load_nothing ? 0 : steps * read_latency_) +
                             (keeps_input ? 1 : channels.input_passes) * input +
                             (keeps_weights ? 1 : places) * channels.constants;
  const std::int64_t transfers = loads + tiles * write_latency_ + channels.outputs;
  const std::int64_t first_load =
      read_latency_ + rows.loaded_first * cols.loaded_first * channels.first_input + channels.first_constants;
  const std::int64_t last_store =
      write_latency_ + static_cast<std::int64_t>(rows.last) * cols.last * channels.last_output;
  return fixed_cycles_ + steps + std::max(transfers, compute + first_load + last_store);
}

}  // namespace autonba
