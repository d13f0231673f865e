#include "train/kernels/mixture.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels/mixture.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each instruction set.
#include <hwy/highway.h>

#include "train/kernels/mixture-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace autonba::kernels::HWY_NAMESPACE {

template <std::size_t J>
void forward(const float* x, std::size_t count, std::span<const MixTerm> all_terms, float* y) {
  const Terms<J> terms(all_terms);
  for_vectors(count, [&](const auto& memory, std::size_t i)
                         HWY_ATTR { memory.store(mix<J>(memory.stream(x + i), terms), y + i); });
}

template <std::size_t J, bool with_sums>
void backward(const float* x, const float* g, std::size_t count, std::span<const MixTerm> all_terms, float* dx,
              MixSums* sums) {
  const Terms<J> terms(all_terms);
  for (std::size_t begin = 0; begin < count; begin += sum_block) {
    VectorSums<J> vector_sums;
    for_vectors(HWY_MIN(sum_block, count - begin), [&](const auto& memory, std::size_t offset) HWY_ATTR {
      const std::size_t i = begin + offset;
      const V gradient = mix_gradient<J, with_sums>(memory.stream(x + i), memory.stream(g + i), terms, vector_sums.step,
                                                    vector_sums.coefficient);
      if (dx != nullptr) {
        memory.store(gradient, dx + i);
      }
    });
    if constexpr (with_sums) {
      vector_sums.add_to(sums);
    }
  }
}

void MixForward(const float* x, std::size_t count, std::span<const MixTerm> terms, float* y) {
  with_count(terms.size(), [&](auto J) { forward<J>(x, count, terms, y); });
}

void MixBackward(const float* x, const float* g, std::size_t count, std::span<const MixTerm> terms, float* dx,
                 MixSums* sums) {
  with_count(terms.size(), [&](auto J) {
    sums != nullptr ? backward<J, true>(x, g, count, terms, dx, sums)
                    : backward<J, false>(x, g, count, terms, dx, sums);
  });
}

}  // namespace autonba::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace autonba::kernels {

HWY_EXPORT(MixForward);
HWY_EXPORT(MixBackward);

void mix_forward(const float* x, std::size_t count, std::span<const MixTerm> terms, float* y) {
  HWY_DYNAMIC_DISPATCH(MixForward)(x, count, terms, y);
}

void mix_backward(const float* x, const float* g, std::size_t count, std::span<const MixTerm> terms, float* dx,
                  MixSums* sums) {
  HWY_DYNAMIC_DISPATCH(MixBackward)(x, g, count, terms, dx, sums);
}

}  // namespace autonba::kernels
#endif
