#include "train/version.hpp"

#include <torch/version.h>

namespace autonba {

std::string torch_version() {
  return TORCH_VERSION;
}

}  // namespace autonba
