#pragma once

#include <string>

namespace autonba {

/// "autonba 0.1.0 (libtorch 1.13.1)".
std::string version_text();

}  // namespace autonba
