#include "train/ops/quantize.hpp"

#include <algorithm>

#include "train/ops/reference.hpp"

namespace autonba {

QuantRange signed_range(int bits) {
  return {-(1 << (bits - 1)), (1 << (bits - 1)) - 1};
}
QuantRange unsigned_range(int bits) {
  return {0, (1 << bits) - 1};
}
QuantRange weight_range(int bits) {
  return {-((1 << (bits - 1)) - 1), (1 << (bits - 1)) - 1};
}

int q_max(QuantRange range) {
  return std::max(-range.low, range.high);
}

torch::Tensor mix_quantize(const torch::Tensor& x, const Mixture& mixture) {
  return reference::mix_quantize(x, mixture);
}

torch::Tensor mix_quantize_weights(const torch::Tensor& weights, const Mixture& mixture) {
  return reference::mix_quantize_weights(weights, mixture);
}

}  // namespace autonba
