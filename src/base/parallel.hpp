#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace autonba {

/// Threads that wait for work: for tasks so short that starting a thread for them would take longer.
class Team {
 public:
  /// `threads` with the one that calls share_out.
  explicit Team(int threads) {
    try {
      for (int i = 1; i < threads; ++i) {
        others_.emplace_back([this] { help(); });
      }
    } catch (...) {  // as where the system allows no more threads: those that there are would wait for ever
      dismiss();
      throw;
    }
  }
  ~Team() { dismiss(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Runs task(0), …, task(count - 1) on all threads, in no particular order. `start()` returns the task of one thread,
  /// with what that thread keeps between calls. After an exception no more are begun, and it is thrown here. For one
  /// caller at a time. Does not wait for threads that have not begun when nothing is left, as on a busy machine.
  template <typename Start>
  void share_out(std::size_t count, Start start) {
    std::atomic<std::size_t> next = 0;
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const std::function<void()> work = [&] {
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
    offer(&work);
    work();
    withdraw();
    if (failure) {
      std::rethrow_exception(failure);
    }
  }

 private:
  void offer(const std::function<void()>* work) {
    const std::lock_guard lock(mutex_);
    work_ = work;
    ++offers_;
    changed_.notify_all();
  }

  void dismiss() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }

  void withdraw() {
    std::unique_lock lock(mutex_);
    work_ = nullptr;
    changed_.wait(lock, [this] { return helpers_ == 0; });
  }

  void help() {
    std::unique_lock lock(mutex_);
    for (std::int64_t taken = 0;;) {
      changed_.wait(lock, [&] { return is_over_ || (work_ != nullptr && offers_ != taken); });
      if (is_over_) {
        return;
      }
      const std::function<void()>& work = *work_;
      taken = offers_;
      ++helpers_;
      lock.unlock();
      work();
      lock.lock();
      if (--helpers_ == 0) {
        changed_.notify_all();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* work_ = nullptr;  // none: there is nothing to help with
  std::int64_t offers_ = 0;
  int helpers_ = 0;  // threads at work besides the caller's
  bool is_over_ = false;
  std::vector<std::jthread> others_;
};

/// Team::share_out with threads of its own.
template <typename Start>
void share_out(std::size_t count, int threads, Start start) {
  Team(threads).share_out(count, start);
}

}  // namespace autonba
