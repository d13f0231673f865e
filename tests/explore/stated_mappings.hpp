#pragma once

#include <vector>

#include "accel/cycles.hpp"

namespace autonba {

/// The mappings of a layer on a chunk as docs/engines.md states them, also those that the chunk's buffers do not hold.
/// Written apart from explore/tilings.hpp.
std::vector<Mapping> stated_mappings(const LayerShape& shape, const Chunk& chunk, int batch);

}  // namespace autonba
