#pragma once

#include <fmt/format.h>
#include <torch/types.h>

#include "base/profile.hpp"

namespace autonba {

/// Of a pass that reads or writes as many tensors like `x`, with so many operations for each of its values.
inline Work pass_over(const torch::Tensor& x, int tensors, std::size_t flops) {
  const auto values = static_cast<double>(x.numel());
  return {.flops = values * static_cast<double>(flops),
          .bytes = values * sizeof(float) * tensors,
          .shape = fmt::format("{}", fmt::join(x.sizes(), "x"))};
}

}  // namespace autonba
