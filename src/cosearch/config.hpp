#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "explore/engine.hpp"
#include "explore/target.hpp"
#include "train/data/augment.hpp"

namespace autonba {

/// "fps" or "latency_ms", as configurations and files say.
std::string metric_name(Objective objective);

/// SGD with momentum for ω, with a cosine rate.
struct WeightRecipe {
  std::int64_t batch = 64;
  double learning_rate = 0.025;
  double final_learning_rate = 0.001;
  double momentum = 0.9;
  double weight_decay = 5e-4;
  double clip = 5;  // largest norm of the gradient
  double label_smoothing = 0;
  double muon_learning_rate = 0;  // of dense convolutions, falls as the other does; 0: SGD for all
  double muon_weight_decay = 0;
  double step_learning_rate = 0;  // of the logarithms of quantisation steps, falls alike; 0: SGD for the steps
};

enum class Sampling { heterogeneous, soft, hard };  // of bitwidths: soft for ω and hard for β, or one for both
enum class CostGradient { expected, single_path };

/// Search of α, β and ω.
struct SearchConfig {
  std::int64_t warmup_epochs = 30;   // ω alone
  std::int64_t epochs = 90;          // weight and arch steps in turn
  std::int64_t steps_per_epoch = 0;  // 0: all images of a half, once
  WeightRecipe weights;
  double arch_learning_rate = 3e-4;   // Adam(0.5, 0.999) for α and β
  std::int64_t active_operators = 2;  // K
  std::int64_t active_bits = 2;       // bitwidths with gradient in a hard sample
  Sampling sampling = Sampling::heterogeneous;
  CostGradient cost_gradient = CostGradient::expected;
  bool accuracy_term = true;  // false: the arch loss is the cost alone
  double tau_start = 5;
  double tau_end = 0.25;            // geometric over all joint steps …
  std::optional<double> tau_decay;  // … or τ times this after each joint epoch
  double lambda_start = 0;
  double lambda_rate = 0.001;  // of the dual ascent
  double lambda_gain = 1;      // added to λ for each unit of log(C / target); both 0: λ stays as it starts
  double lambda_min = 0;       // below 0: networks that beat the target are drawn towards it
};

/// Search of γ.
struct AcceleratorConfig {
  std::string space = "fpga";
  std::string engine = "exact";
  std::int64_t every = 1;                         // arch steps between refreshes of γ*
  std::int64_t evaluations = 1000;                // of a refresh
  std::optional<std::int64_t> final_evaluations;  // for the derived network; none: as final_budget says
  double gap = 0.05;                              // `exact` only: that ends a refresh
  double final_gap = 0.01;                        // the same for the derived network
  bool store = true;                              // whether maps may lie in the feature store, where the space has one
};

constexpr std::int64_t float_bits = 32;

/// Training of the derived network, from scratch.
struct TrainConfig {
  std::uint64_t seed = 1;  // of weights, order and augmentation
  std::int64_t bits = 0;   // of every block; 0: as the search has chosen; float_bits: not quantised
  std::int64_t epochs = 8;
  std::int64_t warmup_epochs = 0;   // during which the rate rises
  std::int64_t evaluate_every = 1;  // epochs between scores on the test split
  double average_decay = 0;         // of the moving average of the weights, which is delivered; 0: the last ones are
  Flip flip = Flip::random;         // never | random | alternate
  std::optional<std::int64_t> crop_padding;  // pixels; none: as usual for the dataset
  std::int64_t cutout = 0;                   // pixels, side of a square of zeros in every image
  std::vector<std::int64_t> sides;  // pixels of the images, for equal shares of the training; empty: those of the space
  WeightRecipe weights;
};

/// A whole run, as config.yaml holds it with every default filled in (docs/configuration.md).
struct Config {
  std::string dataset;          // fashion-mnist | cifar10 | cifar100 | imagenet
  std::string data;             // folder; empty: the dataset's usual place
  std::int64_t max_images = 0;  // of each split, for trials; 0: all
  std::string space;            // of networks
  std::string platform;
  Target target;
  std::uint64_t seed = 1;
  std::string quantizer = "lsq";  // lsq | minmax
  std::int64_t checkpoint_steps = 200;
  std::int64_t threads = 0;  // as used
  std::string device = "cpu";
  SearchConfig search;
  AcceleratorConfig accelerator;
  TrainConfig train;
};

/// When the engine stops that looks for γ*, on all threads of the run.
Budget refresh_budget(const Config& config);
/// The same for the derived network. Usually after 10,000 designs, `exact` when its gap is proven; if `space` has a
/// store, after 100,000 sets of designs at most, since the gap may stay.
Budget final_budget(const Config& config, const DesignSpace& space);

/// Reads a configuration and applies `overrides` ("search.epochs=3"). Throws InputError naming file, line and key.
Config load_config(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});

/// The configuration as YAML with every key: what config.yaml of a run holds, and what load_config reads back.
std::string to_yaml(const Config& config);

}  // namespace autonba
