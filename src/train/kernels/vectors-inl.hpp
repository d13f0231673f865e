// SIMD vectors of floats as all kernels use them. Compiled once for each instruction set, hence the guard that toggles.
#if defined(AUTONBA_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef AUTONBA_VECTORS_INL
#undef AUTONBA_VECTORS_INL
#else
#define AUTONBA_VECTORS_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstddef>
#include <cstring>

/// Before loops with a constant number of rounds, whose arrays are to lie in registers.
#undef UNROLL
#define UNROLL _Pragma("GCC unroll 32")

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

using Index = std::ptrdiff_t;

namespace hn = hwy::HWY_NAMESPACE;
using F = hn::ScalableTag<float>;
using V = hn::Vec<F>;
inline constexpr F f;

/// Floats by which a map is asked for ahead of its use: maps come from main memory, and the hardware's own prefetching
/// stops at the end of every page.
inline constexpr std::size_t ahead = 512;

/// Loads and stores whole vectors.
struct Whole {
  /// A load from a map that is read from front to back.
  HWY_INLINE V stream(const float* p) const {
    hwy::Prefetch(p + ahead);
    return hn::LoadU(f, p);
  }
  HWY_INLINE V load(const float* p) const { return hn::LoadU(f, p); }
  HWY_INLINE void store(V v, float* p) const { hn::StoreU(v, f, p); }
};

/// Loads and stores the first `count` lanes, at the end of an array; the others are zero.
struct Ragged {
  std::size_t count;
  hn::Mask<F> mask = hn::FirstN(f, count);
  HWY_INLINE V stream(const float* p) const { return load(p); }
  HWY_INLINE V load(const float* p) const {
    if constexpr (hn::MaxLanes(f) > 4) {
      return hn::MaskedLoad(mask, f, p);
    } else {
      HWY_ALIGN float lanes[4] = {};  // a masked load of 128 bits reads all of them
      std::memcpy(lanes, p, count * sizeof(float));
      return hn::Load(f, lanes);
    }
  }
  HWY_INLINE void store(V v, float* p) const { hn::BlendedStore(v, mask, f, p); }
};

/// The larger one, v where v is NaN: a training that has diverged must not look like one that has not.
HWY_INLINE V at_least(V least, V v) {
#if HWY_TARGET == HWY_SCALAR
  return hn::IfThenElse(hn::Lt(v, least), least, v);
#else
  return hn::Max(least, v);  // x86 gives the second operand where one is NaN
#endif
}
/// The smaller one, v where v is NaN.
HWY_INLINE V at_most(V most, V v) {
#if HWY_TARGET == HWY_SCALAR
  return hn::IfThenElse(hn::Gt(v, most), most, v);
#else
  return hn::Min(most, v);
#endif
}

/// Calls body(memory, i) for the vectors of an array of `count` floats, memory Whole or Ragged.
template <typename Body>
HWY_INLINE void for_vectors(std::size_t count, const Body& body) {
  const std::size_t lanes = hn::Lanes(f);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    body(Whole(), i);
  }
  if (i < count) {
    body(Ragged{count - i}, i);
  }
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the guard that toggles
