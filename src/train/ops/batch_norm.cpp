#include "train/ops/batch_norm.hpp"

#include "train/ops/reference.hpp"

namespace autonba {

torch::Tensor batch_norm(const torch::Tensor& z, const BatchNorm& norm, Statistics statistics, bool relu,
                         const std::optional<Mixture>& mixture) {
  return reference::batch_norm(z, norm, statistics, relu, mixture);
}

}  // namespace autonba
