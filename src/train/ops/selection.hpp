#pragma once

#include <torch/types.h>

namespace autonba {

/// While one of these lives, every operator runs on ATen alone, through ordinary autograd: the baseline that the
/// kernels are measured against. Not for use by several threads at once.
class EagerOps {
 public:
  EagerOps();
  ~EagerOps();
  EagerOps(const EagerOps&) = delete;
  EagerOps& operator=(const EagerOps&) = delete;
};

/// Whether the kernels of train/kernels take `x`: float32 on the CPU, and no EagerOps alive. All else runs on ATen.
bool kernels_apply(const torch::Tensor& x);

}  // namespace autonba
