#include "base/parallel.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "base/error.hpp"

namespace autonba {
namespace {

TEST(ShareOut, RunsEveryTaskOnce) {
  for (const int threads : {1, 2, 7}) {
    std::vector<int> runs(1000, 0);
    std::atomic<int> started = 0;
    share_out(runs.size(), threads, [&] {
      ++started;
      return [&](std::size_t i) { ++runs[i]; };
    });
    EXPECT_THAT(runs, testing::Each(1));
    EXPECT_EQ(started, threads);
  }
}

TEST(ShareOut, ThrowsWhatATaskThrows) {
  std::atomic<int> done = 0;
  const auto start = [&] {
    return [&](std::size_t i) {
      if (i == 10) {
        throw work_error("task {}", i);
      }
      ++done;
    };
  };
  EXPECT_THROW(share_out(1'000'000, 2, start), WorkError);
  EXPECT_LT(done, 1'000'000);
}

}  // namespace
}  // namespace autonba
