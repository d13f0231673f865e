#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace autonba {

/// The user's input is wrong (exit code 2). The message is one sentence that names the file, line or key, what was
/// found and what is allowed.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The input was fine and the work failed all the same: a full disk, NaN in the loss, nothing that fits (exit code 1).
class WorkError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The user stopped the program (exit code 130); a checkpoint has been written where there is something to keep.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `throw input_error("{}: {} is not between 2 and 8", key, value);`
template <typename... Args>
InputError input_error(fmt::format_string<Args...> format, Args&&... args) {
  return InputError(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
WorkError work_error(fmt::format_string<Args...> format, Args&&... args) {
  return WorkError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace autonba
