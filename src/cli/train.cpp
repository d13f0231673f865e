#include <fmt/format.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "cli/command.hpp"
#include "cli/write_report.hpp"
#include "cosearch/run.hpp"
#include "cosearch/run_folder.hpp"
#include "cosearch/trained.hpp"
#include "train/runtime.hpp"

namespace autonba {
namespace {

void train(const CommonOptions& common, const std::filesystem::path& folder,
           const std::vector<std::string>& overrides) {
  for (const std::string& assignment : overrides) {
    if (!assignment.starts_with("train.")) {
      throw input_error("--set {}: only keys of `train` can change here; the search is done", assignment);
    }
  }
  if (!std::filesystem::exists(folder / "result.json")) {
    throw input_error("{}: holds no derived network; `autonba search` makes one", folder.string());
  }
  const Config before = load_config(folder / "config.yaml");
  const Config config = load_config(folder / "config.yaml", overrides);
  check_train_bits(config.train, load_space(config.space));  // before anything of the last training goes
  if (to_yaml(before) != to_yaml(config)) {
    change_training(folder, to_yaml(config));
  }
  set_up_runtime(static_cast<int>(config.threads), config.device);
  const Json result = run(config, {.out = folder, .resume = true, .stop = &interrupted, .live = stderr_is_terminal()});
  const std::string report = write_report(folder).string();
  print_result(common, result, result_text(result) + fmt::format("  report       {}\n", report));
}

}  // namespace

void add_train(CLI::App& app, CommonOptions& common) {
  CLI::App* command = add_command(app, common, "train",
                                  "Trains the network that a run has derived, from scratch; goes on where it was "
                                  "stopped.");
  auto run = std::make_shared<std::string>();
  auto overrides = std::make_shared<std::vector<std::string>>();
  command->add_option("run", *run, "folder of the run")->required();
  command->add_option("--set", *overrides, "train it again with another recipe, as train.epochs=30")
      ->take_all()
      ->allow_extra_args(false);
  command->footer("Threads and device are those of the run, so that its result can be had again.");
  command->callback([&common, run, overrides] { train(common, *run, *overrides); });
}

}  // namespace autonba
