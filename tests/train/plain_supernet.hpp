#pragma once

#include <torch/torch.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "train/supernet.hpp"

namespace autonba {

/// The supernet by its definition, in elementary tensor operations: the sum A_{l+1} = Σ_k c_k·O_k(A_l) over all active
/// operators is written out, with c = (1, 0, …) as a value and the derivative of p, and so are mixtures, LSQ and batch
/// normalisation (of the batch). Slow; what the supernet is compared with.
class PlainSupernet {
 public:
  /// Takes copies of the net's parameters, by name.
  explicit PlainSupernet(const Supernet& net);

  torch::Tensor forward(const torch::Tensor& images, std::span<const BlockPath> path) const;

  torch::Tensor parameter(const std::string& name) const { return parameters_.at(name); }

 private:
  torch::Tensor conv(const std::string& name, const torch::Tensor& x, int stride, int groups, std::span<const int> bits,
                     const torch::Tensor& coefficients) const;
  torch::Tensor run(std::size_t index, int op, const torch::Tensor& input, const torch::Tensor& coefficients) const;

  SearchSpace space_;
  std::map<std::string, torch::Tensor> parameters_;
};

}  // namespace autonba
