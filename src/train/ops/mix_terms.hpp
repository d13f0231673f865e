#pragma once

#include <torch/types.h>

#include <span>
#include <vector>

#include "train/kernels/mixture.hpp"
#include "train/ops/quantize.hpp"

namespace autonba {

/// A mixture as the kernels want it: J terms for each of `rows` rows that have steps of their own (1 for a map, C_out
/// for weights).
struct MixRows {
  std::size_t rows = 0;
  std::size_t terms = 0;
  std::vector<kernels::MixTerm> values;  // [rows, terms]

  std::span<const kernels::MixTerm> row(std::size_t r) const { return {values.data() + r * terms, terms}; }
};

/// Requires steps [J] or [J, rows] and coefficients [J], float32 on the CPU. Throws std::invalid_argument otherwise.
MixRows mix_rows(const torch::Tensor& steps, const torch::Tensor& coefficients, const std::vector<QuantRange>& ranges);

/// Without the terms that add nothing to the sum, those with coefficient 0.
MixRows without_zeros(const MixRows& mix);

struct MixGradients {
  torch::Tensor steps;         // shaped like the steps
  torch::Tensor coefficients;  // [J]
};

/// From the kernels' sums [slots, rows, terms], added up over slots. `shared`: values that share a step, n of LSQ.
MixGradients mix_gradients(std::span<const kernels::MixSums> sums, const MixRows& mix, at::IntArrayRef steps_shape,
                           std::int64_t shared);

/// Ranges as autograd can keep them: low, high, low, high, …
std::vector<std::int64_t> pack(const std::vector<QuantRange>& ranges);
std::vector<QuantRange> unpack(const std::vector<std::int64_t>& packed);

}  // namespace autonba
