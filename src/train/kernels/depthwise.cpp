#include "train/kernels/depthwise.hpp"

#include <cstdint>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels/depthwise.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each instruction set.
#include <hwy/highway.h>

#include "train/kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

struct Range {
  Index begin, end;
};

/// Kernel positions k for which 0 ≤ start + k < size.
HWY_INLINE Range taps_inside(Index start, Index size, Index kernel) {
  return {HWY_MAX(Index{0}, -start), HWY_MIN(kernel, size - start)};
}

/// Calls body(memory, c) for the vectors of the channels in `channels`.
template <typename Body>
HWY_INLINE void for_channels(Range channels, const Body& body) {
  for_vectors(static_cast<std::size_t>(channels.end - channels.begin), [&](const auto& memory, std::size_t c) HWY_ATTR {
    body(memory, channels.begin + static_cast<Index>(c));
  });
}

constexpr Index widest_tile = 8;
constexpr Index most_channels = 256;

/// Calls body(channels, row, integral_constant tile, column) for tiles of a map that is `width` wide, `tile` columns
/// from `column` on, which is a multiple of `tile`.
template <typename Body>
HWY_INLINE void for_tiles(Index all_channels, Range rows, Index width, const Body& body) {
  for (Index c = 0; c < all_channels; c += most_channels) {
    const Range channels = {c, HWY_MIN(c + most_channels, all_channels)};
    for (Index row = rows.begin; row < rows.end; ++row) {
      Index column = 0;
      const auto tiles = [&](auto tile) HWY_ATTR {
        for (; column + tile <= width; column += tile) {
          body(channels, row, tile, column);
        }
      };
      tiles(std::integral_constant<Index, widest_tile>());
      tiles(std::integral_constant<Index, 4>());
      tiles(std::integral_constant<Index, 2>());
      tiles(std::integral_constant<Index, 1>());
    }
  }
}

/// What a tile of outputs reads.
struct Window {
  const float* x;  // where the first tap of the first output would be
  Range rows;      // of taps that lie on the map
  Range columns;   // of inputs that do, counted from x
};

template <Index K, Index stride>
HWY_INLINE Window window_of(const float* image, const Depthwise& s, Index row, Index column, Index tile) {
  const Index first_row = row * stride - s.padding;
  const Index first_column = column * stride - s.padding;
  return {image + (first_row * s.width_in + first_column) * s.channels, taps_inside(first_row, s.height_in, K),
          taps_inside(first_column, s.width_in, (tile - 1) * stride + K)};
}

/// Calls body(input, tap, output) for a row of taps, a vector of channels and all outputs of a tile; each input of
/// `row` is loaded once.
template <Index K, Index stride, Index tile, typename Memory, typename Body>
HWY_INLINE void for_products(const Memory& memory, const float* row, Index pixel, Range columns, const Body& body) {
  UNROLL for (Index column = 0; column < (tile - 1) * stride + K; ++column) {
    if (column >= columns.begin && column < columns.end) {
      const V input = memory.load(row + column * pixel);
      UNROLL for (Index t = 0; t < tile; ++t) {
        const Index kx = column - t * stride;
        if (kx >= 0 && kx < K) {
          body(input, kx, t);
        }
      }
    }
  }
}

/// Asks for the inputs that the tile one row below is the first to read. `x` is where the first tap of this one would
/// be.
template <Index K, Index stride, Index tile>
HWY_INLINE void ask_for_next_row(const float* x, const Depthwise& s) {
  UNROLL for (Index row = K; row < K + stride; ++row) {
    UNROLL for (Index column = K - stride; column < K + (tile - 1) * stride; ++column) {
      hwy::Prefetch(x + (row * s.width_in + column) * s.channels);
    }
  }
}

/// `tile` neighbouring outputs of a row, into `tile_output` [tile, channels]. A weight is loaded once for all of them.
template <Index K, Index stride, Index tile>
HWY_INLINE void tile_of_outputs(const Window& window, const float* weights, const Depthwise& s, Range channels,
                                float* tile_output) {
  const Index pixel = s.channels;
  const Index count = channels.end - channels.begin;
  for_channels(channels, [&](const auto& memory, Index c) HWY_ATTR {
    V sum[tile];
    UNROLL for (Index t = 0; t < tile; ++t) {
      sum[t] = hn::Zero(f);
    }
    for (Index ky = window.rows.begin; ky < window.rows.end; ++ky) {
      V w[K];
      UNROLL for (Index kx = 0; kx < K; ++kx) {
        w[kx] = memory.load(weights + (ky * K + kx) * pixel + c);
      }
      for_products<K, stride, tile>(memory, window.x + ky * s.width_in * pixel + c, pixel, window.columns,
                                    [&](V input, Index kx, Index t)
                                        HWY_ATTR { sum[t] = hn::MulAdd(input, w[kx], sum[t]); });
    }
    UNROLL for (Index t = 0; t < tile; ++t) {
      memory.store(sum[t], tile_output + t * count + c - channels.begin);
    }
    ask_for_next_row<K, stride, tile>(window.x + c, s);
  });
}

/// A copy that writes past the caches: a map is larger than they are, and what is written to them must be read before.
HWY_INLINE void copy_past_caches(const float* from, Index count, float* to) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  const Index line = 64;  // bytes
  const Index skewed = static_cast<Index>(reinterpret_cast<std::uintptr_t>(to)) % line;
  Index i = HWY_MIN((line - skewed) % line / static_cast<Index>(sizeof(float)), count);
  std::memcpy(to, from, static_cast<std::size_t>(i) * sizeof(float));
  for (; i + lanes <= count; i += lanes) {
    hn::Stream(hn::LoadU(f, from + i), f, to + i);
  }
  std::memcpy(to + i, from + i, static_cast<std::size_t>(count - i) * sizeof(float));
}

/// Writes `rows` of a map [rows, width, all_channels], of which make(channels, row, tile, column, buffer) makes a tile
/// [tile, channels]. Tiles lie in a buffer first, so that whole lines of the cache are written one after the other.
template <typename Make>
HWY_INLINE void write_rows(Index all_channels, Range rows, Index width, float* map, const Make& make) {
  HWY_ALIGN float buffer[widest_tile * most_channels];
  for_tiles(all_channels, rows, width, [&](Range channels, Index row, auto tile, Index column) HWY_ATTR {
    make(channels, row, tile, column, buffer);
    const Index count = channels.end - channels.begin;
    float* to = map + ((row - rows.begin) * width + column) * all_channels + channels.begin;
    if (count == all_channels) {
      copy_past_caches(buffer, tile * count, to);
    } else {
      for (Index t = 0; t < tile; ++t) {
        copy_past_caches(buffer + t * count, count, to + t * all_channels);
      }
    }
  });
  hwy::FlushStream();
}

template <Index K, Index stride>
void rows_of_outputs(const float* image, const float* weights, const Depthwise& s, Range rows, float* y) {
  write_rows(s.channels, rows, s.width_out, y,
             [&](Range channels, Index row, auto tile, Index column, float* buffer) HWY_ATTR {
               tile_of_outputs<K, stride, tile>(window_of<K, stride>(image, s, row, column, tile), weights, s, channels,
                                                buffer);
             });
}

/// Adds the products of `tile` neighbouring outputs' gradients with what their windows read to the weights' gradient.
template <Index K, Index stride, Index tile>
HWY_INLINE void add_tile_products(const Window& window, const float* g, const Depthwise& s, Range channels,
                                  float* weight_gradient) {
  const Index pixel = s.channels;
  for_channels(channels, [&](const auto& memory, Index c) HWY_ATTR {
    V gradient[tile];
    UNROLL for (Index t = 0; t < tile; ++t) {
      gradient[t] = memory.load(g + t * pixel + c);
      hwy::Prefetch(g + (s.width_out + t) * pixel + c);
    }
    ask_for_next_row<K, stride, tile>(window.x + c, s);
    for (Index ky = window.rows.begin; ky < window.rows.end; ++ky) {
      float* weights = weight_gradient + ky * K * pixel + c;
      V sum[K];
      UNROLL for (Index kx = 0; kx < K; ++kx) {
        sum[kx] = memory.load(weights + kx * pixel);
      }
      for_products<K, stride, tile>(memory, window.x + ky * s.width_in * pixel + c, pixel, window.columns,
                                    [&](V input, Index kx, Index t)
                                        HWY_ATTR { sum[kx] = hn::MulAdd(input, gradient[t], sum[kx]); });
      UNROLL for (Index kx = 0; kx < K; ++kx) {
        memory.store(sum[kx], weights + kx * pixel);
      }
    }
  });
}

template <Index K, Index stride>
void add_weight_gradient(const float* image, const float* g, const Depthwise& s, float* weight_gradient) {
  for_tiles(
      s.channels, {0, s.height_out}, s.width_out, [&](Range channels, Index row, auto tile, Index column) HWY_ATTR {
        add_tile_products<K, stride, tile>(window_of<K, stride>(image, s, row, column, tile),
                                           g + (row * s.width_out + column) * s.channels, s, channels, weight_gradient);
      });
}

/// `tile` neighbouring inputs' gradients of a convolution with stride 2, into `gradient_tile` [tile, channels]. An
/// output's gradient is loaded once for all inputs of the tile that it has read, each by another tap. `odd` is the
/// parity of the padding, `column` is even.
template <Index K, Index odd, Index tile>
HWY_INLINE void tile_of_input_gradients(const float* g, const float* weights, const Depthwise& s, Range channels,
                                        Index row, Index column, float* gradient_tile) {
  // Output first + j reads the tile's columns nearest + 2j + kx.
  constexpr Index nearest = odd == 0 ? 1 - K : 2 - K;
  constexpr Index outputs = (tile - 1 - nearest) / 2 + 1;
  const Index pixel = s.channels;
  const Index count = channels.end - channels.begin;
  const Index first = (column + s.padding + nearest) / 2;
  const Range inside = {HWY_MAX(Index{0}, -first), HWY_MIN(outputs, s.width_out - first)};
  const Index below = row + s.padding;  // row of the input, counted from where the padding begins
  for_channels(channels, [&](const auto& memory, Index c) HWY_ATTR {
    V sum[tile];
    UNROLL for (Index t = 0; t < tile; ++t) {
      sum[t] = hn::Zero(f);
    }
    for (Index ky = below % 2; ky < K && ky <= below; ky += 2) {
      const Index output_row = (below - ky) / 2;
      if (output_row >= s.height_out) {
        continue;
      }
      V w[K];
      UNROLL for (Index kx = 0; kx < K; ++kx) {
        w[kx] = memory.load(weights + (ky * K + kx) * pixel + c);
      }
      const float* gradients = g + (output_row * s.width_out + first) * pixel + c;
      UNROLL for (Index j = 0; j < outputs; ++j) {
        if (j >= inside.begin && j < inside.end) {
          const V gradient = memory.load(gradients + j * pixel);
          UNROLL for (Index kx = 0; kx < K; ++kx) {
            const Index t = nearest + 2 * j + kx;
            if (t >= 0 && t < tile) {
              sum[t] = hn::MulAdd(gradient, w[kx], sum[t]);
            }
          }
        }
      }
    }
    UNROLL for (Index t = 0; t < tile; ++t) {
      memory.store(sum[t], gradient_tile + t * count + c - channels.begin);
    }
    UNROLL for (Index j = 0; j < tile / 2; ++j) {  // the next row of outputs is asked for
      hwy::Prefetch(g + ((below / 2 + 1) * s.width_out + column / 2 + j) * pixel + c);
    }
  });
}

template <Index K, Index odd>
void rows_of_input_gradients(const float* g, const float* weights, const Depthwise& s, Range rows, float* dx) {
  write_rows(s.channels, rows, s.width_in, dx,
             [&](Range channels, Index row, auto tile, Index column, float* buffer)
                 HWY_ATTR { tile_of_input_gradients<K, odd, tile>(g, weights, s, channels, row, column, buffer); });
}

/// Calls run(integral_constant K, integral_constant second), with `second` as `first_value` or as `other_value`.
template <Index first_value, Index other_value, typename Run>
void with_constants(Index kernel, Index second, const Run& run) {
  const auto with_second = [&](auto K) {
    second == first_value ? run(K, std::integral_constant<Index, first_value>())
                          : run(K, std::integral_constant<Index, other_value>());
  };
  switch (kernel) {
    case 3:
      return with_second(std::integral_constant<Index, 3>());
    case 5:
      return with_second(std::integral_constant<Index, 5>());
    default:
      return with_second(std::integral_constant<Index, 7>());
  }
}

void Rows(const float* image, const float* weights, const Depthwise& shape, Index begin, Index end, float* output) {
  with_constants<1, 2>(shape.kernel, shape.stride, [&](auto K, auto stride) {
    rows_of_outputs<K(), stride()>(image, weights, shape, {begin, end}, output);
  });
}

void AddWeightGradient(const float* image, const float* g, const Depthwise& shape, float* weight_gradient) {
  with_constants<1, 2>(shape.kernel, shape.stride, [&](auto K, auto stride) {
    add_weight_gradient<K(), stride()>(image, g, shape, weight_gradient);
  });
}

void GradientRows(const float* g, const float* weights, const Depthwise& shape, Index begin, Index end, float* dx) {
  with_constants<0, 1>(shape.kernel, shape.padding % 2, [&](auto K, auto odd) {
    rows_of_input_gradients<K(), odd()>(g, weights, shape, {begin, end}, dx);
  });
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace autonba::kernels {

HWY_EXPORT(Rows);
HWY_EXPORT(GradientRows);
HWY_EXPORT(AddWeightGradient);

void depthwise_rows(const float* image, const float* weights, const Depthwise& shape, std::ptrdiff_t begin,
                    std::ptrdiff_t end, float* output) {
  HWY_DYNAMIC_DISPATCH(Rows)(image, weights, shape, begin, end, output);
}

void depthwise_gradient_rows(const float* output_gradient, const float* weights, const Depthwise& shape,
                             std::ptrdiff_t begin, std::ptrdiff_t end, float* input_gradient) {
  HWY_DYNAMIC_DISPATCH(GradientRows)(output_gradient, weights, shape, begin, end, input_gradient);
}

void depthwise_add_weight_gradient(const float* image, const float* output_gradient, const Depthwise& shape,
                                   float* weight_gradient) {
  HWY_DYNAMIC_DISPATCH(AddWeightGradient)(image, output_gradient, shape, weight_gradient);
}

}  // namespace autonba::kernels
#endif
