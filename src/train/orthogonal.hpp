#pragma once

#include <torch/types.h>

namespace autonba {

/// About the orthogonal matrix nearest to each of `matrices` [count, rows, columns], UVᵀ of its singular value
/// decomposition UΣVᵀ: five Newton–Schulz iterations, after which singular values that were not negligible are within
/// 0.7 and 1.2 (Jordan et al., "Muon", 2024). A matrix of zeros stays one.
torch::Tensor orthogonalised(const torch::Tensor& matrices);

}  // namespace autonba
