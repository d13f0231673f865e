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
    EXPECT_GE(started, 1);
    EXPECT_LE(started, threads);
  }
}

TEST(Team, RunsEveryTaskOnceInEveryRound) {
  Team team(3);
  std::vector<int> runs(50, 0);
  for (int round = 1; round <= 2000; ++round) {
    team.share_out(runs.size(), [&] { return [&](std::size_t i) { ++runs[i]; }; });
    ASSERT_THAT(runs, testing::Each(round));
  }
}

TEST(Team, WorksOnSeveralTasksAtATime) {
  Team team(2);
  std::atomic<int> begun = 0;
  team.share_out(2, [&] {
    return [&](std::size_t) {
      ++begun;
      while (begun < 2) {
        std::this_thread::yield();
      }
    };
  });
  EXPECT_EQ(begun, 2);
}

TEST(Team, GoesOnAfterAnException) {
  Team team(2);
  const auto fails = [] { return [](std::size_t i) { throw work_error("task {}", i); }; };
  EXPECT_THROW(team.share_out(10, fails), WorkError);
  std::atomic<int> done = 0;
  team.share_out(10, [&] { return [&](std::size_t) { ++done; }; });
  EXPECT_EQ(done, 10);
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
