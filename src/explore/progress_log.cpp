#include "explore/progress_log.hpp"

#include <fmt/format.h>

#include "explore/engine.hpp"
#include "explore/target.hpp"

namespace autonba {

std::string ProgressLog::heading() const {
  return fmt::format("{:>8} {:>12} {:>14} {:>14} {:>9}   {}", "time", "nodes", "incumbent", "bound", "gap",
                     words_of(objective_).unit);
}

std::optional<std::string> ProgressLog::line(double seconds, std::int64_t nodes, std::optional<double> value,
                                             double bound) {
  const auto shown = [&](double of) { return of > 0 ? fmt::format("{:.6g}", in_unit(objective_, of)) : "-"; };
  const std::string text =
      fmt::format("{:>7.1f}s {:>12} {:>14} {:>14} {:>9}", seconds, nodes, value ? shown(*value) : "-", shown(bound),
                  value ? fmt::format("{:.2f}%", 100 * gap_of(*value, bound)) : "-");
  if (last_seconds_ && value == last_value_ && seconds < *last_seconds_ + 1) {
    held_back_ = text;
    return std::nullopt;
  }
  last_seconds_ = seconds;
  last_value_ = value;
  held_back_.reset();
  return text;
}

}  // namespace autonba
