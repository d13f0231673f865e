#pragma once

#include "cosearch/config.hpp"
#include "train/trainer.hpp"

namespace autonba {

// From the configuration to what src/train takes.
SgdOptions sgd_options(const WeightRecipe& recipe);
TrainRecipe train_recipe(const TrainConfig& config);
Augmentation train_augmentation(const Config& config);
NetOptions net_options(const Config& config, int classes);

}  // namespace autonba
