#include "cosearch/phase_profile.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "train/bench.hpp"

namespace autonba {
namespace {

constexpr int warm_up = 10;  // steps that are not recorded
constexpr int recorded = 20;

}  // namespace

std::optional<std::string> PhaseProfile::step_done(const std::string& phase) {
  if (!wanted_) {
    return {};
  }
  if (phase != phase_) {
    profile_.reset();
    phase_ = phase;
    steps_ = 0;
  }
  ++steps_;
  if (steps_ == warm_up) {
    profile_.emplace();
  } else if (steps_ == warm_up + recorded) {
    const std::string table = finish(phase);
    profile_.reset();
    return table;
  }
  return {};
}

std::string PhaseProfile::finish(const std::string& phase) const {
  const std::vector<TimedEvent> events = profile_->events();
  const std::filesystem::path file = folder_ / ("profile-" + phase + ".json");
  write_file_whole(file, chrome_trace(events).dump());
  const Roof roof = measure_roof(device_);
  return fmt::format("{} steps of {}, on average (trace in {}):\n{}", recorded, phase, file.string(),
                     profile_text(profile_rows(events, roof, false), recorded, roof));
}

}  // namespace autonba
