#include "base/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

namespace autonba {
namespace {

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Shortens UTF-8 text to `width` characters, never inside one.
std::string cut(const std::string& line, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
    if (starts && ++characters > width) {
      return line.substr(0, i);
    }
  }
  return line;
}

}  // namespace

struct Progress::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::string line;
  bool live = false;
  bool changed = false;
  bool ending = false;
  std::thread drawer;

  void draw() { std::fprintf(stderr, "\r\x1b[2K%s", cut(line, terminal_width() - 1).c_str()); }

  void draw_until_the_end() {
    std::unique_lock lock(mutex);
    while (!ending) {
      wake.wait(lock, [&] { return changed || ending; });
      if (changed) {
        changed = false;
        draw();
      }
      wake.wait_for(lock, std::chrono::milliseconds(100), [&] { return ending; });
    }
  }
};

Progress::Progress(bool live) : state_(std::make_unique<State>()) {
  state_->live = live;
  if (live) {
    state_->drawer = std::thread([state = state_.get()] { state->draw_until_the_end(); });
  }
}

Progress::~Progress() {
  if (!state_->live) {
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->wake.notify_all();
  state_->drawer.join();
  std::fputs("\r\x1b[2K", stderr);
}

void Progress::update(std::string line) {
  if (!state_->live) {
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->line = std::move(line);
    state_->changed = true;
  }
  state_->wake.notify_all();
}

void Progress::milestone(const std::string& line) {
  const std::lock_guard lock(state_->mutex);
  if (state_->live) {
    std::fprintf(stderr, "\r\x1b[2K%s\n", line.c_str());
    state_->draw();
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

double seconds_left(double seconds_so_far, double share_done) {
  return share_done > 0 ? seconds_so_far * (1 - share_done) / share_done : 0;
}

}  // namespace autonba
