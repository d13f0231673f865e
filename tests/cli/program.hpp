#pragma once

#include <csignal>
#include <string>
#include <vector>

namespace autonba {

/// What a finished process left.
struct Finished {
  int code = 0;  // exit code, or 128 + signal
  std::string out;
  std::string err;
};

/// Runs the program under test to its end. With `signal`, it is sent once `marker` has appeared on stderr.
Finished run_program(const std::vector<std::string>& arguments, const std::string& marker = "", int signal = SIGINT);

}  // namespace autonba
