#pragma once

#include <span>
#include <vector>

#include "model/space.hpp"

namespace autonba {

/// α and β: what the search learns about the network. Equal logits at the start: every choice is as likely.
struct Logits {
  std::vector<std::vector<double>> alpha;              // [block][operator]
  std::vector<std::vector<std::vector<double>>> beta;  // [block][operator][bits]
  friend bool operator==(const Logits&, const Logits&) = default;
};

Logits make_logits(const SearchSpace& space);

/// Entropy of softmax(logits) as a share of its maximum: 1 when all are as likely, 0 when one is certain.
double relative_entropy(std::span<const double> logits);

/// Mean relative entropy over blocks, of α and of the β of each block's likeliest operator.
double alpha_entropy(const Logits& logits);
double beta_entropy(const Logits& logits);

/// The likeliest operator of each block, at its likeliest bits. Ties go to the lowest index.
Architecture most_likely(const Logits& logits);

/// log p of the choice in one block: log softmax(α)[op] + log softmax(β[op])[bits].
double log_probability(const Logits& logits, std::size_t block, const BlockChoice& choice);

}  // namespace autonba
