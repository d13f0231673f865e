#include "cosearch/recipe.hpp"

namespace autonba {

SgdOptions sgd_options(const WeightRecipe& recipe) {
  const auto factor = [&](double rate) { return recipe.learning_rate > 0 ? rate / recipe.learning_rate : 0; };
  return {.momentum = recipe.momentum,
          .weight_decay = recipe.weight_decay,
          .clip_norm = recipe.clip,
          .muon_factor = factor(recipe.muon_learning_rate),
          .muon_weight_decay = recipe.muon_weight_decay,
          .step_factor = factor(recipe.step_learning_rate)};
}

TrainRecipe train_recipe(const TrainConfig& config) {
  return {.epochs = static_cast<int>(config.epochs),
          .warmup_epochs = static_cast<int>(config.warmup_epochs),
          .batch = static_cast<int>(config.weights.batch),
          .rate = config.weights.learning_rate,
          .rate_min = config.weights.final_learning_rate,
          .sgd = sgd_options(config.weights),
          .label_smoothing = config.weights.label_smoothing,
          .evaluate_every = static_cast<int>(config.evaluate_every),
          .average_decay = config.average_decay,
          .sides = {config.sides.begin(), config.sides.end()}};
}

Augmentation train_augmentation(const Config& config) {
  Augmentation augmentation = usual_augmentation(config.dataset);
  augmentation.flip = config.train.flip;
  augmentation.crop_padding = static_cast<int>(config.train.crop_padding.value_or(augmentation.crop_padding));
  augmentation.cutout = static_cast<int>(config.train.cutout);
  return augmentation;
}

NetOptions net_options(const Config& config, int classes) {
  return {.classes = classes,
          .quantizer = config.quantizer == "minmax" ? QuantizerKind::minmax : QuantizerKind::lsq,
          .device = torch::Device(config.device)};
}

}  // namespace autonba
