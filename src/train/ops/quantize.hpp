#pragma once

#include <torch/types.h>

#include <vector>

namespace autonba {

/// The integers that a quantiser gives, both ends included.
struct QuantRange {
  int low = 0;
  int high = 0;
  friend bool operator==(const QuantRange&, const QuantRange&) = default;
};

QuantRange signed_range(int bits);    ///< [−2^(b−1), 2^(b−1)−1]: maps between blocks
QuantRange unsigned_range(int bits);  ///< [0, 2^b−1]: maps after a ReLU
QuantRange weight_range(int bits);    ///< [−(2^(b−1)−1), 2^(b−1)−1]

/// The largest magnitude in the range: q_max of LSQ.
int q_max(QuantRange range);

/// A tensor quantised at J bitwidths and averaged: Σ_j c_j·Q_j, with Q_j(x) = s_j·clamp(round(x/s_j), low_j, high_j)
/// and ties rounded to even. With J = 0 maps stay as they are.
struct Mixture {
  torch::Tensor steps = torch::empty({0});         // s > 0: [J], or [J, C_out] for weights
  torch::Tensor coefficients = torch::empty({0});  // c: [J]
  std::vector<QuantRange> ranges;                  // J of them
};

/// Σ_j c_j·Q_j(x) of a map x [N, C, H, W] (or [N, C]) with one step for each bitwidth, mixture.steps [J].
///
/// Gradients: x straight through, Σ_j c_j·1[low_j ≤ x/s_j ≤ high_j]; c_j as ⟨g, Q_j(x)⟩; s_j as in LSQ (Esser et al.,
/// Learned step size quantization, ICLR 2020): round(v) − v within the range and low_j or high_j outside, times c_j,
/// times 1/√(n·q_max) with n = C·H·W. Only those that autograd asks for are computed.
torch::Tensor mix_quantize(const torch::Tensor& x, const Mixture& mixture);

/// The same for weights [C_out, …] with steps [J, C_out], one for each output channel (n: weights of a channel), or
/// [J, 1], one for the whole tensor (n: all weights).
torch::Tensor mix_quantize_weights(const torch::Tensor& weights, const Mixture& mixture);

}  // namespace autonba
