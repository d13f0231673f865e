#include "train/kernels/depthwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels/depthwise.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each instruction set.
#include <hwy/highway.h>

#include "train/kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

using Index = std::ptrdiff_t;

struct Range {
  Index begin, end;
};

/// Kernel positions k for which 0 ≤ start + k < size.
HWY_INLINE Range taps_inside(Index start, Index size, Index kernel) {
  return {HWY_MAX(Index{0}, -start), HWY_MIN(kernel, size - start)};
}

/// Outputs whose whole window lies inside an input of `size`.
HWY_INLINE Range inner_outputs(Index size, Index outputs, const Depthwise& s) {
  const Index begin = HWY_MIN((s.padding + s.stride - 1) / s.stride, outputs);
  const Index end = size + s.padding < s.kernel ? 0 : (size + s.padding - s.kernel) / s.stride + 1;
  return {begin, HWY_MAX(begin, HWY_MIN(end, outputs))};
}

/// Calls body(memory, integral_constant U, c): groups of U whole vectors of channels, then single ones.
template <Index U, typename Body>
HWY_INLINE void for_channels(Index channels, const Body& body) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  Index c = 0;
  for (; c + U * lanes <= channels; c += U * lanes) {
    body(Whole(), std::integral_constant<Index, U>(), c);
  }
  for (; c + lanes <= channels; c += lanes) {
    body(Whole(), std::integral_constant<Index, 1>(), c);
  }
  if (c < channels) {
    body(Ragged{static_cast<std::size_t>(channels - c)}, std::integral_constant<Index, 1>(), c);
  }
}

/// One output: y[c] = Σ over the taps in `rows` × `columns` of x·w. `x` is where tap (0, 0) would be.
HWY_INLINE void one_output(const float* x, const float* weights, const Depthwise& s, Range rows, Range columns,
                           float* y) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  for_channels<4>(s.channels, [&](const auto& memory, auto U, Index c) HWY_ATTR {
    V sum[U()];
    for (Index u = 0; u < U(); ++u) {
      sum[u] = hn::Zero(f);
    }
    for (Index ky = rows.begin; ky < rows.end; ++ky) {
      for (Index kx = columns.begin; kx < columns.end; ++kx) {
        const float* value = x + (ky * s.width_in + kx) * s.channels + c;
        const float* weight = weights + (ky * s.kernel + kx) * s.channels + c;
        for (Index u = 0; u < U(); ++u) {
          sum[u] = hn::MulAdd(memory.load(value + u * lanes), memory.load(weight + u * lanes), sum[u]);
        }
      }
    }
    for (Index u = 0; u < U(); ++u) {
      memory.store(sum[u], y + c + u * lanes);
    }
  });
}

/// Outputs that are computed together, so that a weight is loaded once for all of them.
constexpr Index tile = 4;

/// `tile` neighbouring outputs of a row, all columns of their windows inside the map.
template <Index K, Index stride>
HWY_INLINE void tile_of_outputs(const float* x, const float* weights, const Depthwise& s, Range rows, float* y) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  for_channels<2>(s.channels, [&](const auto& memory, auto U, Index c) HWY_ATTR {
    V sum[tile][U()];
    for (Index t = 0; t < tile; ++t) {
      for (Index u = 0; u < U(); ++u) {
        sum[t][u] = hn::Zero(f);
      }
    }
    for (Index ky = rows.begin; ky < rows.end; ++ky) {
      const float* value = x + ky * s.width_in * s.channels + c;
      const float* weight = weights + ky * K * s.channels + c;
      for (Index kx = 0; kx < K; ++kx) {
        for (Index u = 0; u < U(); ++u) {
          const V w = memory.load(weight + kx * s.channels + u * lanes);
          for (Index t = 0; t < tile; ++t) {
            sum[t][u] = hn::MulAdd(memory.load(value + (t * stride + kx) * s.channels + u * lanes), w, sum[t][u]);
          }
        }
      }
    }
    for (Index t = 0; t < tile; ++t) {
      for (Index u = 0; u < U(); ++u) {
        memory.store(sum[t][u], y + t * s.channels + c + u * lanes);
      }
    }
  });
}

template <Index K, Index stride>
void row_of_outputs(const float* image, const float* weights, const Depthwise& s, Index row, float* y) {
  const Index first_row = row * stride - s.padding;
  const Range rows = taps_inside(first_row, s.height_in, K);
  const Range inner = inner_outputs(s.width_in, s.width_out, s);
  for (Index ox = 0; ox < s.width_out;) {
    const Index first_column = ox * stride - s.padding;
    const float* x = image + (first_row * s.width_in + first_column) * s.channels;
    if (ox >= inner.begin && ox + tile <= inner.end) {
      tile_of_outputs<K, stride>(x, weights, s, rows, y + ox * s.channels);
      ox += tile;
    } else {
      one_output(x, weights, s, rows, taps_inside(first_column, s.width_in, K), y + ox * s.channels);
      ++ox;
    }
  }
}

/// Adds the products of one output row with one input row to the K weights between them.
template <Index K, Index stride>
HWY_INLINE void add_row_products(const float* x, const float* g, const Depthwise& s, float* weights) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  const Range inner = inner_outputs(s.width_in, s.width_out, s);
  for_channels<2>(s.channels, [&](const auto& memory, auto U, Index c) HWY_ATTR {
    V sum[K][U()];
    for (Index kx = 0; kx < K; ++kx) {
      for (Index u = 0; u < U(); ++u) {
        sum[kx][u] = memory.load(weights + kx * s.channels + c + u * lanes);
      }
    }
    const auto add_output = [&](Index ox, const auto& inside) HWY_ATTR {
      const Index first = ox * stride - s.padding;
      for (Index u = 0; u < U(); ++u) {
        const V gradient = memory.load(g + ox * s.channels + c + u * lanes);
        for (Index kx = 0; kx < K; ++kx) {
          if (inside(first + kx)) {
            sum[kx][u] = hn::MulAdd(gradient, memory.load(x + (first + kx) * s.channels + c + u * lanes), sum[kx][u]);
          }
        }
      }
    };
    const auto checked = [&](Index column) HWY_ATTR { return column >= 0 && column < s.width_in; };
    const auto certain = [](Index) HWY_ATTR { return true; };
    for (Index ox = 0; ox < inner.begin; ++ox) {
      add_output(ox, checked);
    }
    for (Index ox = inner.begin; ox < inner.end; ++ox) {
      add_output(ox, certain);
    }
    for (Index ox = inner.end; ox < s.width_out; ++ox) {
      add_output(ox, checked);
    }
    for (Index kx = 0; kx < K; ++kx) {
      for (Index u = 0; u < U(); ++u) {
        memory.store(sum[kx][u], weights + kx * s.channels + c + u * lanes);
      }
    }
  });
}

template <Index K, Index stride>
void add_weight_gradient(const float* image, const float* g, const Depthwise& s, float* weight_gradient) {
  for (Index oy = 0; oy < s.height_out; ++oy) {
    const Index first_row = oy * stride - s.padding;
    const Range rows = taps_inside(first_row, s.height_in, K);
    for (Index ky = rows.begin; ky < rows.end; ++ky) {
      add_row_products<K, stride>(image + (first_row + ky) * s.width_in * s.channels, g + oy * s.width_out * s.channels,
                                  s, weight_gradient + ky * K * s.channels);
    }
  }
}

/// Calls run(integral_constant K, integral_constant stride).
template <typename Run>
void with_shape(const Depthwise& s, const Run& run) {
  const auto with_stride = [&](auto K) {
    s.stride == 1 ? run(K, std::integral_constant<Index, 1>()) : run(K, std::integral_constant<Index, 2>());
  };
  switch (s.kernel) {
    case 3:
      return with_stride(std::integral_constant<Index, 3>());
    case 5:
      return with_stride(std::integral_constant<Index, 5>());
    default:
      return with_stride(std::integral_constant<Index, 7>());
  }
}

void Row(const float* image, const float* weights, const Depthwise& shape, Index row, float* output_row) {
  with_shape(shape,
             [&](auto K, auto stride) { row_of_outputs<K(), stride()>(image, weights, shape, row, output_row); });
}

void AddWeightGradient(const float* image, const float* g, const Depthwise& shape, float* weight_gradient) {
  with_shape(shape, [&](auto K, auto stride) { add_weight_gradient<K(), stride()>(image, g, shape, weight_gradient); });
}

/// Outputs of one axis that read input `position`: output last − i with tap first_tap + i·stride, for i in `steps`.
struct Readers {
  Index first_tap, last;
  Range steps;
};

HWY_INLINE Readers readers(Index position, Index outputs, const Depthwise& s) {
  const Index first_tap = (position + s.padding) % s.stride;
  const Index last = (position + s.padding) / s.stride;
  const Index taps = (s.kernel - 1 - first_tap) / s.stride + 1;  // stride < kernel
  return {first_tap, last, {HWY_MAX(Index{0}, last - outputs + 1), HWY_MIN(taps, last + 1)}};
}

void GradientRow(const float* g, const float* weights, const Depthwise& s, Index row, float* dx) {
  const Index lanes = static_cast<Index>(hn::Lanes(f));
  const Readers y = readers(row, s.height_out, s);
  for (Index column = 0; column < s.width_in; ++column, dx += s.channels) {
    const Readers x = readers(column, s.width_out, s);
    for_channels<4>(s.channels, [&](const auto& memory, auto U, Index c) HWY_ATTR {
      V sum[U()];
      for (Index u = 0; u < U(); ++u) {
        sum[u] = hn::Zero(f);
      }
      for (Index i = y.steps.begin; i < y.steps.end; ++i) {
        for (Index j = x.steps.begin; j < x.steps.end; ++j) {
          const float* gradient = g + ((y.last - i) * s.width_out + x.last - j) * s.channels + c;
          const Index tap = (y.first_tap + i * s.stride) * s.kernel + x.first_tap + j * s.stride;
          for (Index u = 0; u < U(); ++u) {
            sum[u] = hn::MulAdd(memory.load(gradient + u * lanes),
                                memory.load(weights + tap * s.channels + c + u * lanes), sum[u]);
          }
        }
      }
      for (Index u = 0; u < U(); ++u) {
        memory.store(sum[u], dx + c + u * lanes);
      }
    });
  }
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace autonba::kernels {

HWY_EXPORT(Row);
HWY_EXPORT(GradientRow);
HWY_EXPORT(AddWeightGradient);

void depthwise_row(const float* image, const float* weights, const Depthwise& shape, std::ptrdiff_t row,
                   float* output_row) {
  HWY_DYNAMIC_DISPATCH(Row)(image, weights, shape, row, output_row);
}

void depthwise_gradient_row(const float* output_gradient, const float* weights, const Depthwise& shape,
                            std::ptrdiff_t row, float* input_gradient_row) {
  HWY_DYNAMIC_DISPATCH(GradientRow)(output_gradient, weights, shape, row, input_gradient_row);
}

void depthwise_add_weight_gradient(const float* image, const float* output_gradient, const Depthwise& shape,
                                   float* weight_gradient) {
  HWY_DYNAMIC_DISPATCH(AddWeightGradient)(image, output_gradient, shape, weight_gradient);
}

}  // namespace autonba::kernels
#endif
