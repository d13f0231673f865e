// The arithmetic of a mixture on one SIMD vector, shared by the kernels that contain it. Compiled once for each
// instruction set, hence the guard that toggles.
#if defined(AUTONBA_MIXTURE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef AUTONBA_MIXTURE_INL
#undef AUTONBA_MIXTURE_INL
#else
#define AUTONBA_MIXTURE_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <span>
#include <type_traits>

#include "train/kernels/mixture.hpp"
#include "train/kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

/// Calls run(std::integral_constant<size_t, count>) for 0 ≤ count ≤ max_mix_terms, so that loops over terms unroll.
template <std::size_t n = 0, typename Run>
HWY_INLINE void with_count(std::size_t count, const Run& run) {
  if (count == n) {
    run(std::integral_constant<std::size_t, n>());
  } else if constexpr (n < max_mix_terms) {
    with_count<n + 1>(count, run);
  }
}

/// Terms as vectors of equal lanes. A copy: no store to a map can change it, so that it stays in registers.
template <std::size_t J>
struct Terms {
  static constexpr std::size_t size = J > 0 ? J : 1;
  V inverse_step[size], low[size], high[size], coefficient[size], level[size];  // level: coefficient · step

  HWY_INLINE explicit Terms(std::span<const MixTerm> terms) {
    for (std::size_t j = 0; j < J; ++j) {
      inverse_step[j] = hn::Set(f, terms[j].inverse_step);
      low[j] = hn::Set(f, terms[j].low);
      high[j] = hn::Set(f, terms[j].high);
      coefficient[j] = hn::Set(f, terms[j].coefficient);
      level[j] = hn::Set(f, terms[j].coefficient * terms[j].step);
    }
  }
};

/// The nearest integer within low and high.
HWY_INLINE V rounded(V v, V low, V high) {
  return at_most(high, at_least(low, hn::Round(v)));
}

/// Σ_j c_j·s_j·q_j of one vector.
template <std::size_t J>
HWY_INLINE V mix(V x, const Terms<J>& terms) {
  V y = hn::Zero(f);
  for (std::size_t j = 0; j < J; ++j) {
    const V v = hn::Mul(x, terms.inverse_step[j]);
    const V q = rounded(v, terms.low[j], terms.high[j]);
    y = hn::MulAdd(q, terms.level[j], y);
  }
  return y;
}

/// g·Σ_j c_j·1[low_j ≤ v_j ≤ high_j] of one vector; with `sums`, adds to those of each term.
template <std::size_t J, bool sums>
HWY_INLINE V mix_gradient(V x, V g, const Terms<J>& terms, V* step_sums, V* coefficient_sums) {
  V pass = hn::Zero(f);
  for (std::size_t j = 0; j < J; ++j) {
    const V low = terms.low[j];
    const V high = terms.high[j];
    const V v = hn::Mul(x, terms.inverse_step[j]);
    const auto inside = hn::And(hn::Ge(v, low), hn::Le(v, high));
    pass = hn::Add(pass, hn::IfThenElseZero(inside, terms.coefficient[j]));
    if constexpr (sums) {
      const V q = rounded(v, low, high);
      step_sums[j] = hn::MulAdd(g, hn::Sub(q, hn::IfThenElseZero(inside, v)), step_sums[j]);
      coefficient_sums[j] = hn::MulAdd(g, q, coefficient_sums[j]);
    }
  }
  return hn::Mul(g, pass);
}

/// Values that are summed in float before they are added to a double: keeps the rounding error of long sums small.
inline constexpr std::size_t sum_block = 8192;

/// Vector sums of J terms, emptied into doubles.
template <std::size_t J>
struct VectorSums {
  V step[J > 0 ? J : 1];
  V coefficient[J > 0 ? J : 1];

  HWY_INLINE VectorSums() {
    for (std::size_t j = 0; j < (J > 0 ? J : 1); ++j) {
      step[j] = hn::Zero(f);
      coefficient[j] = hn::Zero(f);
    }
  }
  HWY_INLINE void add_to(MixSums* sums) const {
    for (std::size_t j = 0; j < J; ++j) {
      sums[j].step += hn::GetLane(hn::SumOfLanes(f, step[j]));
      sums[j].coefficient += hn::GetLane(hn::SumOfLanes(f, coefficient[j]));
    }
  }
};

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the guard that toggles
