#include "cli/version.hpp"

#include "train/version.hpp"

namespace autonba {

std::string version_text() {
  return "autonba " AUTONBA_VERSION " (libtorch " + torch_version() + ")";
}

}  // namespace autonba
