#pragma once

#include <cstdint>

#include "accel/design_space.hpp"
#include "accel/platform.hpp"

namespace autonba {

/// How fast designs are evaluated from tables (explore/design_tables.hpp).
struct DesignRate {
  double evaluations_per_second = 0;  // of all threads together
  double table_seconds = 0;           // to build the tables
  double table_mb = 0;
  std::int64_t configurations = 0;  // chunks that the tables hold, of both kinds
  double feasible_share = 0;        // of the designs
};

/// Random designs of `space` for a random network of fbnet-cifar (22 blocks), each thread its own, for `seconds`. One
/// evaluation is a batch, chunks and a chunk for every layer, drawn and costed with the best mappings.
DesignRate design_evaluations(const DesignSpace& space, const Platform& platform, int threads, double seconds);

}  // namespace autonba
