#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cosearch/config.hpp"
#include "train/supernet.hpp"

namespace autonba {

/// A trained network of a finished run.
struct TrainedNetwork {
  Config config;
  Supernet net;
  std::vector<std::string> class_names;
};

/// Throws InputError if `run` holds no trained network.
TrainedNetwork load_trained(const std::filesystem::path& run, torch::Device device);

/// Throws InputError where `train.bits` is none of the space's bitwidths, nor 0 or float_bits.
void check_train_bits(const TrainConfig& train, const SearchSpace& space);

/// The network that a run derived at the bitwidths that it is trained at, with its first weights.
Supernet make_derived_net(const Config& config, const SearchSpace& space, const Architecture& architecture,
                          int classes);

/// The choices that a run derived, from its network.json. Throws InputError if there are none, or they do not make the
/// network of that file, because the space is not what it was.
Architecture derived_architecture(const std::filesystem::path& network_file, const SearchSpace& space);

}  // namespace autonba
