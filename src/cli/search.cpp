#include <fmt/format.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "cli/command.hpp"
#include "cli/version.hpp"
#include "cli/write_report.hpp"
#include "cosearch/run.hpp"
#include "train/runtime.hpp"

namespace autonba {
namespace {

struct SearchArguments {
  std::string config;
  std::string out;
  std::string data;
  std::vector<std::string> overrides;
  bool resume = false;
  bool profile = false;
  std::optional<std::int64_t> pause_at;
};

void search(const CommonOptions& common, const SearchArguments& arguments) {
  Config config = load_config(arguments.config, arguments.overrides);
  if (!arguments.data.empty()) {
    config.data = arguments.data;
  }
  config.threads = common.threads > 0 || config.threads == 0 ? thread_count(common) : config.threads;
  config.device = common.device.value_or(config.device);
  set_up_runtime(static_cast<int>(config.threads), config.device);
  const std::filesystem::path out = arguments.out;
  const Json result = run(config, {.out = out,
                                   .resume = arguments.resume,
                                   .pause_at = arguments.pause_at,
                                   .stop = &interrupted,
                                   .profile = arguments.profile,
                                   .live = stderr_is_terminal(),
                                   .command = common.command,
                                   .version = version_text()});
  const std::string report = write_report(out).string();
  print_result(common, result, result_text(result) + fmt::format("  report       {}\n", report));
}

}  // namespace

void add_search(CLI::App& app, CommonOptions& common) {
  CLI::App* command = add_command(app, common, "search",
                                  "Searches network, bitwidths and accelerator together, trains the network and writes "
                                  "everything into a run directory.");
  auto arguments = std::make_shared<SearchArguments>();
  command->add_option("config", arguments->config, "configuration (docs/configuration.md), as configs/quick.yaml")
      ->required();
  command->add_option("--out", arguments->out, "run directory to make, or to go on with")->required();
  command->add_option("--data", arguments->data, "folder of the dataset, where it is not in its usual place");
  command->add_option("--set", arguments->overrides, "change a key of the configuration, as search.epochs=3")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--resume", arguments->resume, "go on with an unfinished run of the same configuration");
  command->add_flag("--profile", arguments->profile,
                    "print what 20 steps of each phase spend their time on, and write profile-PHASE.json, a trace for "
                    "chrome://tracing");
  command->add_option("--pause-at", arguments->pause_at, "stop before this search step, as Ctrl-C would");
  command->footer(
      "A finished run of the same configuration is not run again: its result is printed.\n"
      "Ctrl-C writes a checkpoint and ends with code 130; the same command with --resume continues to the result that\n"
      "an uninterrupted run would have had.");
  command->callback([&common, arguments] { search(common, *arguments); });
}

}  // namespace autonba
