#pragma once

#include <span>
#include <vector>

#include "base/random.hpp"

namespace autonba {

/// Operators of one block in one step (docs/search.md, Operators): single-path forward, multi-path backward.
struct OperatorSample {
  std::vector<int> active;  // ranked by α plus Gumbel noise; the first one runs
  std::vector<double> p;    // softmax of the raw logits of the active ones: no noise, no temperature
};

/// The first `count` operators by alpha + Gumbel noise (all of them where there are fewer).
OperatorSample sample_operators(std::span<const double> alpha, int count, Rng& rng);

/// Adds ∂L/∂α for `loss_by_p`[k] = ∂L/∂p_k: the softmax of the active logits, chained.
void add_alpha_gradient(const OperatorSample& sample, std::span<const double> loss_by_p, std::span<double> gradient);

enum class BitSampling { soft, hard };

/// Bitwidths of one operator in one step (docs/search.md, Bitwidths).
struct BitSample {
  int selected = 0;                  // the likeliest by β plus Gumbel noise
  std::vector<double> coefficients;  // β̄ [bits], the mixture that runs: one-hot if hard
  std::vector<double> soft;          // GS_τ(β) over the active bitwidths, 0 elsewhere; carries the gradient
};

/// soft: β̄ = GS_τ(β) over all bitwidths. hard: β̄ one-hot, gradient to the first `count` by β plus noise.
BitSample sample_bits(std::span<const double> beta, BitSampling sampling, int count, double tau, Rng& rng);

/// Adds ∂L/∂β for `loss_by_coefficient`[j] = ∂L/∂β̄_j: straight-through where hard, the Gumbel-softmax chained.
void add_beta_gradient(const BitSample& sample, double tau, std::span<const double> loss_by_coefficient,
                       std::span<double> gradient);

}  // namespace autonba
