#include "train/kernels/pointwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels/pointwise.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each instruction set.
#include <hwy/highway.h>

#include "train/kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

using Index = std::ptrdiff_t;

/// Before loops with a constant number of rounds, whose arrays are to lie in registers.
#define UNROLL _Pragma("GCC unroll 32")

/// Rows of the gradient that a tile has: with two vectors each, 24 of 32 registers or 12 of 16.
constexpr Index tile_rows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

/// Pixels whose products are added before the next rows of the gradient: what a tile reads of them, and of the block
/// after it that it asks for, fits the first cache.
constexpr Index block = 64;

/// R rows and N vectors of the gradient, over all pixels of a block. `asks`: for what it reads of the next block, too.
template <Index R, Index N, bool asks, typename Memory>
HWY_INLINE void add_tile(const Memory& memory, const float* x, const float* g, Index pixels, const Pointwise& s,
                         float* gradient) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  V sum[R][N];
  UNROLL for (Index r = 0; r < R; ++r) {
    UNROLL for (Index n = 0; n < N; ++n) {
      sum[r][n] = memory.load(gradient + r * s.channels_in + n * lanes);
    }
  }
  for (Index pixel = 0; pixel < pixels; ++pixel, x += s.x_pixel, g += s.g_pixel) {
    V input[N];
    UNROLL for (Index n = 0; n < N; ++n) {
      input[n] = memory.load(x + n * lanes);
      if (asks) {
        hwy::Prefetch(x + block * s.x_pixel + n * lanes);
      }
    }
    if (asks) {
      hwy::Prefetch(g + block * s.g_pixel);
    }
    UNROLL for (Index r = 0; r < R; ++r) {
      const V output = hn::Set(f, g[r]);
      UNROLL for (Index n = 0; n < N; ++n) {
        sum[r][n] = hn::MulAdd(output, input[n], sum[r][n]);
      }
    }
  }
  UNROLL for (Index r = 0; r < R; ++r) {
    UNROLL for (Index n = 0; n < N; ++n) {
      memory.store(sum[r][n], gradient + r * s.channels_in + n * lanes);
    }
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
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  for (Index first = 0; first < pixels; first += block) {
    const Index count = HWY_MIN(block, pixels - first);
    const float* from_x = x + first * s.x_pixel;
    const float* from_g = g + first * s.g_pixel;
    Index c = 0;
    for (; c + 2 * lanes <= s.channels_in; c += 2 * lanes) {
      add_columns<2>(Whole(), from_x, from_g, count, s, c, begin, end, gradient);
    }
    if (c + lanes <= s.channels_in) {
      add_columns<1>(Whole(), from_x, from_g, count, s, c, begin, end, gradient);
      c += lanes;
    }
    if (c < s.channels_in) {
      const Ragged rest{static_cast<std::size_t>(s.channels_in - c)};
      add_columns<1>(rest, from_x, from_g, count, s, c, begin, end, gradient);
    }
  }
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace autonba::kernels {

HWY_EXPORT(AddWeightGradient);

void pointwise_add_weight_gradient(const float* x, const float* g, std::ptrdiff_t pixels, const Pointwise& shape,
                                   std::ptrdiff_t begin, std::ptrdiff_t end, float* weight_gradient) {
  HWY_DYNAMIC_DISPATCH(AddWeightGradient)(x, g, pixels, shape, begin, end, weight_gradient);
}

}  // namespace autonba::kernels
#endif
