#include <fmt/format.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/progress.hpp"
#include "cli/command.hpp"
#include "explore/compare.hpp"
#include "explore/compare_chart.hpp"
#include "model/load_network.hpp"

namespace autonba {
namespace {

struct CompareArguments {
  std::vector<std::string> networks;
  std::string draw;  // a search space
  std::string platform;
  std::string space = "fpga";
  std::string objective = "fps";
  bool no_store = false;
  std::string out;
  std::int64_t budget = 10'000;
  int seeds = 5;
  int drawn = 10;
  std::vector<std::string> engines = engine_names();
};

/// Those that are named, and random ones of the search space.
std::vector<NamedNetwork> networks_of(const CompareArguments& arguments) {
  if (arguments.networks.empty() && arguments.draw.empty()) {
    throw input_error("compare-engines: names no network; name some, or a search space with --draw");
  }
  std::vector<NamedNetwork> networks;
  for (const std::string& name : arguments.networks) {
    networks.push_back({std::filesystem::path(name).stem().string(), load_network(name)});
  }
  if (!arguments.draw.empty()) {
    const auto drawn = random_networks(load_space(arguments.draw), arguments.drawn, 10, 1);
    networks.insert(networks.end(), drawn.begin(), drawn.end());
  }
  return networks;
}

void compare_engines(const CommonOptions& common, const CompareArguments& arguments) {
  Comparison comparison{.platform = load_platform(arguments.platform),
                        .space = load_design_space(arguments.space),
                        .objective = arguments.objective == "fps" ? Objective::fps : Objective::latency,
                        .evaluations = arguments.budget,
                        .seeds = arguments.seeds,
                        .engines = arguments.engines,
                        .threads = thread_count(common)};
  if (arguments.no_store) {
    comparison.space.store.reset();
  }
  const std::vector<NamedNetwork> networks = networks_of(arguments);
  make_writable_folder(arguments.out);
  Progress progress(stderr_is_terminal());
  const auto total = networks.size() * arguments.engines.size() * static_cast<std::size_t>(arguments.seeds);
  std::size_t done = 0;
  const std::vector<EngineRun> runs = compare(networks, comparison, [&](const EngineRun& run) {
    if (interrupted) {
      throw Interrupted("stopped; nothing was written");
    }
    progress.update(fmt::format("{} of {} runs: {} on {}, seed {}", ++done, total, run.engine, run.network, run.seed));
  });
  const Json document = comparison_json(runs, comparison);
  const std::string table = comparison_text(runs, comparison);
  write_json(std::filesystem::path(arguments.out) / "comparison.json", "autonba.comparison/2", document);
  write_file_whole(std::filesystem::path(arguments.out) / "table.md", table);
  write_file_whole(std::filesystem::path(arguments.out) / "curves.svg", comparison_chart(runs, comparison));
  print_result(common, document, table);
}

}  // namespace

void add_compare_engines(CLI::App& app, CommonOptions& common) {
  CLI::App* command =
      add_command(app, common, "compare-engines",
                  "Gives every engine the same number of evaluations on the same networks, with several "
                  "seeds, prints the table and draws the best value against evaluations.");
  auto arguments = std::make_shared<CompareArguments>();
  command->add_option("networks", arguments->networks,
                      "names in configs/networks, or .yaml, network.json or .onnx files");
  command->add_option("--draw", arguments->draw,
                      "search space to draw networks from: name in configs/spaces, or a file");
  command->add_option("--platform", arguments->platform, "name in configs/platforms, or a file")->required();
  command->add_option("--space", arguments->space, "design space: name in configs/accelerator, or a file")
      ->capture_default_str();
  command->add_flag("--no-store", arguments->no_store, "all feature maps in external memory, none on chip");
  command->add_option("--objective", arguments->objective, "images a second in steady state, or latency of one image")
      ->check(CLI::IsMember({"fps", "latency"}))
      ->capture_default_str();
  command
      ->add_option(
          "--budget", arguments->budget,
          fmt::format("evaluations of each run; exact looks at {} sets of designs for each", regions_per_evaluation))
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--seeds", arguments->seeds, "runs of each engine on each network")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--networks", arguments->drawn, "networks to draw with --draw")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--engines", arguments->engines, "engines to compare")->check(CLI::IsMember(engine_names()));
  command->add_option("--out", arguments->out, "folder for comparison.json, table.md and curves.svg")->required();
  command->callback([&common, arguments] { compare_engines(common, *arguments); });
}

}  // namespace autonba
