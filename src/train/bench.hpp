#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/profile.hpp"

namespace autonba {

/// What the machine at hand allows at best for a weight step of fbnet-cifar with batch 64: its arithmetic at the rate
/// of a large matrix product, and 12 passes over one copy of all convolution outputs at the rate of a copy.
struct Floor {
  double sgemm_gflops = 0;   // 10^9 operations a second, 1024×1024 matrices
  double copy_gb_per_s = 0;  // 10^9 bytes a second, read and written counted both, 32 MiB copied
  double seconds = 0;        // 25 GFLOP / sgemm + 12 · 314 MB / copy

  Roof roof() const { return {1e9 * sgemm_gflops, 1e9 * copy_gb_per_s}; }
};

/// Measures for about a tenth of a second, with all threads of the runtime.
Floor measure_floor();

struct TrainBenchOptions {
  std::string space = "fbnet-cifar";
  int batch = 64;        // images
  int paths = 500;       // random paths, in turn a weight step and an arch step with one alternative for each block
  int eager_paths = 10;  // the same on ATen alone
  std::uint64_t seed = 1;
};

/// Medians in seconds. The floor is measured again and again between the steps, so that other work on the machine slows
/// both alike.
struct TrainBench {
  Floor floor;
  double weight_step_seconds = 0;
  double arch_step_seconds = 0;
  double eager_weight_step_seconds = 0;
  double eager_arch_step_seconds = 0;
  double peak_rss_mb = 0;  // 10^6 bytes, after the random paths, before the eager ones
};

/// Runs the steps on images of random pixels. `progress` is told the share of the work that is done, 0..1.
TrainBench bench_training(const TrainBenchOptions& options, const std::function<void(double)>& progress);

/// What the same steps without the eager ones spend their time on, after some that are not recorded.
std::vector<TimedEvent> profile_training(const TrainBenchOptions& options);

}  // namespace autonba
