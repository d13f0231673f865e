#pragma once

#include <span>
#include <vector>

namespace autonba {

// Of logits, at least one, without overflow.
std::vector<double> softmax(std::span<const double> logits);
double log_sum_exp(std::span<const double> logits);

/// Entropy of the softmax, in nats.
double entropy(std::span<const double> logits);

}  // namespace autonba
