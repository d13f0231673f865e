#include "program.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace autonba {
namespace {

/// Reads what is there; false at the end of the stream.
bool read_some(int descriptor, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return count > 0;
}

[[noreturn]] void become_program(const std::vector<std::string>& arguments, int out, int err) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  std::vector<char*> pointers = {const_cast<char*>(AUTONBA_PROGRAM)};
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  ::execv(AUTONBA_PROGRAM, pointers.data());
  ::_exit(127);
}

}  // namespace

Finished run_program(const std::vector<std::string>& arguments, const std::string& marker, int signal) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe(out.data()) != 0 || ::pipe(err.data()) != 0) {
    return {.code = 127, .out = {}, .err = "no pipe"};
  }
  const pid_t child = ::fork();
  if (child == 0) {
    become_program(arguments, out[1], err[1]);
  }
  ::close(out[1]);
  ::close(err[1]);

  Finished finished;
  bool waiting = !marker.empty();
  std::array<pollfd, 2> streams = {pollfd{out[0], POLLIN, 0}, pollfd{err[0], POLLIN, 0}};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    ::poll(streams.data(), streams.size(), -1);
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (streams[i].revents != 0 && !read_some(streams[i].fd, i == 0 ? finished.out : finished.err)) {
        streams[i].fd = -1;
      }
    }
    if (waiting && finished.err.find(marker) != std::string::npos) {
      ::kill(child, signal);
      waiting = false;
    }
  }
  ::close(out[0]);
  ::close(err[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  finished.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

}  // namespace autonba
