#pragma once

#include <cstddef>
#include <span>

namespace autonba::kernels {

/// One bitwidth of a mixture Σ_j c_j·Q_j.
struct MixTerm {
  float step = 1;          // s > 0
  float inverse_step = 1;  // 1/s: what is rounded is x·(1/s), here as in the reference
  float coefficient = 1;   // c
  float low = 0;           // ends of the range, integers
  float high = 0;
};

inline constexpr std::size_t max_mix_terms = 8;

/// Sums of one term over the values of a map, with q = clamp(round(v), low, high) and v = x/s.
struct MixSums {
  double step = 0;         // Σ g·(q − v·1[low ≤ v ≤ high])
  double coefficient = 0;  // Σ g·q
};

/// y[i] = Σ_j c_j·s_j·clamp(round(x[i]/s_j)), ties to even, for i < count. At most max_mix_terms terms. y may be x.
void mix_forward(const float* x, std::size_t count, std::span<const MixTerm> terms, float* y);

/// dx[i] = g[i]·Σ_j c_j·1[low_j ≤ x[i]/s_j ≤ high_j], and adds to `sums`, one for each term. Either may be null.
void mix_backward(const float* x, const float* g, std::size_t count, std::span<const MixTerm> terms, float* dx,
                  MixSums* sums);

}  // namespace autonba::kernels
