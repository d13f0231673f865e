#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace autonba {

/// Runs task(0), …, task(count - 1) on `threads` threads, this one among them, in no particular order. `start()`
/// returns the task of one thread, with what that thread keeps between calls. After an exception no more are begun, and
/// it is thrown here.
template <typename Start>
void share_out(std::size_t count, int threads, Start start) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    try {
      auto task = start();
      for (std::size_t i = next++; i < count; i = next++) {
        task(i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard lock(failure_mutex);
      failure = std::current_exception();
    }
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back(work);
  }
  work();
  others.clear();  // waits for them
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace autonba
