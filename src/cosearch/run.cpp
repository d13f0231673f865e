#include "cosearch/run.hpp"

#include <fmt/format.h>

#include <chrono>

#include "accel/accelerator_json.hpp"
#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "cosearch/derive.hpp"
#include "cosearch/joint_search.hpp"
#include "cosearch/phase_profile.hpp"
#include "cosearch/recipe.hpp"
#include "cosearch/run_folder.hpp"
#include "cosearch/state_json.hpp"
#include "cosearch/trained.hpp"
#include "model/network_json.hpp"
#include "train/runtime.hpp"
#include "train/tensor_memory.hpp"

namespace autonba {
namespace {

constexpr const char* search_checkpoint = "checkpoints/search";
constexpr const char* train_checkpoint = "checkpoints/train";

/// Seconds of a stage over all processes that worked on it.
class Stopwatch {
 public:
  explicit Stopwatch(double before = 0) : before_(before) {}
  double seconds() const {
    return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  double before_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What a run works with, besides its configuration.
struct Setting {
  const Config& config;
  const RunOptions& options;
  RunFolder& folder;
  Progress& progress;
  PhaseProfile& profile;
  SearchSpace space;
  Platform platform;
  Dataset dataset;
};

void profile_step(const Setting& setting, const char* phase) {
  if (const std::optional<std::string> table = setting.profile.step_done(phase)) {
    setting.progress.milestone(*table);
  }
}

bool stopped(const RunOptions& options) {
  return options.stop != nullptr && *options.stop;
}

[[noreturn]] void stop_here(const Setting& setting, const char* stage) {
  throw Interrupted(
      fmt::format("stopped during the {}; a checkpoint is in {}; `autonba search` with --resume, or the same `autonba "
                  "train`, goes on from it",
                  stage, setting.folder.file("checkpoints").string()));
}

Json space_event(const SearchSpace& space) {
  Json blocks = Json::array();
  for (const Block& block : space.blocks) {
    blocks.push_back({{"channels_in", block.channels_in},
                      {"channels_out", block.channels_out},
                      {"stride", block.stride},
                      {"height_in", block.height_in},
                      {"width_in", block.width_in}});
  }
  Json operators = Json::array();
  for (const Operator& op : space.operators) {
    operators.push_back(name(op));
  }
  return {{"event", "space"}, {"blocks", blocks}, {"operators", operators}, {"bits", space.bits}};
}

/// Adds to a stage's archive what the run itself must remember, and writes it.
void write_checkpoint(const Setting& setting, const char* name, Archive archive, const Stopwatch& watch) {
  archive["run"] = Json({{"seconds", watch.seconds()},
                         {"log_size", setting.folder.log_size()},
                         {"space", space_event(setting.space)}})
                       .dump();
  write_archive(setting.folder.file(name), checkpoint_kind, archive);
}

/// Restores `stage` from its checkpoint, where there is one, and returns the seconds it had taken.
template <typename Stage>
double restore_checkpoint(const Setting& setting, const char* name, Stage& stage) {
  if (!setting.folder.has(name)) {
    return 0;
  }
  const std::string file = setting.folder.file(name).string();
  const Archive archive = read_archive(file, checkpoint_kind);
  const auto found = archive.find("run");
  const Json run = Json::parse(found == archive.end() ? "" : found->second, nullptr, false);
  if (json_value<Json>(run, "space", file) != space_event(setting.space)) {
    throw input_error("{}: began with another search space than {} is today", file, setting.space.name);
  }
  stage.restore(archive, file);
  setting.folder.back_to(json_value<std::uintmax_t>(run, "log_size", file));
  return json_value<double>(run, "seconds", file);
}

/// The last line of an epoch, for the terminal.
std::string epoch_line(const Json& event) {
  std::string line = fmt::format("{} {}/{}: loss {:.3f}, top-1 {:.1f} %", event["phase"].get<std::string>(),
                                 event["epoch"].get<int>(), event["epochs"].get<int>(),
                                 event["train_loss"].get<double>(), 100 * event["train_top1"].get<double>());
  if (event.contains("val_top1")) {
    const bool of_training = event["phase"] == "train";
    line +=
        fmt::format(", {} top-1 {:.1f} %", of_training ? "test" : "held-out", 100 * event["val_top1"].get<double>());
  }
  if (event.contains("lambda")) {
    line += fmt::format(", cost {:.3g} of the target, λ {:.3f}, entropy α {:.2f} β {:.2f}",
                        event["expected_seconds"].get<double>() / event["target_seconds"].get<double>(),
                        event["lambda"].get<double>(), event["alpha_entropy"].get<double>(),
                        event["beta_entropy"].get<double>());
  }
  return line;
}

void log_epoch(const Setting& setting, Json event, double seconds) {
  constexpr double mb = 1e6;
  const MemoryPool::Statistics memory = tensor_memory();
  event["seconds"] = seconds;
  event["tensor_memory"] = {{"peak_mb", static_cast<double>(memory.peak) / mb},
                            {"held_mb", static_cast<double>(memory.held) / mb},
                            {"growths", memory.growths}};
  setting.folder.log(event);
  setting.progress.milestone(epoch_line(event) + ", " + spoken_duration(seconds));
}

/// Runs the joint search to its end, from the checkpoint if there is one. Returns its seconds.
double search_stage(const Setting& setting, JointSearch& search) {
  const Stopwatch watch(restore_checkpoint(setting, search_checkpoint, search));
  if (search.steps_done() == 0) {
    write_checkpoint(setting, search_checkpoint, search.save(), watch);  // so that what is logged later can be undone
  }
  setting.progress.milestone(fmt::format("searching {} for {} on {}: {} steps", setting.space.name,
                                         setting.config.dataset, setting.platform.name, search.total_steps()));
  double epoch_start = watch.seconds();
  while (!search.done()) {
    if (stopped(setting.options) || setting.options.pause_at == search.steps_done()) {
      write_checkpoint(setting, search_checkpoint, search.save(), watch);
      stop_here(setting, "search");
    }
    search.step();
    profile_step(setting, search.phase());
    if (!search.refresh_event().is_null()) {
      setting.folder.log(search.refresh_event());
    }
    const double share = static_cast<double>(search.steps_done()) / static_cast<double>(search.total_steps());
    setting.progress.update(search.status() + "  left " + spoken_duration(seconds_left(watch.seconds(), share)));
    if (search.epoch_ended()) {
      log_epoch(setting, search.epoch_event(), watch.seconds() - epoch_start);
      epoch_start = watch.seconds();
    }
    if (search.epoch_ended() || search.steps_done() % setting.config.checkpoint_steps == 0) {
      write_checkpoint(setting, search_checkpoint, search.save(), watch);
    }
  }
  return watch.seconds();
}

/// What the engine has proven of the derived network's accelerator, if it proves.
std::optional<Proof> proof_of(const Derived& derived) {
  const std::optional<double> bound = derived.solution.bound;
  return bound ? std::optional(Proof{*bound, gap_of(derived.seconds, *bound)}) : std::nullopt;
}

Json first_result(const Setting& setting, const Derived& derived, double search_seconds) {
  const Cost& cost = derived.solution.cost;
  const Resources& used = cost.resources;
  const int batch = derived.solution.accelerator->batch;
  const Objective objective = setting.config.target.metric;
  Json result = {{"dataset", setting.config.dataset},
                 {"platform", setting.platform.name},
                 {"engine", setting.config.accelerator.engine},
                 {"seed", setting.config.seed},
                 {"objective", objective == Objective::fps ? "fps" : "latency"},
                 {"value", derived.seconds},
                 {"fps", fps(cost.ii_cycles, batch, setting.platform)},
                 {"ii_cycles", cost.ii_cycles},
                 {"batch", batch},
                 {"latency_ms", static_cast<double>(cost.latency_cycles) / (1e3 * setting.platform.clock_mhz)},
                 {"dsp", used.dsp},
                 {"bram18", used.bram18},
                 {"lut", used.lut},
                 {"ff", used.ff},
                 {"target",
                  {{"metric", metric_name(objective)},
                   {"value", setting.config.target.value},
                   {"unit", words_of(objective).unit}}}};
  if (cost.energy) {
    result["area_um2"] = used.area_um2;
    result["energy_mj"] = energy_mj(*cost.energy, batch);
  }
  if (const std::optional<Proof> proof = proof_of(derived)) {
    result["bound"] = proof->bound;
    result["optimality_gap"] = proof->gap;
  }
  result["search_seconds"] = search_seconds;
  result["peak_rss_mb"] = peak_rss_mb();
  return result;
}

/// Derives and writes network.json, accelerator.json and the first part of result.json, in this order: the last one
/// says that all are there.
void derive_stage(const Setting& setting, JointSearch& search, double search_seconds) {
  const Stopwatch watch(search_seconds);
  setting.progress.update("deriving the network and its accelerator");
  const std::uint64_t seed = make_rng(setting.config.seed, "derive").state;
  const Derived derived = derive(search.logits(), search.pricing(), setting.config, seed);
  Json network = to_json(derived.network);
  network["architecture"] = architecture_json(derived.architecture, setting.space);
  network["architecture_indices"] = architecture_indices(derived.architecture);
  network["classes"] = setting.dataset.class_names;
  write_json(setting.folder.file("network.json"), network_schema, network);
  write_json(setting.folder.file("accelerator.json"), accelerator_schema,
             to_json(derived.network, *derived.solution.accelerator, setting.platform, proof_of(derived)));
  setting.folder.log({{"event", "derived"},
                      {"architecture", architecture_json(derived.architecture, setting.space)},
                      {"substitutions", derived.substitutions}});
  const Json result = first_result(setting, derived, watch.seconds());
  setting.folder.write_result(result);
  setting.progress.milestone(fmt::format("derived: {} for a target of {}, {:.1f} MMAC, {} substitutions",
                                         in_words(search.pricing().objective(), derived.seconds),
                                         in_words(setting.config.target),
                                         static_cast<double>(macs(derived.network)) / 1e6, derived.substitutions));
}

Json train_epoch_event(const EpochReport& report, const TrainConfig& train) {
  Json event = {{"event", "epoch"},
                {"phase", "train"},
                {"epoch", report.epoch + 1},
                {"epochs", train.epochs},
                {"train_loss", report.train.loss},
                {"train_top1", report.train.top1},
                {"learning_rate", report.rate}};
  if (report.test) {
    event["val_loss"] = report.test->loss;
    event["val_top1"] = report.test->top1;
  }
  return event;
}

/// Trains the derived network to its end, from the checkpoint if there is one, and completes result.json.
void train_stage(const Setting& setting) {
  const Config& config = setting.config;
  Supernet net =
      make_derived_net(config, setting.space, derived_architecture(setting.folder.file("network.json"), setting.space),
                       setting.dataset.train.classes);
  Trainer trainer(net, setting.dataset, train_recipe(config.train), train_augmentation(config), config.train.seed, 1);
  const Stopwatch watch(restore_checkpoint(setting, train_checkpoint, trainer));
  if (!setting.folder.has(train_checkpoint)) {
    write_checkpoint(setting, train_checkpoint, trainer.save(), watch);  // so that what is logged later can be undone
  }
  const std::int64_t total = config.train.epochs * trainer.steps_per_epoch();
  setting.progress.milestone(fmt::format("training the network from scratch: {} epochs of {} steps",
                                         config.train.epochs, trainer.steps_per_epoch()));
  double epoch_start = watch.seconds();
  std::atomic<bool> pause = false;  // for a checkpoint, or because the user stopped

  Trainer::Callbacks callbacks;
  callbacks.step = [&](Position at, const Score& score) {
    profile_step(setting, "train");
    const std::int64_t done = at.epoch * trainer.steps_per_epoch() + at.step + 1;
    const double share = static_cast<double>(done) / static_cast<double>(total);
    setting.progress.update(fmt::format("training {}/{}  step {}/{}  loss {:.3f}  top-1 {:.1f} %  left {}",
                                        at.epoch + 1, config.train.epochs, at.step + 1, trainer.steps_per_epoch(),
                                        score.loss, 100 * score.top1,
                                        spoken_duration(seconds_left(watch.seconds(), share))));
    pause = stopped(setting.options) || done % config.checkpoint_steps == 0;
  };
  callbacks.epoch = [&](const EpochReport& report) {
    log_epoch(setting, train_epoch_event(report, config.train), watch.seconds() - epoch_start);
    epoch_start = watch.seconds();
  };
  while (!trainer.finished()) {
    pause = stopped(setting.options);
    trainer.run(callbacks, pause);
    write_checkpoint(setting, train_checkpoint, trainer.save(), watch);
    if (stopped(setting.options) && !trainer.finished()) {
      stop_here(setting, "training");
    }
  }

  const auto score = [&](bool mirrored) {
    Loader test(setting.dataset.test, all_images(image_count(setting.dataset.test)),
                evaluation_options(static_cast<int>(config.train.weights.batch)));
    return evaluate(net, derived_path(net), test, mirrored);
  };
  write_file_whole(setting.folder.file("weights.pt"), net.save());
  Json result = setting.folder.result();
  result["top1"] = score(false).top1;
  result["top1_mirrored"] = score(true).top1;
  result["train_bits"] = config.train.bits;
  result["train_seconds"] = watch.seconds();
  result["peak_rss_mb"] = std::max(result.value("peak_rss_mb", 0.0), peak_rss_mb());
  setting.folder.write_result(result);
}

Dataset load_dataset_for(const Config& config, const SearchSpace& space) {
  Dataset dataset = load_dataset(
      config.dataset, {.folder = config.data, .image_size = space.input.height, .max_images = config.max_images});
  const ImageShape& shape = dataset.train.shape;
  if (shape.channels != space.input.channels || shape.height != space.input.height ||
      shape.width != space.input.width) {
    throw input_error("space: {} is for images of {}x{} with {} channels, those of {} have {}x{} with {}", space.name,
                      space.input.height, space.input.width, space.input.channels, config.dataset, shape.height,
                      shape.width, shape.channels);
  }
  const std::int64_t images = image_count(dataset.train);
  if (config.train.weights.batch > images) {  // found out now, not after the search
    throw input_error("train.weights.batch: {} is more than the {} training images of {}", config.train.weights.batch,
                      images, config.dataset);
  }
  return dataset;
}

void search_and_derive(const Setting& setting) {
  DesignSpace design_space = load_design_space(setting.config.accelerator.space);
  if (!setting.config.accelerator.store) {
    design_space.store.reset();
  }
  JointSearch search(setting.config, setting.space, setting.platform, design_space, setting.dataset.train);
  if (!setting.folder.started()) {
    check_target(search.pricing(), setting.config, make_rng(setting.config.seed, "check-target").state);
    search.pricing().restore(Json(), "");  // the search starts without what this has found
    setting.folder.log(
        {{"event", "started"}, {"command", setting.options.command}, {"version", setting.options.version}});
    setting.folder.log(space_event(setting.space));
  }
  derive_stage(setting, search, search_stage(setting, search));
}

}  // namespace

Json run(const Config& config, const RunOptions& options) {
  SearchSpace space = load_space(config.space);
  check_train_bits(config.train, space);
  Platform platform = load_platform(config.platform);
  RunFolder folder(options.out, to_yaml(config));
  if (folder.finished()) {
    return folder.result();
  }
  if (folder.started() && !options.resume) {
    throw input_error("{}: holds an unfinished run of this configuration; --resume goes on with it",
                      options.out.string());
  }
  Dataset dataset = load_dataset_for(config, space);
  Progress progress(options.live);
  PhaseProfile profile(options.profile, options.out, config.device);
  const Setting setting{
      config, options, folder, progress, profile, std::move(space), std::move(platform), std::move(dataset)};
  if (!folder.has("result.json")) {
    search_and_derive(setting);
  }
  train_stage(setting);
  return folder.result();
}

}  // namespace autonba
