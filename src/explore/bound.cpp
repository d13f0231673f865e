#include "explore/bound.hpp"

#include <algorithm>

namespace autonba {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Bits from the first to the last of `count` neighbouring values in 32-bit granules, at least.
std::int64_t span_bits(std::int64_t count, int bits) { return count * bits + (count - 1) / (32 / bits) * (32 % bits); }

constexpr std::int64_t parameter_bits = 96;  // of one output channel

}  // namespace

CycleBound::CycleBound(const LayerShape& shape, const Chunk& chunk, int batch, const Platform& platform)
    : fixed_cycles_(platform.layer_start + platform.layer_end),
      read_latency_(platform.read_latency),
      write_latency_(platform.write_latency),
      depthwise_(is_depthwise_kind(shape)),
      unroll_m_(chunk.unroll_m),
      unroll_in_(depthwise_ ? chunk.unroll_m : chunk.unroll_n),
      port_bits_(chunk.port_bits),
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
      requant_cycles_(std::max<std::int64_t>(ceil_div(chunk.unroll_m * chunk.unroll_p, chunk.requant_lanes),
                                             output_words_)) {
  const std::int64_t lanes = static_cast<std::int64_t>(chunk.unroll_m) * (depthwise_ ? 1 : chunk.unroll_n);
  weight_words_ = is_pooling(shape) ? 0 : port_words(lanes * bits_in_);
}

std::int64_t CycleBound::tile_cycles(std::int64_t channels, int unroll, std::int64_t pixels, int bits,
                                     int words) const {
  return std::max(pixels * span_bits(channels, bits) / port_bits_, pixels * ceil_div(channels, unroll) * words);
}

std::int64_t CycleBound::map_cycles(const TileSize& channels, std::int64_t pixels, int bits, int words) const {
  const std::int64_t buffer_words = pixels * channels.unrolled * words;
  if (channels.tiles == 1 && groups_ == 1) {  // long runs
    return std::max(pixels * span_bits(channels.size, bits) / port_bits_, buffer_words);
  }
  const std::int64_t runs = (channels.tiles - 1) * port_words(span_bits(channels.size, bits)) +
                            port_words(span_bits(channels.last, bits));
  return std::max(pixels * runs, buffer_words);
}

std::int64_t CycleBound::parameter_cycles(std::int64_t channels) const {
  return std::max(port_words(parameter_bits * channels), channels);
}

std::int64_t CycleBound::of(const TileSize& m, const TileSize& n, const TileSize& r, const TileSize& c,
                            LoopOrder order) const {
  const bool keeps = n.tiles == 1;
  const bool keeps_weights = keeps && order == LoopOrder::channels_outer;
  const bool keeps_input = keeps && order == LoopOrder::rows_outer && !depthwise_;
  const std::int64_t places = r.tiles * c.tiles * images_;   // spatial tiles
  const std::int64_t outputs = groups_ * m.tiles * places;   // tiles stored
  const std::int64_t steps = outputs * n.tiles;

  const std::int64_t sweeps = groups_ * m.unrolled * r.unrolled * columns_out_ * images_;  // Σ G over output tiles
  const std::int64_t last_sum = kernel_area_ * ceil_div(n.last, depthwise_ ? 1 : unroll_in_);
  const std::int64_t compute = sweeps * (kernel_area_ * n.unrolled - last_sum + std::max(last_sum, requant_cycles_)) +
                               outputs * std::min(last_sum, requant_cycles_) + steps * pipeline_depth_;

  const TileSize& in = depthwise_ ? m : n;
  const std::int64_t pixels_in = images_ * r.loaded_sum * c.loaded_sum;
  const std::int64_t input_passes = keeps_input || depthwise_ ? 1 : m.tiles;
  const std::int64_t weight_passes = keeps_weights ? 1 : places;
  const std::int64_t weights = groups_ * m.unrolled * kernel_area_ * n.unrolled * weight_words_;
  const std::int64_t parameters = groups_ * ((m.tiles - 1) * parameter_cycles(m.size) + parameter_cycles(m.last));
  const std::int64_t loads = steps * read_latency_ + groups_ * input_passes * map_cycles(in, pixels_in, bits_in_, 1) +
                             weight_passes * (weights + parameters) +
                             (bits_residual_ > 0 ? groups_ * map_cycles(m, pixels_out_, bits_residual_, 1) : 0);
  const std::int64_t stores = outputs * write_latency_ + groups_ * map_cycles(m, pixels_out_, bits_out_, output_words_);

  const std::int64_t first_load =
      read_latency_ + tile_cycles(in.size, unroll_in_, r.loaded_first * c.loaded_first, bits_in_, 1) +
      ceil_div(m.size, unroll_m_) * kernel_area_ * ceil_div(n.size, depthwise_ ? 1 : unroll_in_) * weight_words_ +
      (n.tiles == 1 ? parameter_cycles(m.size) : 0);
  const std::int64_t last_store = write_latency_ + tile_cycles(m.last, unroll_m_, static_cast<std::int64_t>(r.last) * c.last,
                                                               bits_out_, output_words_);
  return fixed_cycles_ + steps + std::max(loads + stores, compute + first_load + last_store);
}

}  // namespace autonba
