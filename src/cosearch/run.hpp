#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/json.hpp"
#include "cosearch/config.hpp"
#include "train/data/dataset.hpp"
#include "train/supernet.hpp"

namespace autonba {

struct RunOptions {
  std::filesystem::path out;
  bool resume = false;                      // go on with an unfinished run
  std::optional<std::int64_t> pause_at;     // search step before which to stop, as Ctrl-C would
  const std::atomic<bool>* stop = nullptr;  // looked at in every step
  bool live = false;                        // progress may redraw its line
};

/// Searches, derives and trains (docs/search.md); returns result.json. A finished run of the same configuration is not
/// run again. Throws Interrupted, with a checkpoint written, when stopped.
Json run(const Config& config, const RunOptions& options);

/// A trained network of a finished run.
struct TrainedNetwork {
  Config config;
  Supernet net;
  std::vector<std::string> class_names;
};

/// Throws InputError if `run` holds no trained network.
TrainedNetwork load_trained(const std::filesystem::path& run, torch::Device device);

}  // namespace autonba
