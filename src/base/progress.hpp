#pragma once

#include <memory>
#include <string>

namespace autonba {

/// Live progress on stderr: one line that is redrawn while stderr is a terminal, else a plain line whenever something
/// is reported with `milestone`. All calls may come from any thread. One display at a time.
class Progress {
 public:
  /// `live` says whether lines may be redrawn; stderr_is_terminal() where nothing else is known.
  explicit Progress(bool live);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What the live line shows from now on; drawn at most ten times a second. Ignored where lines cannot be redrawn.
  void update(std::string line);
  /// A line that stays: above the live line on a terminal, plain elsewhere.
  void milestone(const std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

bool stderr_is_terminal();

/// Time left, from the share of the work that is done. Zero before anything is done.
double seconds_left(double seconds_so_far, double share_done);

}  // namespace autonba
