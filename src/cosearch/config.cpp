#include "cosearch/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/yaml.hpp"
#include "explore/engine.hpp"

namespace autonba {
namespace {

const std::vector<std::string> datasets = {"fashion-mnist", "cifar10", "cifar100", "imagenet"};
const std::vector<std::string> metrics = {"fps", "latency_ms"};  // in the order of Objective
const std::vector<std::string> samplings = {"heterogeneous", "soft", "hard"};
const std::vector<std::string> cost_gradients = {"expected", "single_path"};
const std::vector<std::string> quantizers = {"lsq", "minmax"};
const std::vector<std::string> flips = {"never", "random", "alternate"};  // in the order of Flip
const std::vector<std::string> devices = {"cpu", "cuda"};

constexpr std::int64_t many = 1'000'000'000;

/// The enumerator whose name stands at `key`; names are listed in the enumerators' order.
template <typename Enum>
Enum read_enum(const YamlMap& map, const std::string& key, const std::vector<std::string>& names, Enum otherwise) {
  const std::string found = map.choice(key, names, names[static_cast<std::size_t>(otherwise)]);
  return static_cast<Enum>(std::find(names.begin(), names.end(), found) - names.begin());
}

Target read_target(const YamlMap& map) {
  Target target;
  map.choice("metric", metrics);
  target.metric = read_enum(map, "metric", metrics, Objective::fps);
  target.value = map.number("value", 1e-6, 1e9);
  map.close();
  return target;
}

WeightRecipe read_recipe(const YamlMap& map) {
  WeightRecipe recipe;
  recipe.batch = map.integer("batch", 1, 65536, recipe.batch);
  recipe.learning_rate = map.number("learning_rate", 0, 100, recipe.learning_rate);
  recipe.final_learning_rate = map.number("final_learning_rate", 0, 100, recipe.final_learning_rate);
  recipe.momentum = map.number("momentum", 0, 0.9999, recipe.momentum);
  recipe.weight_decay = map.number("weight_decay", 0, 1, recipe.weight_decay);
  recipe.clip = map.number("clip", 1e-6, 1e9, recipe.clip);
  recipe.label_smoothing = map.number("label_smoothing", 0, 0.9, recipe.label_smoothing);
  recipe.muon_learning_rate = map.number("muon_learning_rate", 0, 100, recipe.muon_learning_rate);
  recipe.muon_weight_decay = map.number("muon_weight_decay", 0, 100, recipe.muon_weight_decay);
  recipe.step_learning_rate = map.number("step_learning_rate", 0, 1, recipe.step_learning_rate);
  for (const auto& [key, rate] : {std::pair("muon_learning_rate", recipe.muon_learning_rate),
                                  std::pair("step_learning_rate", recipe.step_learning_rate)}) {
    if (rate > 0 && recipe.learning_rate == 0) {
      map.reject(key, "falls along with learning_rate, which is 0");
    }
  }
  map.close();
  return recipe;
}

SearchConfig read_search(const YamlMap& map) {
  SearchConfig search;
  search.warmup_epochs = map.integer("warmup_epochs", 0, many, search.warmup_epochs);
  search.epochs = map.integer("epochs", 1, many, search.epochs);
  search.steps_per_epoch = map.integer("steps_per_epoch", 0, many, search.steps_per_epoch);
  search.weights = read_recipe(map.map_or_empty("weights"));
  search.arch_learning_rate = map.number("arch_learning_rate", 0, 100, search.arch_learning_rate);
  search.active_operators = map.integer("active_operators", 1, 64, search.active_operators);
  search.active_bits = map.integer("active_bits", 1, 8, search.active_bits);
  search.sampling = read_enum(map, "sampling", samplings, search.sampling);
  search.cost_gradient = read_enum(map, "cost_gradient", cost_gradients, search.cost_gradient);
  search.accuracy_term = map.flag("accuracy_term", search.accuracy_term);
  search.tau_start = map.number("tau_start", 1e-3, 1e3, search.tau_start);
  if (map.has("tau_decay")) {
    search.tau_decay = map.number("tau_decay", 1e-3, 1);
    if (map.has("tau_end")) {
      map.reject("tau_end", "stands beside tau_decay; only one of them can say how the temperature falls");
    }
  }
  search.tau_end = map.number("tau_end", 1e-3, 1e3, search.tau_end);
  search.lambda_start = map.number("lambda_start", 0, 1e6, search.lambda_start);
  search.lambda_rate = map.number("lambda_rate", 0, 1e6, search.lambda_rate);
  search.lambda_gain = map.number("lambda_gain", 0, 1e6, search.lambda_gain);
  search.lambda_min = map.number("lambda_min", -1e6, 0, search.lambda_min);
  map.close();
  return search;
}

AcceleratorConfig read_accelerator(const YamlMap& map) {
  AcceleratorConfig accelerator;
  accelerator.space = map.text("space", accelerator.space);
  accelerator.store = map.flag("store", accelerator.store);
  accelerator.engine = map.choice("engine", engine_names(), accelerator.engine);
  accelerator.every = map.integer("every", 1, many, accelerator.every);
  accelerator.evaluations = map.integer("evaluations", 1, many, accelerator.evaluations);
  if (map.has("final_evaluations")) {
    accelerator.final_evaluations = map.integer("final_evaluations", 1, many);
  }
  accelerator.gap = map.number("gap", 0, 1, accelerator.gap);
  accelerator.final_gap = map.number("final_gap", 0, 1, accelerator.final_gap);
  map.close();
  return accelerator;
}

TrainConfig read_train(const YamlMap& map, std::uint64_t seed) {
  TrainConfig train;
  train.seed = static_cast<std::uint64_t>(map.integer("seed", 0, INT64_MAX, static_cast<std::int64_t>(seed)));
  train.bits = map.integer("bits", 0, float_bits, train.bits);
  train.epochs = map.integer("epochs", 1, many, train.epochs);
  train.warmup_epochs = map.integer("warmup_epochs", 0, many, train.warmup_epochs);
  if (train.warmup_epochs > 0 && train.warmup_epochs >= train.epochs) {
    map.reject("warmup_epochs", fmt::format("must be fewer than the {} epochs, or the rate only rises", train.epochs));
  }
  train.evaluate_every = map.integer("evaluate_every", 1, many, train.evaluate_every);
  train.average_decay = map.number("average_decay", 0, 0.999999, train.average_decay);
  train.flip = read_enum(map, "flip", flips, train.flip);
  if (map.has("crop_padding")) {
    train.crop_padding = map.integer("crop_padding", 0, 4096);
  }
  train.cutout = map.integer("cutout", 0, 4096, train.cutout);
  if (map.has("sides")) {
    train.sides = map.integers("sides", 1, 4096);
  }
  train.weights = read_recipe(map.map_or_empty("weights"));
  map.close();
  return train;
}

/// Writes `key: value` lines. Numbers are written so that reading gives back the same double.
class YamlWriter {
 public:
  void open(const std::string& key) {
    text_ += fmt::format("{}{}:\n", indent_, key);
    indent_ += "  ";
  }
  void close() { indent_.resize(indent_.size() - 2); }
  template <typename Value>
  void add(const std::string& key, const Value& value) {
    text_ += fmt::format("{}{}: {}\n", indent_, key, value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string indent_;
};

/// A string that reads back as itself, whatever it holds.
std::string quoted(const std::string& text) {
  YAML::Emitter emitter;
  emitter << YAML::DoubleQuoted << text;
  return emitter.c_str();
}

void add_recipe(YamlWriter& yaml, const WeightRecipe& recipe) {
  yaml.open("weights");
  yaml.add("batch", recipe.batch);
  yaml.add("learning_rate", recipe.learning_rate);
  yaml.add("final_learning_rate", recipe.final_learning_rate);
  yaml.add("momentum", recipe.momentum);
  yaml.add("weight_decay", recipe.weight_decay);
  yaml.add("clip", recipe.clip);
  yaml.add("label_smoothing", recipe.label_smoothing);
  yaml.add("muon_learning_rate", recipe.muon_learning_rate);
  yaml.add("muon_weight_decay", recipe.muon_weight_decay);
  yaml.add("step_learning_rate", recipe.step_learning_rate);
  yaml.close();
}

void add_search(YamlWriter& yaml, const SearchConfig& search) {
  yaml.open("search");
  yaml.add("warmup_epochs", search.warmup_epochs);
  yaml.add("epochs", search.epochs);
  yaml.add("steps_per_epoch", search.steps_per_epoch);
  add_recipe(yaml, search.weights);
  yaml.add("arch_learning_rate", search.arch_learning_rate);
  yaml.add("active_operators", search.active_operators);
  yaml.add("active_bits", search.active_bits);
  yaml.add("sampling", samplings[static_cast<std::size_t>(search.sampling)]);
  yaml.add("cost_gradient", cost_gradients[static_cast<std::size_t>(search.cost_gradient)]);
  yaml.add("accuracy_term", search.accuracy_term);
  yaml.add("tau_start", search.tau_start);
  if (search.tau_decay) {
    yaml.add("tau_decay", *search.tau_decay);
  } else {
    yaml.add("tau_end", search.tau_end);
  }
  yaml.add("lambda_start", search.lambda_start);
  yaml.add("lambda_rate", search.lambda_rate);
  yaml.add("lambda_gain", search.lambda_gain);
  yaml.add("lambda_min", search.lambda_min);
  yaml.close();
}

/// That the accelerator is looked for on.
int threads_of(const Config& config) {
  return std::max(1, static_cast<int>(config.threads));
}

}  // namespace

std::string metric_name(Objective objective) {
  return metrics[static_cast<std::size_t>(objective)];
}

Config load_config(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  YamlMap map = YamlMap::load(file);
  for (const std::string& assignment : overrides) {
    map.override(assignment);
  }
  Config config;
  config.dataset = map.choice("dataset", datasets);
  config.data = map.text("data", config.data);
  config.max_images = map.integer("max_images", 0, many, config.max_images);
  config.space = map.text("space");
  config.platform = map.text("platform");
  config.target = read_target(map.map("target"));
  config.seed = static_cast<std::uint64_t>(map.integer("seed", 0, INT64_MAX, 1));
  config.quantizer = map.choice("quantizer", quantizers, config.quantizer);
  config.checkpoint_steps = map.integer("checkpoint_steps", 1, many, config.checkpoint_steps);
  config.threads = map.integer("threads", 0, 1024, config.threads);
  config.device = map.choice("device", devices, config.device);
  config.search = read_search(map.map_or_empty("search"));
  config.accelerator = read_accelerator(map.map_or_empty("accelerator"));
  config.train = read_train(map.map_or_empty("train"), config.seed);
  map.close();
  return config;
}

std::string to_yaml(const Config& config) {
  YamlWriter yaml;
  yaml.add("dataset", config.dataset);
  yaml.add("data", quoted(config.data));
  yaml.add("max_images", config.max_images);
  yaml.add("space", quoted(config.space));
  yaml.add("platform", quoted(config.platform));
  yaml.open("target");
  yaml.add("metric", metric_name(config.target.metric));
  yaml.add("value", config.target.value);
  yaml.close();
  yaml.add("seed", config.seed);
  yaml.add("quantizer", config.quantizer);
  yaml.add("checkpoint_steps", config.checkpoint_steps);
  yaml.add("threads", config.threads);
  yaml.add("device", config.device);
  add_search(yaml, config.search);
  yaml.open("accelerator");
  yaml.add("space", quoted(config.accelerator.space));
  yaml.add("store", config.accelerator.store);
  yaml.add("engine", config.accelerator.engine);
  yaml.add("every", config.accelerator.every);
  yaml.add("evaluations", config.accelerator.evaluations);
  if (config.accelerator.final_evaluations) {
    yaml.add("final_evaluations", *config.accelerator.final_evaluations);
  }
  yaml.add("gap", config.accelerator.gap);
  yaml.add("final_gap", config.accelerator.final_gap);
  yaml.close();
  yaml.open("train");
  yaml.add("seed", config.train.seed);
  yaml.add("bits", config.train.bits);
  yaml.add("epochs", config.train.epochs);
  yaml.add("warmup_epochs", config.train.warmup_epochs);
  yaml.add("evaluate_every", config.train.evaluate_every);
  yaml.add("average_decay", config.train.average_decay);
  yaml.add("flip", flips[static_cast<std::size_t>(config.train.flip)]);
  if (config.train.crop_padding) {
    yaml.add("crop_padding", *config.train.crop_padding);
  }
  yaml.add("cutout", config.train.cutout);
  if (!config.train.sides.empty()) {
    yaml.add("sides", fmt::format("[{}]", fmt::join(config.train.sides, ", ")));
  }
  add_recipe(yaml, config.train.weights);
  yaml.close();
  return yaml.text();
}

Budget refresh_budget(const Config& config) {
  return {.evaluations = config.accelerator.evaluations, .gap = config.accelerator.gap, .threads = threads_of(config)};
}

Budget final_budget(const Config& config, const DesignSpace& space) {
  constexpr std::int64_t no_limit = 0;
  const std::int64_t usual_of_exact = space.store ? 100'000 : no_limit;
  const std::int64_t usual = config.accelerator.engine == "exact" ? usual_of_exact : 10'000;
  return {.evaluations = config.accelerator.final_evaluations.value_or(usual),
          .gap = config.accelerator.final_gap,
          .threads = threads_of(config)};
}

}  // namespace autonba
