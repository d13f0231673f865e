#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "explore/objective.hpp"

namespace autonba {

/// Lines that show how far an engine is that proves: time, nodes, the best design's value (incumbent), the bound and
/// the gap between them, as solvers of integer programs print them.
class ProgressLog {
 public:
  explicit ProgressLog(Objective objective) : objective_(objective) {}

  std::string heading() const;

  /// The line for a state, or none where the last line was less than a second ago and the incumbent is the same.
  std::optional<std::string> line(double seconds, std::int64_t nodes, std::optional<double> value, double bound);

  /// The line that was held back last, if none has followed it: for the end of the search.
  std::optional<std::string> held_back() const { return held_back_; }

 private:
  Objective objective_;
  std::optional<double> last_seconds_;
  std::optional<double> last_value_;
  std::optional<std::string> held_back_;
};

}  // namespace autonba
