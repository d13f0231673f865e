#pragma once

#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "base/json.hpp"

namespace autonba {

inline constexpr const char* checkpoint_kind = "autonba.checkpoint/1";

/// A run directory (docs/files.md), held by this process while the object lives.
class RunFolder {
 public:
  /// Makes `folder`, or takes up the run that is there. Throws InputError if it cannot be written to, another process
  /// holds it, it is not empty and no run, or it holds a run of another configuration that has started.
  RunFolder(std::filesystem::path folder, const std::string& config);

  bool started() const;   // something has been logged or saved before
  bool finished() const;  // result.json says how well the trained network does

  std::filesystem::path file(const std::string& name) const { return folder_ / name; }
  bool has(const std::string& name) const;

  Json result() const;
  void write_result(const Json& result) const;

  /// Appends a line to metrics.jsonl.
  void log(const Json& event) const;
  /// Size of metrics.jsonl in bytes, kept with a checkpoint; back_to() drops what was logged after it.
  std::uintmax_t log_size() const;
  void back_to(std::uintmax_t log_size) const;

 private:
  std::filesystem::path folder_;
  FolderLock lock_;
};

/// Stores `config` as the configuration of the run in `folder`, whose training is then to be done again: what the last
/// one wrote goes, in the result and metrics.jsonl too.
void change_training(const std::filesystem::path& folder, const std::string& config);

}  // namespace autonba
