#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "accel/accelerator_json.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/version.hpp"
#include "explore/map_network.hpp"
#include "explore/mappable.hpp"
#include "explore/progress_log.hpp"
#include "model/load_network.hpp"
#include "model/network_json.hpp"
#include "report/map_report.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;

struct MapArguments {
  std::string network;
  std::string platform;
  std::string space;  // empty: the usual one of the platform
  std::optional<int> bits;
  std::string engine = "exact";
  std::string objective = "fps";
  std::optional<double> target;
  std::vector<std::string> pareto;
  double gap = 0.02;
  std::optional<double> seconds;
  std::optional<std::int64_t> evaluations;
  std::uint64_t seed = 1;
  std::optional<int> chunks;
  bool no_store = false;
  std::string fix;
  std::string explain;
  std::string out;
};

constexpr std::size_t runners_up = 8;

/// The name of a network in results: that of the zoo, or of its file.
std::string short_name(const std::string& name_or_path) {
  return fs::path(name_or_path).stem().string();
}

/// As asked for; else no limit where the engine stops by itself.
std::int64_t evaluations_of(const MapArguments& arguments) {
  constexpr std::int64_t usual = 10'000;
  constexpr std::int64_t no_limit = 0;
  return arguments.evaluations.value_or(arguments.engine == "exact" ? no_limit : usual);
}

MapTask task_of(const MapArguments& arguments, int threads) {
  MapTask task{.name = short_name(arguments.network),
               .network = load_network(arguments.network, {.bits = arguments.bits}),
               .platform = {},
               .space = {},
               .engine = arguments.engine,
               .budget = {.evaluations = evaluations_of(arguments), .gap = arguments.gap, .threads = threads},
               .seed = arguments.seed,
               .objective = objective_named(arguments.objective)};
  if (arguments.seconds) {
    task.budget.seconds = *arguments.seconds;
  }
  if (arguments.target) {
    task.target = make_target(task.objective, *arguments.target);
  } else if (task.objective == Objective::area) {
    throw input_error("--objective area: needs --target, the images a second that the design must reach");
  }
  if (!arguments.pareto.empty()) {
    task.axes = pareto_axes(objective_named(arguments.pareto[0]), objective_named(arguments.pareto[1]));
  }
  return task;
}

/// Prints how far the engine is on stderr, from the first time that it says so.
class Watcher {
 public:
  explicit Watcher(Objective objective) : log_(objective) {}
  ~Watcher() {
    if (const auto last = log_.held_back()) {
      print(*last);
    }
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void see(const EngineProgress& state) {
    if (!began_) {
      print(log_.heading());
      began_ = true;
    }
    if (const auto line = log_.line(state.seconds, state.nodes, state.value, state.bound)) {
      print(*line);
    }
  }

 private:
  static void print(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

  ProgressLog log_;
  bool began_ = false;
};

/// The platform whose numbers an accelerator.json holds, by its name: the file lacks coefficients of logic and tables.
Platform platform_of(const PlacedAccelerator& given, const std::string& file) {
  Platform platform = load_platform(given.platform.name);
  Platform numbers = platform;
  const std::int64_t area_um2 = platform.asic ? platform.asic->area_um2 : 0;
  numbers.logic = {};
  numbers.asic.reset();
  if (numbers != given.platform || area_um2 != given.area_um2) {
    throw input_error("{}: platform: its numbers are not those of {} today; name the platform with --platform", file,
                      given.platform.name);
  }
  return platform;
}

MapResult searched(MapTask task, const MapArguments& arguments, Mapper& mapper) {
  task.space = load_design_space(arguments.space.empty() ? usual_space(task.platform) : arguments.space);
  if (arguments.no_store) {
    task.space.store.reset();
  }
  if (arguments.chunks) {
    task.space = with_chunks(task.space, task.network, *arguments.chunks);
  }
  task.budget.stop = &interrupted;
  Watcher watcher(task.objective);
  MapResult result = map_network(task, mapper, [&](const EngineProgress& progress) { watcher.see(progress); });
  if (interrupted && result.axes) {
    throw Interrupted("stopped before the front was complete; nothing was written");
  }
  return result;
}

void write_files(const MapResult& result, const Json& accelerator, const Json& data, const fs::path& out) {
  write_json(out / "network.json", network_schema, to_json(result.network));
  write_json(out / "accelerator.json", accelerator_schema, accelerator);
  write_file_whole(out / "mapping.csv", map_csv(data));
  if (result.axes) {
    write_json(out / "pareto.json", "autonba.pareto/1", pareto_document(result));
  }
  write_file_whole(out / "report.html", map_page(data));
}

void map(const CommonOptions& common, const MapArguments& arguments) {
  MapTask task = task_of(arguments, thread_count(common));
  std::optional<PlacedAccelerator> given;
  if (!arguments.fix.empty()) {
    given = read_accelerator(arguments.fix, task.network);
  } else if (arguments.platform.empty()) {
    throw input_error("--platform is missing; only with --fix it may be left out");
  }
  task.platform = arguments.platform.empty() ? platform_of(*given, arguments.fix) : load_platform(arguments.platform);
  std::optional<std::size_t> explained;
  if (!arguments.explain.empty()) {
    explained = layer_named(task.network, arguments.explain);
  }
  make_writable_folder(arguments.out);

  Mapper mapper(task.platform);
  MapResult result =
      given ? evaluate_given(task, given->accelerator, arguments.fix) : searched(task, arguments, mapper);
  if (explained) {
    result.explanation = explain(result.network, result.accelerator, *explained, runners_up, mapper);
  }
  const Json accelerator = accelerator_document(result);
  const Json data = map_data(result, accelerator, {.command = common.command, .version = version_text()});
  write_files(result, accelerator, data, arguments.out);
  print_result(common, map_summary(data),
               map_text(data) + fmt::format("\nreport: {}\n", (fs::path(arguments.out) / "report.html").string()));
  if (const auto sentence = shortfall(result)) {
    throw WorkError(*sentence);
  }
}

void add_question(CLI::App& command, MapArguments& arguments) {
  command
      .add_option("network", arguments.network,
                  "name in configs/networks, or a network.json, .yaml (docs/networks.md) or .onnx file")
      ->required();
  command.add_option("--platform", arguments.platform, "name in configs/platforms, or a file");
  command.add_option(
      "--space", arguments.space,
      "design space: name in configs/accelerator, or a file (default: fpga or asic, as the platform is)");
  command
      .add_option("--bits", arguments.bits,
                  "bits of all layers and maps; in an ONNX model of those that it does not state itself")
      ->check(CLI::Range(2, 16));
  command.add_option("--objective", arguments.objective, "what is best: fps, latency, energy, edp or area")
      ->check(CLI::IsMember(objective_names()))
      ->capture_default_str();
  command.add_option("--target", arguments.target,
                     "what the design must reach: images/s (fps, area), ms (latency), mJ/image (energy), mJ·ms (edp)");
  command.add_option("--pareto", arguments.pareto, "also the front of an objective and area, as fps,area or edp,area")
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::IsMember(objective_names()));
}

/// Neither below nor above anything, NaN passes the library's checks of ranges.
const CLI::Validator is_a_number(
    [](const std::string& text) {
      return text.find_first_of("nN") == std::string::npos ? std::string() : text + " is not a number";
    },
    "", "is_a_number");

void add_search_options(CLI::App& command, MapArguments& arguments) {
  command.add_option("--engine", arguments.engine, "engine that searches")
      ->check(CLI::IsMember(engine_names()))
      ->capture_default_str();
  command.add_option("--gap", arguments.gap, "exact: stop when no design can be better by this share, as 0.01")
      ->check(is_a_number & CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--time", arguments.seconds,
                  "exact: stop after so many seconds with what is found and proven, as Ctrl-C does at once")
      ->check(is_a_number & CLI::PositiveNumber);
  command
      .add_option("--budget", arguments.evaluations,
                  "designs to try (default: 10000); exact: sets of designs to look at (default: no limit)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
  command
      .add_option("--seed", arguments.seed,
                  "of the other engines' random numbers, and of exact's first design for energy, edp and area")
      ->capture_default_str();
  command.add_option("--chunks", arguments.chunks, "chunks at most (default: what the space says)")
      ->check(CLI::Range(1, 4));
  command.add_flag("--no-store", arguments.no_store, "all feature maps in external memory, none on chip");
}

}  // namespace

void add_map(CLI::App& app, CommonOptions& common) {
  CLI::App* command = add_command(app, common, "map",
                                  "Finds the best accelerator for a network on a platform, with the mapping of every "
                                  "layer, and says how much better one can be at most (docs/map.md).");
  auto arguments = std::make_shared<MapArguments>();
  add_question(*command, *arguments);
  add_search_options(*command, *arguments);
  command->add_option("--fix", arguments->fix, "an accelerator.json for this network: evaluate it, search nothing");
  command->add_option("--explain", arguments->explain, "say why this layer is mapped as it is");
  command->add_option("--out", arguments->out, "folder for accelerator.json, network.json, mapping.csv and report.html")
      ->required();
  command->callback([&common, arguments] { map(common, *arguments); });
}

}  // namespace autonba
