#include "cosearch/recipe.hpp"

namespace autonba {

SgdOptions sgd_options(const WeightRecipe& recipe) {
  return {.momentum = recipe.momentum, .weight_decay = recipe.weight_decay, .clip_norm = recipe.clip};
}

TrainRecipe train_recipe(const TrainConfig& config) {
  return {.epochs = static_cast<int>(config.epochs),
          .warmup_epochs = static_cast<int>(config.warmup_epochs),
          .batch = static_cast<int>(config.weights.batch),
          .rate = config.weights.learning_rate,
          .rate_min = config.weights.final_learning_rate,
          .sgd = sgd_options(config.weights),
          .label_smoothing = config.weights.label_smoothing,
          .evaluate_every = static_cast<int>(config.evaluate_every)};
}

NetOptions net_options(const Config& config, int classes) {
  return {.classes = classes,
          .quantizer = config.quantizer == "minmax" ? QuantizerKind::minmax : QuantizerKind::lsq,
          .device = torch::Device(config.device)};
}

}  // namespace autonba
