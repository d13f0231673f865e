#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/profile.hpp"
#include "model/space.hpp"

namespace autonba {

/// Operations and bytes a second: of a product of 1024×1024 matrices, and of a copy of 32 MiB, read and written counted
/// both. Measures for about a tenth of a second, with all threads of the runtime. `device`: "cpu" or "cuda".
Roof measure_roof(const std::string& device = "cpu");

/// What a weight step cannot do without, the medians over random networks of the space: the products of all layers,
/// forward and for both gradients, and the outputs of all convolutions.
struct StepWork {
  double flops = 0;
  double map_bytes = 0;  // 32-bit values
};
StepWork step_work(const SearchSpace& space, int batch);

/// The floor of a weight step: its arithmetic at the roof's rate, and then 12 passes over the maps at that of a copy.
double floor_seconds(const StepWork& work, const Roof& roof);

struct TrainBenchOptions {
  std::string space = "fbnet-cifar";
  std::string device = "cpu";
  int batch = 64;        // images
  int paths = 500;       // random paths, in turn a weight step and an arch step with one alternative for each block
  int eager_paths = 10;  // the same on ATen alone
  std::uint64_t seed = 1;
};

/// Medians in seconds. The roof is measured again and again between the steps, so that other work on the machine slows
/// both alike.
struct TrainBench {
  Roof roof;
  double floor_seconds = 0;
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
