#include "train/orthogonal.hpp"

#include <torch/torch.h>

namespace autonba {

torch::Tensor orthogonalised(const torch::Tensor& matrices) {
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315;  // of Jordan's quintic
  constexpr int iterations = 5;
  const bool tall = matrices.size(1) > matrices.size(2);
  torch::Tensor x = tall ? matrices.transpose(1, 2) : matrices;
  x = x / x.norm(2, {1, 2}, true).clamp_min(1e-30);  // singular values at most 1
  // An iteration is X ← P·X with P = aI + bG + cG², G = XXᵀ. P commutes with G, so that G ← PGP, and the product of all
  // P, which are as small as the shorter side, meets X once.
  torch::Tensor gram = torch::bmm(x, x.transpose(1, 2));
  torch::Tensor product;
  for (int i = 0; i < iterations; ++i) {
    const torch::Tensor polynomial = torch::baddbmm(gram, gram, gram, b, c);
    polynomial.diagonal(0, 1, 2).add_(a);
    product = i == 0 ? polynomial : torch::bmm(polynomial, product);
    if (i + 1 < iterations) {
      gram = torch::bmm(polynomial, torch::bmm(gram, polynomial));
    }
  }
  x = torch::bmm(product, x);
  return tall ? x.transpose(1, 2) : x;
}

}  // namespace autonba
