#pragma once

#include <string>

namespace autonba {

/// "1.13.1", of the libtorch that is loaded.
std::string torch_version();

}  // namespace autonba
