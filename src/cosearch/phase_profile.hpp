#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/profile.hpp"

namespace autonba {

/// Profiles some steps of each phase of a run, once they are warm (docs/performance.md).
class PhaseProfile {
 public:
  /// Records nothing unless `wanted`. Traces are written into `folder`; the roof is that of `device`.
  PhaseProfile(bool wanted, std::filesystem::path folder, std::string device)
      : wanted_(wanted), folder_(std::move(folder)), device_(std::move(device)) {}

  /// To be called after every step, with the name of its phase. Returns the phase's table once its steps are recorded;
  /// their trace then lies in profile-PHASE.json.
  std::optional<std::string> step_done(const std::string& phase);

 private:
  std::string finish(const std::string& phase) const;

  bool wanted_;
  std::filesystem::path folder_;
  std::string device_;
  std::string phase_;  // of the last step
  int steps_ = 0;      // of it
  std::optional<Profile> profile_;
};

}  // namespace autonba
