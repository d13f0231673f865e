#include "explore/bound.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/ceil_div.hpp"

namespace autonba {
namespace {

/// Bits from the first to the last of `count` neighbouring values in 32-bit granules, at least.
std::int64_t span_bits(std::int64_t count, int bits) {
  return count * bits + (count - 1) / (32 / bits) * (32 % bits);
}

}  // namespace

CycleBound::CycleBound(const LayerShape& shape, const Chunk& chunk, int batch, const Platform& platform,
                       const StoreUse& use)
    : fixed_cycles_(platform.layer_start + platform.layer_end),
      read_latency_(platform.read_latency),
      write_latency_(use.output ? store_latency(use.turns) : platform.write_latency),
      port_{false, std::countr_zero(static_cast<unsigned>(chunk.port_bits)), 1, platform.read_latency},
      store_{true, std::countr_zero(static_cast<unsigned>(use.word_bits)), use.turns, store_latency(use.turns)},
      residual_(use.residual ? store_ : port_),
      output_(use.output ? store_ : port_),
      uses_store_(use.any()),
      depthwise_(is_depthwise_kind(shape)),
      several_maps_(std::any_of(shape.input.segments.begin(), shape.input.segments.end(),
                                [](const Segment& segment) { return segment.map.index > 0; })),
      m_(shape.m),
      n_(shape.n),
      rows_(tiled_rows(shape, batch)),
      unroll_m_(chunk.unroll_m),
      unroll_n_(chunk.unroll_n),
      unroll_p_(chunk.unroll_p),
      unroll_in_(depthwise_ ? chunk.unroll_m : chunk.unroll_n),
      port_bits_(chunk.port_bits),
      port_shift_(std::countr_zero(static_cast<unsigned>(chunk.port_bits))),
      pipeline_depth_(pipeline_depth(chunk.kind, chunk.unroll_n)),
      bits_in_(shape.input.bits),
      bits_out_(shape.output.bits),
      bits_residual_(shape.residual.segments.empty() ? 0 : shape.residual.bits),
      segments_in_(static_cast<std::int64_t>(shape.input.segments.size())),
      segments_out_(static_cast<std::int64_t>(shape.output.segments.size())),
      segments_residual_(static_cast<std::int64_t>(shape.residual.segments.size())),
      groups_(shape.groups),
      images_(shape.flattened ? 1 : batch),
      columns_out_(tiled_cols(shape)),
      pixels_out_(static_cast<std::int64_t>(batch) * shape.output.height * shape.output.width),
      kernel_area_(static_cast<std::int64_t>(shape.kernel_height) * shape.kernel_width),
      output_words_(bits_out_ == 32 ? ceil_div(32, chunk.bits) : 1),
      requant_cycles_(
          std::max<std::int64_t>(ceil_div(chunk.unroll_m * chunk.unroll_p, chunk.requant_lanes), output_words_)) {
  const std::int64_t lanes = static_cast<std::int64_t>(chunk.unroll_m) * (depthwise_ ? 1 : chunk.unroll_n);
  for (const Segment& segment : shape.input.segments) {
    const bool is_stored = (use.inputs & map_bit(segment.map.index)) != 0;
    (is_stored ? stored_inputs_ : external_inputs_) += segment.channels;
  }
  weight_words_ = is_pooling(shape) ? 0 : port_words(lanes * bits_in_);
}

/// Cycles to move all tiles of channels of a map; `words`: buffer words of a value.
std::int64_t CycleBound::map_cycles(const TileSize& channels, std::int64_t pixels, int bits, int words,
                                    const Way& way) const {
  if (channels.tiles == 1 && groups_ == 1) {  // long runs
    return std::max(way.cycles(pixels * span_bits(channels.size, bits)), pixels * channels.unrolled * words);
  }
  return groups_ * pixels * std::max(run_cycles(channels, bits, way), channels.unrolled * words);
}

/// Of the words of a pixel, a run for each tile of channels.
std::int64_t CycleBound::run_cycles(const TileSize& channels, int bits, const Way& way) {
  return (channels.tiles - 1) * way.cycles(span_bits(channels.size, bits)) + way.cycles(span_bits(channels.last, bits));
}

std::int64_t CycleBound::input_cycles(const MapTerms& input, std::int64_t pixels, bool long_runs,
                                      const Way& way) const {
  const std::int64_t cycles = pixels * input.cycles;
  return long_runs ? std::max(cycles, way.cycles(pixels * input.bits)) : cycles;
}

/// Where some of the maps lie in the store and some do not, nothing is known of how tiles divide them.
void CycleBound::set_inputs(const TileSize& in, ChannelTerms& terms) const {
  if (stored_inputs_ > 0 && external_inputs_ > 0) {
    terms.input.bits = std::int64_t{external_inputs_} * bits_in_;
    terms.stored_input.bits = std::int64_t{stored_inputs_} * bits_in_;
    return;
  }
  MapTerms& input = stored_inputs_ > 0 ? terms.stored_input : terms.input;
  const Way& way = stored_inputs_ > 0 ? store_ : port_;
  input.bits = groups_ * ((in.tiles - 1) * span_bits(in.size, bits_in_) + span_bits(in.last, bits_in_));
  input.cycles =
      groups_ * (terms.long_runs ? in.unrolled : std::max(run_cycles(in, bits_in_, way), std::int64_t{in.unrolled}));
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
  set_inputs(in, terms);
  terms.input_passes = depthwise_ ? 1 : m.tiles;
  terms.constants = groups_ * (m.unrolled * kernel_area_ * n.unrolled * weight_words_ +
                               (m.tiles - 1) * parameter_cycles(m.size) + parameter_cycles(m.last));
  terms.outputs = map_cycles(m, pixels_out_, bits_out_, output_words_, output_);
  terms.residuals = bits_residual_ > 0 ? map_cycles(m, pixels_out_, bits_residual_, 1, residual_) : 0;
  terms.first_constants = ceil_div(m.size, unroll_m_) * kernel_area_ * ceil_div(n.size, unroll_n_) * weight_words_ +
                          (n.tiles == 1 ? parameter_cycles(m.size) : 0);
  const auto pixel_cycles = [](int channels, int bits, std::int64_t words, const Way& way) {
    return std::max(way.turns * (span_bits(channels, bits) >> way.shift), words);  // runs may span pixels
  };
  if (stored_inputs_ == 0 || external_inputs_ == 0) {
    terms.first_input =
        pixel_cycles(in.size, bits_in_, ceil_div(in.size, unroll_in_), stored_inputs_ > 0 ? store_ : port_);
  }
  terms.last_output =
      pixel_cycles(m.last, bits_out_, std::int64_t{ceil_div(m.last, unroll_m_)} * output_words_, output_);
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
  const std::int64_t passes = keeps_input ? 1 : channels.input_passes;
  const std::int64_t input = passes * input_cycles(channels.input, pixels, channels.long_runs, port_);
  const bool some_load_nothing = keeps_weights && (rows.loaded_least * cols.loaded_least == 0 || stored_inputs_ > 0);
  const std::int64_t constants = (keeps_weights ? 1 : places) * channels.constants;
  const std::int64_t written = tiles * write_latency_ + channels.outputs;
  const std::int64_t port = (some_load_nothing ? 0 : steps * read_latency_) + input + constants +
                            (residual_.is_store ? 0 : channels.residuals) + (output_.is_store ? 0 : written);
  std::int64_t transfers = port;
  if (uses_store_) {
    const std::int64_t read = passes * input_cycles(channels.stored_input, pixels, channels.long_runs, store_) +
                              (residual_.is_store ? channels.residuals : 0);
    const std::int64_t added = bits_residual_ > 0 ? channels.residuals + tiles * residual_.latency : 0;
    transfers = std::max({port, read, written + added});
  }
  const std::int64_t first_load =
      (stored_inputs_ > 0
           ? std::max(rows.loaded_first * cols.loaded_first * channels.first_input,
                      read_latency_ + channels.first_constants)
           : read_latency_ + rows.loaded_first * cols.loaded_first * channels.first_input + channels.first_constants);
  const std::int64_t last_store =
      write_latency_ + static_cast<std::int64_t>(rows.last) * cols.last * channels.last_output;
  return fixed_cycles_ + steps + std::max(transfers, compute + first_load + last_store);
}

/// Of all tilings with so many tiles, up to twice as many: what grows with their number at the least number, what falls
/// at the largest. Ends where what grows is enough.
template <typename Cycles>
double least_over_tiles(std::int64_t first, std::int64_t most, Cycles cycles) {
  constexpr double endless = std::numeric_limits<double>::infinity();
  double least = endless;
  for (std::int64_t few = first; few <= most && few < (std::int64_t{1} << 24); few = few < 4 ? few + 1 : 2 * few) {
    const std::int64_t many = few < 4 ? few : 2 * few - 1;
    least = std::min(least, cycles(static_cast<double>(few), static_cast<double>(many)));
    if (cycles(static_cast<double>(few), endless) >= least) {
      break;
    }
  }
  return least;
}

/// In tiles of so many of a group's channels at least. A map passes through a way bit by bit and through the buffer
/// word by word; where a tile does not take all channels of the map, each pixel is a run, or more.
double CycleBound::map_volume(std::int64_t pixels, std::int64_t channels, std::int64_t tiles, std::int64_t segments,
                              int bits, std::int64_t words, const Way& way) const {
  const std::int64_t runs = groups_ * tiles;
  const std::int64_t moved =
      runs == 1 ? pixels * channels * bits >> way.shift
                : pixels * std::max({runs, segments, groups_ * (way.cycles(channels * bits) / way.turns)});
  return static_cast<double>(std::max(pixels * groups_ * words, way.turns * moved));
}

double CycleBound::input_volume(const LeastLoads& loads, std::int64_t tiles) const {
  const std::int64_t channels = depthwise_ ? m_ : n_;
  const std::int64_t pixels = images_ * loads.rows * loads.cols;
  const std::int64_t words = ceil_div(channels, unroll_in_);
  const Way& way = stored_inputs_ > 0 ? store_ : port_;
  return several_maps_
             ? static_cast<double>(std::max(pixels * groups_ * words,
                                            way.turns * (pixels * groups_ * channels * bits_in_ >> way.shift)))
             : map_volume(pixels, channels, tiles, segments_in_, bits_in_, words, way);
}

CycleBound::Moved CycleBound::moved_in(const LeastLoads& loads, std::int64_t output_tiles,
                                       std::int64_t input_tiles) const {
  const std::int64_t words = ceil_div(m_, unroll_m_);
  const double input = input_volume(loads, input_tiles);
  Moved moved;
  moved.outputs = map_volume(pixels_out_, m_, output_tiles, segments_out_, bits_out_, words * output_words_, output_);
  moved.residuals = bits_residual_ > 0 ? map_volume(pixels_out_, m_, output_tiles, segments_residual_, bits_residual_,
                                                    words, residual_)
                                       : 0;
  moved.port = (stored_inputs_ > 0 ? 0 : input) + (output_.is_store ? 0 : moved.outputs) +
               (residual_.is_store ? 0 : moved.residuals);
  moved.read = (stored_inputs_ > 0 ? input : 0) + (residual_.is_store ? moved.residuals : 0);
  return moved;
}

CycleBound::Volumes CycleBound::volumes(const LeastLoads& loads) const {
  const auto images = static_cast<double>(images_);
  const std::int64_t sums = kernel_area_ * ceil_div(n_, unroll_n_);
  const std::int64_t lanes_out = groups_ * ceil_div(m_, unroll_m_);
  Volumes all;
  all.compute = static_cast<double>(lanes_out * images_ * ceil_div(rows_, unroll_p_) * columns_out_ *
                                    std::max(sums, requant_cycles_));
  all.constants = static_cast<double>(lanes_out * sums * weight_words_ + groups_ * parameter_cycles(m_));
  all.input = stored_inputs_ > 0 ? 0 : input_volume(loads, 1);
  all.once = moved_in(loads, 1, 1);
  all.in_output_tiles = moved_in(loads, 2, 1);
  all.in_input_tiles = moved_in(loads, 1, 2);
  // Of one group of one image, whichever it is: groups may have different numbers of segments.
  const auto of_a_group = [&](std::int64_t pixels, std::int64_t channels, int bits, std::int64_t words) {
    return static_cast<double>(std::max(pixels * words, pixels * channels * bits >> port_shift_)) / images;
  };
  const std::int64_t channels_in = depthwise_ ? m_ : n_;
  all.stored_here =
      of_a_group(pixels_out_, m_, output_.is_store ? 0 : bits_out_, ceil_div(m_, unroll_m_) * output_words_);
  all.input_here = stored_inputs_ > 0 ? 0
                                      : loads.first_share * of_a_group(images_ * loads.rows * loads.cols, channels_in,
                                                                       bits_in_, ceil_div(channels_in, unroll_in_));
  all.constants_here = all.constants / static_cast<double>(groups_);
  all.weights_here = all.constants_here - static_cast<double>(parameter_cycles(m_));  // parameters come last
  return all;
}

double CycleBound::of_any(const LeastLoads& loads) const {
  const Volumes all = volumes(loads);
  const auto images = static_cast<double>(images_);
  const auto repeats = static_cast<double>(groups_) * images;  // of whatever tiles a group of an image has
  const double load_latency = loads.always && stored_inputs_ == 0 ? static_cast<double>(read_latency_) : 0;
  const auto store_latency = static_cast<double>(write_latency_);
  const auto depth = static_cast<double>(pipeline_depth_);
  // `tiles` of a group of an image, with so many output tiles; `again`: what the port moves besides; `first`: the first
  // load.
  const auto cycles = [&](double tiles, double output_tiles, const Moved& moved, double again, double first,
                          double last) {
    const double steps = repeats * tiles;
    const double writes = repeats * output_tiles * store_latency;
    const double loaded = moved.port + all.constants + again + steps * load_latency;
    const double computed = all.compute + steps * depth + first + last + load_latency + store_latency;
    if (!uses_store_) {
      return steps + std::max(loaded + writes, computed);
    }
    // The sides of the store work beside the port. Each write follows the first load, each read comes before the last
    // write, and a residual's load waits for a write.
    const double written = moved.outputs + writes;
    const double port = output_.is_store ? loaded + depth + store_latency : loaded + writes;
    return steps + std::max({port, moved.read + depth + store_latency, written + moved.residuals,
                             first + load_latency + depth + written, computed});
  };
  const double all_tiles = 1e9;
  const auto most = static_cast<std::int64_t>(all_tiles);
  double least = std::numeric_limits<double>::infinity();
  if (depthwise_) {
    least = least_over_tiles(1, most, [&](double few, double many) {
      return cycles(few, few, all.once, 0, (all.input_here + all.constants_here) / many, 0);
    });
    return static_cast<double>(fixed_cycles_) + least;
  }
  if (loads.all_channels_fit) {  // all channels at once: everything is loaded once, all weights first
    least = std::min(least, least_over_tiles(1, most, [&](double few, double many) {
                       return cycles(few, few, all.once, 0, all.constants_here + all.input_here / many, 0);
                     }));
  }
  // Whole images, channels in several tiles: inputs stay, weights come for every image, or the other way round.
  least = std::min(least, least_over_tiles(2, most, [&](double few, double many) {
                     return cycles(few, few, all.in_output_tiles, std::min(all.input, all.constants * (images - 1)),
                                   all.input_here + all.constants_here / many, 0);
                   }));
  // Both in several tiles.
  least = std::min(least, least_over_tiles(4, most, [&](double few, double many) {
                     return cycles(few, few, all.in_output_tiles, std::min(all.input, all.constants * (2 * images - 1)),
                                   2 * std::sqrt(all.input_here * all.constants_here / many), 0);
                   }));
  if (n_ > 1) {  // input channels in several tiles, nothing stays: with one output tile, and with more
    const double again = all.constants * (images - 1);
    least = std::min(least, least_over_tiles(2, n_, [&](double few, double many) {
                       return cycles(few, 1, all.in_input_tiles, again, (all.input_here + all.weights_here) / many,
                                     all.stored_here);
                     }));
    least = std::min(least, least_over_tiles(4, most, [&](double few, double many) {
                       return cycles(few, 2, all.in_input_tiles, again + std::min(all.input, all.constants * images),
                                     (all.input_here + all.weights_here) / many, 0);
                     }));
  }
  return static_cast<double>(fixed_cycles_) + least;
}

}  // namespace autonba
