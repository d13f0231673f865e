// Every kernel of a training step beside the roof of the machine: min(measured peak, FLOP/byte × measured bandwidth).
// Random paths of fbnet-cifar, batch 64, weight and arch steps in turn.
//
//   bench_kernels [PATHS] [THREADS] [MILLISECONDS]    rows of calls that take so long or longer
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "train/bench.hpp"
#include "train/runtime.hpp"

int main(int argc, char** argv) {
  using namespace autonba;
  TrainBenchOptions options;
  options.paths = argc > 1 ? std::atoi(argv[1]) : 60;
  set_up_runtime(argc > 2 ? std::atoi(argv[2]) : 2);
  const double seconds_least = (argc > 3 ? std::atof(argv[3]) : 1) / 1e3;

  const Roof before = measure_roof();
  std::vector<TimedEvent> events = profile_training(options);
  const Roof after = measure_roof();
  const Roof roof{std::max(before.flops_per_second, after.flops_per_second),
                  std::max(before.bytes_per_second, after.bytes_per_second)};
  fmt::print("{}\n", profile_text(profile_rows(events, roof, false), options.paths / 2, roof));

  for (TimedEvent& event : events) {
    event.phase = "kernels";  // the same one in weight and in arch steps
  }
  std::vector<ProfileRow> rows = profile_rows(events, roof, true);
  std::erase_if(rows, [&](const ProfileRow& row) {
    return row.shape.empty() || row.seconds < seconds_least * static_cast<double>(row.calls);
  });
  fmt::print("{}", profile_text(rows, options.paths / 2, roof));
}
