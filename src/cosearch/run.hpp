#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "cosearch/config.hpp"

namespace autonba {

struct RunOptions {
  std::filesystem::path out;
  bool resume = false;                      // go on with an unfinished run
  std::optional<std::int64_t> pause_at;     // search step before which to stop, as Ctrl-C would
  const std::atomic<bool>* stop = nullptr;  // looked at in every step
  bool profile = false;                     // print what some steps of each phase spend their time on
  bool live = false;                        // progress may redraw its line
  std::string command;                      // as the user typed it, and the program's version: for the report
  std::string version;
};

/// Searches, derives and trains (docs/search.md); returns result.json. A finished run of the same configuration is not
/// run again. Throws Interrupted, with a checkpoint written, when stopped.
Json run(const Config& config, const RunOptions& options);

}  // namespace autonba
