#include "train/kernels/pointwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels/pointwise.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each instruction set.
#include <hwy/highway.h>

#include "train/kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

/// Rows of the gradient that a tile has: with two vectors each, 24 of 32 registers or 12 of 16.
constexpr Index tile_rows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

/// Pixels whose products are added before the next rows of the gradient: what a tile reads of them, and of the block
/// after it that it asks for, fits the first cache.
constexpr Index block = 64;

/// Calls body(integral_constant N, memory, c) for panels of N = 1 or 2 vectors of `columns`, from column c on; the last
/// vector of a panel is for `memory` to load and to store, one before it is whole.
template <typename Body>
HWY_INLINE void for_panels(Index columns, const Body& body) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  constexpr std::integral_constant<Index, 1> one;
  constexpr std::integral_constant<Index, 2> two;
  Index c = 0;
  for (; c + 2 * lanes <= columns; c += 2 * lanes) {
    body(two, Whole(), c);
  }
  const Index rest = columns - c;
  if (rest > lanes) {
    body(two, Ragged{static_cast<std::size_t>(rest - lanes)}, c);
  } else if (rest == lanes) {
    body(one, Whole(), c);
  } else if (rest > 0) {
    body(one, Ragged{static_cast<std::size_t>(rest)}, c);
  }
}

template <Index N, typename Memory>
HWY_INLINE void load_vectors(const Memory& memory, const float* from, V* vectors) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  UNROLL for (Index n = 0; n < N; ++n) {
    vectors[n] = n + 1 < N ? hn::LoadU(f, from + n * lanes) : memory.load(from + n * lanes);
  }
}

template <Index N, typename Memory>
HWY_INLINE void store_vectors(const Memory& memory, const V* vectors, float* to) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  UNROLL for (Index n = 0; n < N; ++n) {
    if (n + 1 < N) {
      hn::StoreU(vectors[n], f, to + n * lanes);
    } else {
      memory.store(vectors[n], to + n * lanes);
    }
  }
}

/// R rows and N vectors of the gradient, over all pixels of a block. `asks`: for what it reads of the next block, too.
template <Index R, Index N, bool asks, typename Memory>
HWY_INLINE void add_tile(const Memory& memory, const float* x, const float* g, Index pixels, const Pointwise& s,
                         float* gradient) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  V sum[R][N];
  UNROLL for (Index r = 0; r < R; ++r) {
    load_vectors<N>(memory, gradient + r * s.channels_in, sum[r]);
  }
  for (Index pixel = 0; pixel < pixels; ++pixel, x += s.x_pixel, g += s.y_pixel) {
    V input[N];
    load_vectors<N>(memory, x, input);
    if (asks) {
      hwy::Prefetch(x + block * s.x_pixel);
      hwy::Prefetch(x + block * s.x_pixel + (N - 1) * lanes);
      hwy::Prefetch(g + block * s.y_pixel);
    }
    UNROLL for (Index r = 0; r < R; ++r) {
      const V output = hn::Set(f, g[r]);
      UNROLL for (Index n = 0; n < N; ++n) {
        sum[r][n] = hn::MulAdd(output, input[n], sum[r][n]);
      }
    }
  }
  UNROLL for (Index r = 0; r < R; ++r) {
    store_vectors<N>(memory, sum[r], gradient + r * s.channels_in);
  }
}

/// N vectors of all rows begin … end − 1, from channel c of the input on.
template <Index N, typename Memory>
HWY_INLINE void add_columns(const Memory& memory, const float* x, const float* g, Index pixels, const Pointwise& s,
                            Index c, Index begin, Index end, float* gradient) {
  Index row = begin;
  const auto tiles = [&](auto R) HWY_ATTR {
    for (; row + R <= end; row += R) {
      const auto add = row == begin || c == 0 ? add_tile<R, N, true, Memory> : add_tile<R, N, false, Memory>;
      add(memory, x + c, g + row, pixels, s, gradient + row * s.channels_in + c);
    }
  };
  tiles(std::integral_constant<Index, tile_rows>());
  tiles(std::integral_constant<Index, 4>());
  tiles(std::integral_constant<Index, 1>());
}

void AddWeightGradient(const float* x, const float* g, Index pixels, const Pointwise& s, Index begin, Index end,
                       float* gradient) {
  for (Index first = 0; first < pixels; first += block) {
    const Index count = HWY_MIN(block, pixels - first);
    for_panels(s.channels_in, [&](auto N, const auto& memory, Index c) HWY_ATTR {
      add_columns<N>(memory, x + first * s.x_pixel, g + first * s.y_pixel, count, s, c, begin, end, gradient);
    });
  }
}

/// Pixels of which all products are made before the next.
constexpr Index pixel_block = 8 * tile_rows;

/// R pixels and N vectors of their outputs. `asks`: for the same pixels of the next block.
template <Index R, Index N, bool asks, typename Memory>
HWY_INLINE void make_tile(const Memory& memory, const float* x, const float* weights, const Pointwise& s, float* y) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  V sum[R][N];
  UNROLL for (Index r = 0; r < R; ++r) {
    UNROLL for (Index n = 0; n < N; ++n) {
      sum[r][n] = hn::Zero(f);
    }
  }
  const Index row = padded(s.channels_out);
  for (Index k = 0; k < s.channels_in; ++k, weights += row) {
    V weight[N];
    UNROLL for (Index n = 0; n < N; ++n) {
      weight[n] = hn::LoadU(f, weights + n * lanes);
    }
    if (asks) {
      hwy::Prefetch(x + pixel_block * s.x_pixel + k * R);
    }
    UNROLL for (Index r = 0; r < R; ++r) {
      const V input = hn::Set(f, x[r * s.x_pixel + k]);
      UNROLL for (Index n = 0; n < N; ++n) {
        sum[r][n] = hn::MulAdd(input, weight[n], sum[r][n]);
      }
    }
  }
  UNROLL for (Index r = 0; r < R; ++r) {
    store_vectors<N>(memory, sum[r], y + r * s.y_pixel);
  }
}

/// N vectors of the outputs of a block, from output c on.
template <Index N, typename Memory>
HWY_INLINE void make_columns(const Memory& memory, const float* x, const float* weights, Index pixels,
                             const Pointwise& s, Index c, float* y) {
  Index pixel = 0;
  const auto tiles = [&](auto R) HWY_ATTR {
    const auto make = c == 0 ? make_tile<R, N, true, Memory> : make_tile<R, N, false, Memory>;
    for (; pixel + R <= pixels; pixel += R) {
      make(memory, x + pixel * s.x_pixel, weights + c, s, y + pixel * s.y_pixel + c);
    }
  };
  tiles(std::integral_constant<Index, tile_rows>());
  tiles(std::integral_constant<Index, 1>());
}

void Products(const float* x, const float* weights, Index pixels, const Pointwise& s, float* y) {
  for (Index first = 0; first < pixels; first += pixel_block) {
    const Index count = HWY_MIN(pixel_block, pixels - first);
    for_panels(s.channels_out, [&](auto N, const auto& memory, Index c) HWY_ATTR {
      make_columns<N>(memory, x + first * s.x_pixel, weights, count, s, c, y + first * s.y_pixel);
    });
  }
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace autonba::kernels {

HWY_EXPORT(AddWeightGradient);
HWY_EXPORT(Products);

void pointwise_add_weight_gradient(const float* x, const float* g, std::ptrdiff_t pixels, const Pointwise& shape,
                                   std::ptrdiff_t begin, std::ptrdiff_t end, float* weight_gradient) {
  HWY_DYNAMIC_DISPATCH(AddWeightGradient)(x, g, pixels, shape, begin, end, weight_gradient);
}

void pointwise_products(const float* x, const float* weights, std::ptrdiff_t pixels, const Pointwise& shape, float* y) {
  HWY_DYNAMIC_DISPATCH(Products)(x, weights, pixels, shape, y);
}

}  // namespace autonba::kernels
#endif
