#include "train/kernels/transpose.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels/transpose.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each instruction set.
#include <hwy/highway.h>

#include "train/kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

/// Columns first … columns − 1 of one pixel.
HWY_INLINE void transpose_plainly(const float* from, std::size_t rows, std::size_t first, std::size_t columns,
                                  float* to) {
  for (std::size_t column = first; column < columns; ++column) {
    for (std::size_t row = 0; row < rows; ++row) {
      to[column * rows + row] = from[row * columns + column];
    }
  }
}

/// 2 × columns.
HWY_INLINE void interleave(const float* from, std::size_t columns, float* to) {
  const std::size_t lanes = hn::Lanes(f);
  std::size_t i = 0;
  for (; i + lanes <= columns; i += lanes) {
    const Whole memory;
    hn::StoreInterleaved2(memory.stream(from + i), memory.stream(from + columns + i), f, to + 2 * i);
  }
  transpose_plainly(from, 2, i, columns, to);
}

/// rows × 2.
HWY_INLINE void separate(const float* from, std::size_t rows, float* to) {
  const std::size_t lanes = hn::Lanes(f);
  std::size_t i = 0;
  for (; i + lanes <= rows; i += lanes) {
    V even, odd;
    hwy::Prefetch(from + 2 * i + ahead);
    hn::LoadInterleaved2(f, from + 2 * i, even, odd);
    hn::StoreU(even, f, to + i);
    hn::StoreU(odd, f, to + rows + i);
  }
  for (; i < rows; ++i) {
    to[i] = from[2 * i];
    to[rows + i] = from[2 * i + 1];
  }
}

void TransposeChannels(const float* from, std::size_t pixels, std::size_t rows, std::size_t columns, float* to) {
  const std::size_t channels = rows * columns;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel, from += channels, to += channels) {
    if (rows == 2) {
      interleave(from, columns, to);
    } else if (columns == 2) {
      separate(from, rows, to);
    } else {
      transpose_plainly(from, rows, 0, columns, to);
    }
  }
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace autonba::kernels {

HWY_EXPORT(TransposeChannels);

void transpose_channels(const float* from, std::size_t pixels, std::size_t rows, std::size_t columns, float* to) {
  HWY_DYNAMIC_DISPATCH(TransposeChannels)(from, pixels, rows, columns, to);
}

}  // namespace autonba::kernels
#endif
