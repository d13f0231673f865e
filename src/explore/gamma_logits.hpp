#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace autonba {

/// γ^m, the logits of one design choice, with the state of Adam.
struct GammaLogits {
  std::vector<double> logits;
  std::vector<double> gradient;
  std::vector<double> first_moment;
  std::vector<double> second_moment;
};

GammaLogits uniform_logits(std::size_t options);

/// All options but `pick` equal, and `pick` with `probability`.
GammaLogits logits_around(std::size_t options, std::size_t pick, double probability);

/// One step of Adam(0.9, 0.99) down the gradient. `step` counts from 1.
void adam_step(GammaLogits& gamma, double learning_rate, std::int64_t step);

/// Draws the logits together until the entropy is at least `least`.
void keep_entropy(std::vector<double>& logits, double least);

}  // namespace autonba
