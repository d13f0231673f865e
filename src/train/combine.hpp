#pragma once

#include <torch/types.h>

#include <vector>

namespace autonba {

/// A_{l+1} = Σ_k c_k·O_k(A_l) with c_1 = 1 and c_k = 0 for the alternatives (Fu et al., Auto-NBA, ICML 2021): the value
/// is `executed` itself, its gradient passes unchanged, and p_k gets ∂L/∂p_k = ⟨∂L/∂A_{l+1}, O_k⟩. `alternatives` are
/// outputs without autograd, of the executed one's shape; `probabilities` is [1 + alternatives], the executed one
/// first.
torch::Tensor combine(const torch::Tensor& executed, const std::vector<torch::Tensor>& alternatives,
                      const torch::Tensor& probabilities);

}  // namespace autonba
