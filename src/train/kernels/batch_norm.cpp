#include "train/kernels/batch_norm.hpp"

#include <limits>
#include <numeric>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels/batch_norm.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each instruction set.
#include <hwy/highway.h>

#include "base/ceil_div.hpp"
#include "train/kernels/mixture-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

/// Calls body(memory, i, c) for the vectors of z[begin .. end), with c = i mod period. `begin` is a multiple of it.
template <typename Body>
HWY_INLINE void for_periods(std::size_t begin, std::size_t end, std::size_t period, const Body& body) {
  for (std::size_t row = begin; row < end; row += period) {
    for_vectors(HWY_MIN(period, end - row),
                [&](const auto& memory, std::size_t c) HWY_ATTR { body(memory, row + c, c); });
  }
}

/// Adds the first `size` values of `rows` periods, one after the other in z, to sums that are loaded and stored once.
template <std::size_t rows>
void add_to_sums(const float* z, std::size_t size, std::size_t period, const float* origin, float* sum,
                 float* sum_of_squares) {
  for_vectors(size, [&](const auto& memory, std::size_t c) HWY_ATTR {
    const V from = memory.load(origin + c);
    V first = memory.load(sum + c);
    V second = memory.load(sum_of_squares + c);
    for (std::size_t row = 0; row < rows; ++row) {
      const V d = hn::Sub(memory.stream(z + row * period + c), from);
      first = hn::Add(first, d);
      second = hn::MulAdd(d, d, second);
    }
    memory.store(first, sum + c);
    memory.store(second, sum_of_squares + c);
  });
}

void ChannelSums(const float* z, std::size_t count, std::size_t period, const float* origin, float* sum,
                 float* sum_of_squares) {
  constexpr std::size_t together = 4;
  std::size_t i = 0;
  for (; i + together * period <= count; i += together * period) {
    add_to_sums<together>(z + i, period, period, origin, sum, sum_of_squares);
  }
  for (; i < count; i += period) {
    add_to_sums<1>(z + i, HWY_MIN(period, count - i), period, origin, sum, sum_of_squares);
  }
}

/// The value below which the activation is flat.
float floor_of(const Normalisation& n) {
  return n.relu ? 0.0f : -std::numeric_limits<float>::infinity();
}

template <std::size_t J>
void normalise(const float* z, std::size_t count, const Normalisation& n, float* y) {
  const V lowest = hn::Set(f, floor_of(n));
  const Terms<J> terms(n.terms);
  for_periods(0, count, n.period, [&](const auto& memory, std::size_t i, std::size_t c) HWY_ATTR {
    const V a = hn::MulAdd(memory.stream(z + i), memory.load(n.scale + c), memory.load(n.shift + c));
    const V activated = at_least(lowest, a);
    if constexpr (J == 0) {
      memory.store(activated, y + i);
    } else {
      memory.store(mix<J>(activated, terms), y + i);
    }
  });
}

/// h, the gradient to a = scale·z + shift.
template <std::size_t J, bool with_sums>
HWY_INLINE V inner_gradient(V z, V g, V scale, V shift, V lowest, const Terms<J>& terms, VectorSums<J>& sums) {
  const V a = hn::MulAdd(z, scale, shift);
  if constexpr (J > 0) {
    g = mix_gradient<J, with_sums>(at_least(lowest, a), g, terms, sums.step, sums.coefficient);
  }
  return hn::IfThenElseZero(hn::Gt(a, lowest), g);
}

template <std::size_t J, bool with_sums>
void gradient_sums(const float* z, const float* g, std::size_t count, const Normalisation& n, const float* origin,
                   float* sum, float* moment, MixSums* mix_sums) {
  const V lowest = hn::Set(f, floor_of(n));
  const Terms<J> terms(n.terms);
  const std::size_t block = n.period * HWY_MAX(std::size_t{1}, sum_block / n.period);
  for (std::size_t begin = 0; begin < count; begin += block) {
    VectorSums<J> vector_sums;
    for_periods(
        begin, HWY_MIN(begin + block, count), n.period, [&](const auto& memory, std::size_t i, std::size_t c) HWY_ATTR {
          const V value = memory.stream(z + i);
          const V h = inner_gradient<J, with_sums>(value, memory.stream(g + i), memory.load(n.scale + c),
                                                   memory.load(n.shift + c), lowest, terms, vector_sums);
          memory.store(hn::Add(memory.load(sum + c), h), sum + c);
          memory.store(hn::MulAdd(h, hn::Sub(value, memory.load(origin + c)), memory.load(moment + c)), moment + c);
        });
    if constexpr (with_sums) {
      vector_sums.add_to(mix_sums);
    }
  }
}

template <std::size_t J>
void gradient(const float* z, const float* g, std::size_t count, const Normalisation& n, const float* z_factor,
              const float* constant, float* dz) {
  const V lowest = hn::Set(f, floor_of(n));
  const Terms<J> terms(n.terms);
  VectorSums<J> unused;
  for_periods(0, count, n.period, [&](const auto& memory, std::size_t i, std::size_t c) HWY_ATTR {
    const V value = memory.stream(z + i);
    const V scale = memory.load(n.scale + c);
    const V h =
        inner_gradient<J, false>(value, memory.stream(g + i), scale, memory.load(n.shift + c), lowest, terms, unused);
    const V linear = hn::MulAdd(value, memory.load(z_factor + c), memory.load(constant + c));
    memory.store(hn::MulAdd(scale, h, linear), dz + i);
  });
}

void Normalise(const float* z, std::size_t count, const Normalisation& n, float* y) {
  with_count(n.terms.size(), [&](auto J) { normalise<J>(z, count, n, y); });
}

void NormaliseGradientSums(const float* z, const float* g, std::size_t count, const Normalisation& n,
                           const float* origin, float* sum, float* moment, MixSums* mix_sums) {
  with_count(n.terms.size(), [&](auto J) {
    mix_sums != nullptr ? gradient_sums<J, true>(z, g, count, n, origin, sum, moment, mix_sums)
                        : gradient_sums<J, false>(z, g, count, n, origin, sum, moment, mix_sums);
  });
}

void NormaliseGradient(const float* z, const float* g, std::size_t count, const Normalisation& n, const float* z_factor,
                       const float* constant, float* dz) {
  with_count(n.terms.size(), [&](auto J) { gradient<J>(z, g, count, n, z_factor, constant, dz); });
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace autonba::kernels {

HWY_EXPORT(ChannelSums);
HWY_EXPORT(Normalise);
HWY_EXPORT(NormaliseGradientSums);
HWY_EXPORT(NormaliseGradient);

std::size_t channel_period(std::size_t channels) {
  const std::size_t widest = 16;      // floats in a vector of AVX-512
  const std::size_t enough = 8 * 16;  // floats: more vectors than an addition has cycles of latency
  const std::size_t whole = std::lcm(channels, widest);
  return whole * ceil_div(enough, whole);
}

void channel_sums(const float* z, std::size_t count, std::size_t period, const float* origin, float* sum,
                  float* sum_of_squares) {
  HWY_DYNAMIC_DISPATCH(ChannelSums)(z, count, period, origin, sum, sum_of_squares);
}

void normalise(const float* z, std::size_t count, const Normalisation& normalisation, float* y) {
  HWY_DYNAMIC_DISPATCH(Normalise)(z, count, normalisation, y);
}

void normalise_gradient_sums(const float* z, const float* g, std::size_t count, const Normalisation& normalisation,
                             const float* origin, float* sum, float* moment, MixSums* mix_sums) {
  HWY_DYNAMIC_DISPATCH(NormaliseGradientSums)(z, g, count, normalisation, origin, sum, moment, mix_sums);
}

void normalise_gradient(const float* z, const float* g, std::size_t count, const Normalisation& normalisation,
                        const float* z_factor, const float* constant, float* dz) {
  HWY_DYNAMIC_DISPATCH(NormaliseGradient)(z, g, count, normalisation, z_factor, constant, dz);
}

}  // namespace autonba::kernels
#endif
