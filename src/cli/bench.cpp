#include "train/bench.hpp"

#include <fmt/format.h>

#include "base/progress.hpp"
#include "cli/command.hpp"
#include "cost_evaluations.hpp"
#include "design_evaluations.hpp"
#include "exact_speed.hpp"
#include "train/runtime.hpp"

namespace autonba {
namespace {

constexpr double exact_gap = 0.02;  // at which the engine stops

std::string bench_text(const Json& figures) {
  const double floor = figures["floor_seconds"];
  const auto step = [&](const char* name, const char* key) {
    const double seconds = figures[key];
    return fmt::format("  {:<26} {:.3f} s, {:.1f} times the floor\n", name, seconds, seconds / floor);
  };
  return fmt::format("floor of a weight step       {:.3f} s\n", floor) + step("weight step", "weight_step_seconds") +
         step("arch step", "arch_step_seconds") + step("weight step, ATen alone", "eager_weight_step_seconds") +
         step("arch step, ATen alone", "eager_arch_step_seconds") +
         fmt::format("peak resident memory         {:.0f} MB\n", figures["peak_rss_mb"].get<double>()) +
         fmt::format("cost model                   {:.0f} networks a second on one core\n",
                     figures["cost_evaluations_per_second"].get<double>()) +
         fmt::format("designs from tables          {:.0f} a second, tables built in {:.2f} s\n",
                     figures["design_evaluations_per_second"].get<double>(),
                     figures["design_tables_seconds"].get<double>()) +
         fmt::format("exact, 22 blocks             {:.2f} s to a gap of {:.1f} %\n",
                     figures["exact_seconds"].get<double>(), 100 * figures["exact_gap"].get<double>());
}

/// Whole networks of the paper's space, for two seconds.
double measured_cost_evaluations() {
  const Platform platform = load_platform("zc706-pl");
  return cost_evaluations_per_second(cost_cases("fbnet-cifar", 20, platform, 1), platform, 2);
}

void bench(const CommonOptions& common, TrainBenchOptions options) {
  options.device = device_of(common);
  set_up_runtime(thread_count(common), options.device);
  Progress progress(stderr_is_terminal());
  const TrainBench train = bench_training(
      options, [&](double share) { progress.update(fmt::format("training steps  {:.0f} %", 100 * share)); });
  progress.update("cost model");
  const DesignRate designs =
      design_evaluations(load_design_space("fpga-tables"), load_platform("zc706-pl"), thread_count(common), 2);
  progress.update("exact");
  const ExactTime exact = exact_on_cifar(load_platform("zc706-pl"), space_for_speed(true, false),
                                         {.gap = exact_gap, .threads = thread_count(common)});
  const Json figures = {{"threads", thread_count(common)},
                        {"floor_seconds", train.floor_seconds},
                        {"sgemm_gflops", train.roof.flops_per_second / 1e9},
                        {"copy_gb_per_s", train.roof.bytes_per_second / 1e9},
                        {"weight_step_seconds", train.weight_step_seconds},
                        {"arch_step_seconds", train.arch_step_seconds},
                        {"eager_weight_step_seconds", train.eager_weight_step_seconds},
                        {"eager_arch_step_seconds", train.eager_arch_step_seconds},
                        {"peak_rss_mb", train.peak_rss_mb},
                        {"cost_evaluations_per_second", measured_cost_evaluations()},
                        {"design_evaluations_per_second", designs.evaluations_per_second},
                        {"design_tables_seconds", designs.table_seconds},
                        {"exact_seconds", exact.seconds},
                        {"exact_gap", exact.gap}};
  print_result(common, figures, bench_text(figures));
}

}  // namespace

void add_bench(CLI::App& app, CommonOptions& common) {
  CLI::App* command = add_command(app, common, "bench",
                                  "Measures training steps as multiples of what this machine allows at best, the cost "
                                  "model and designs from tables (docs/performance.md).");
  auto options = std::make_shared<TrainBenchOptions>();
  command->add_option("--space", options->space, "search space of the training steps: a name or a file")
      ->capture_default_str();
  command->add_option("--batch", options->batch, "images in a training step")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--paths", options->paths, "random paths")->check(CLI::Range(2, 100000))->capture_default_str();
  command->add_option("--eager-paths", options->eager_paths, "random paths on ATen alone, for comparison")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->callback([&common, options] { bench(common, *options); });
}

}  // namespace autonba
