#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace autonba {

/// What a piece of work has to do at least.
struct Work {
  double flops = 0;   // floating-point operations
  double bytes = 0;   // what is read and what is written, once each
  std::string shape;  // for people
};

/// Something that was timed. Times in nanoseconds since the profile began.
struct TimedEvent {
  const char* phase = "";  // name of the outermost one of its thread that it lies in, or its own
  const char* name = "";
  Work work;
  int thread = 0;  // from 0, in the order in which threads came
  std::int64_t begin = 0;
  std::int64_t duration = 0;
  std::int64_t own = 0;  // of the duration, without what was timed within
};

/// While one lives, whatever is Timed is recorded. One at a time.
class Profile {
 public:
  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// What has ended so far, in the order of the ends.
  std::vector<TimedEvent> events() const;
};

/// Times its own life, where a Profile is alive; else it costs next to nothing. Those of a thread nest.
class Timed {
 public:
  /// `name` is a literal.
  explicit Timed(const char* name) {
    if (recording.load(std::memory_order_relaxed)) {
      begin(name, {});
    }
  }
  /// `describe` returns the Work, and is only called where a Profile is alive.
  template <typename Describe>
  Timed(const char* name, const Describe& describe) {
    if (recording.load(std::memory_order_relaxed)) {
      begin(name, describe());
    }
  }
  ~Timed() {
    if (is_recorded_) {
      end();
    }
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  friend class Profile;
  static std::atomic<bool> recording;

  void begin(const char* name, Work work);
  void end();

  bool is_recorded_ = false;
  TimedEvent event_;
  std::int64_t inner_ = 0;  // nanoseconds of what was timed within
  Timed* outer_ = nullptr;
};

/// What a machine does at best.
struct Roof {
  double flops_per_second = 0;
  double bytes_per_second = 0;

  /// The least time that `work` can take.
  double seconds(const Work& work) const;
};

/// Events with the same phase and name, and shape where that is asked for, together.
struct ProfileRow {
  std::string phase, name, shape;
  std::int64_t calls = 0;
  double seconds = 0;  // own time
  double flops = 0;
  double bytes = 0;
  double roof_seconds = 0;  // Σ Roof::seconds
};

/// The largest of a phase first; phases in the order in which they began.
std::vector<ProfileRow> profile_rows(const std::vector<TimedEvent>& events, const Roof& roof, bool by_shape);

/// A table for the terminal: milliseconds of a step, rates, and the share of the roof, phase by phase.
std::string profile_text(const std::vector<ProfileRow>& rows, std::int64_t steps, const Roof& roof);

/// For chrome://tracing or Perfetto: {traceEvents: […]}, times in microseconds.
Json chrome_trace(const std::vector<TimedEvent>& events);

}  // namespace autonba
