#include "cosearch/expected_cost.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace autonba {
namespace {

void add_scaled(std::vector<double>& sum, double factor, const std::vector<double>& values) {
  for (std::size_t k = 0; k < sum.size(); ++k) {
    sum[k] += factor * values[k];
  }
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// log C and ∂ log C / ∂C_k.
struct Reduced {
  double log_seconds = 0;
  std::vector<double> by_chunk;
};

Reduced reduce(Objective objective, const std::vector<double>& chunk_seconds) {
  if (objective == Objective::latency) {
    const double sum = std::accumulate(chunk_seconds.begin(), chunk_seconds.end(), 0.0);
    return {std::log(sum), std::vector<double>(chunk_seconds.size(), 1 / sum)};
  }
  // The 8-norm: at most 15% above the maximum for three equal chunks, and every chunk near the maximum gets gradient.
  constexpr double order = 8;
  const double largest = *std::max_element(chunk_seconds.begin(), chunk_seconds.end());
  double sum = 0;
  for (const double seconds : chunk_seconds) {
    sum += std::pow(seconds / largest, order);
  }
  Reduced reduced{std::log(largest) + std::log(sum) / order, {}};
  for (const double seconds : chunk_seconds) {
    reduced.by_chunk.push_back(std::pow(seconds / largest, order - 1) / (sum * largest));
  }
  return reduced;
}

/// Chunk times of the executed operator under its mixture of bits.
std::vector<double> mixed(const BlockSeconds& seconds, const std::vector<double>& q, std::size_t chunks) {
  std::vector<double> sum(chunks, 0.0);
  for (std::size_t j = 0; j < q.size(); ++j) {
    add_scaled(sum, q[j], seconds.executed[j]);
  }
  return sum;
}

}  // namespace

ExpectedCost expected_cost(Objective objective, const std::vector<double>& fixed,
                           const std::vector<BlockSeconds>& seconds,
                           const std::vector<BlockProbabilities>& probabilities) {
  std::vector<double> chunk_seconds = fixed;
  std::vector<std::vector<double>> executed;  // [block][chunk]
  for (std::size_t l = 0; l < seconds.size(); ++l) {
    executed.push_back(mixed(seconds[l], probabilities[l].q, fixed.size()));
    add_scaled(chunk_seconds, probabilities[l].p[0], executed[l]);
    for (std::size_t k = 0; k < seconds[l].alternatives.size(); ++k) {
      add_scaled(chunk_seconds, probabilities[l].p[k + 1], seconds[l].alternatives[k]);
    }
  }

  const Reduced reduced = reduce(objective, chunk_seconds);
  ExpectedCost cost{reduced.log_seconds, {}};
  for (std::size_t l = 0; l < seconds.size(); ++l) {
    BlockProbabilities gradient{std::vector<double>(probabilities[l].p.size(), 0.0), {}};
    gradient.p[0] = dot(reduced.by_chunk, executed[l]);
    for (std::size_t k = 0; k < seconds[l].alternatives.size(); ++k) {
      gradient.p[k + 1] = dot(reduced.by_chunk, seconds[l].alternatives[k]);
    }
    for (const std::vector<double>& of_bits : seconds[l].executed) {
      gradient.q.push_back(probabilities[l].p[0] * dot(reduced.by_chunk, of_bits));
    }
    cost.gradient.push_back(std::move(gradient));
  }
  return cost;
}

}  // namespace autonba
