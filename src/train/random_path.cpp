#include "train/random_path.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace autonba {
namespace {

torch::Tensor vector_of(const std::vector<double>& values, const Supernet& net) {
  return torch::tensor(values, torch::kFloat64).to(net.options().device, net.options().dtype);
}

/// Softmax of `count` Gumbel values.
torch::Tensor random_mixture(std::size_t count, const Supernet& net, Rng& rng) {
  std::vector<double> logits(count);
  std::generate(logits.begin(), logits.end(), [&] { return gumbel(rng); });
  return vector_of(logits, net).softmax(0);
}

}  // namespace

std::vector<BlockPath> random_weight_path(const Supernet& net, Rng& rng) {
  std::vector<BlockPath> path;
  for (const BlockCandidates& candidates : net.candidates()) {
    path.push_back({.op = static_cast<int>(uniform_index(rng, candidates.operators.size())),
                    .bit_coefficients = random_mixture(candidates.bits.size(), net, rng)});
  }
  return path;
}

std::vector<BlockPath> random_arch_path(const Supernet& net, int alternatives, Rng& rng) {
  std::vector<BlockPath> path;
  for (std::size_t i = 0; i < net.candidates().size(); ++i) {
    const BlockCandidates& candidates = net.candidates()[i];
    const auto draw_bits = [&] { return static_cast<int>(uniform_index(rng, candidates.bits.size())); };
    const std::vector<std::int64_t> order = permutation(rng, static_cast<std::int64_t>(candidates.operators.size()));
    const std::size_t active = std::min(order.size(), static_cast<std::size_t>(alternatives) + 1);
    BlockPath block{.op = static_cast<int>(order[0]), .bit_coefficients = net.one_hot(i, draw_bits())};
    block.bit_coefficients.requires_grad_();
    for (std::size_t k = 1; k < active; ++k) {
      block.alternatives.push_back({static_cast<int>(order[k]), draw_bits()});
    }
    block.op_probabilities = random_mixture(active, net, rng).requires_grad_();
    path.push_back(std::move(block));
  }
  return path;
}

}  // namespace autonba
