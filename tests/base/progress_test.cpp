#include "base/progress.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace autonba {
namespace {

/// Calls from four threads at once; returns what reached stderr.
std::string shown_by(bool live) {
  testing::internal::CaptureStderr();
  {
    Progress progress(live);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&progress, t] {
        for (int i = 0; i < 200; ++i) {
          progress.update("live " + std::to_string(t));
          if (i % 100 == 0) {
            progress.milestone("milestone " + std::to_string(t) + "." + std::to_string(i));
          }
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Progress, EveryMilestoneIsShownOnceAndWhole) {
  for (const bool live : {false, true}) {
    const std::string shown = shown_by(live);
    for (const char* line : {"milestone 0.0\n", "milestone 3.100\n", "milestone 2.0\n"}) {
      const std::size_t place = shown.find(line);
      EXPECT_NE(place, std::string::npos) << line;
      EXPECT_EQ(shown.find(line, place + 1), std::string::npos) << line;
    }
  }
}

TEST(Progress, PlainOutputHasNoLiveLineAndNoControlCodes) {
  const std::string shown = shown_by(false);
  EXPECT_EQ(shown.find("live"), std::string::npos);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.find('\r'), std::string::npos);
}

TEST(SecondsLeft, FollowsTheShareDone) {
  EXPECT_DOUBLE_EQ(seconds_left(30, 0.25), 90);
  EXPECT_DOUBLE_EQ(seconds_left(30, 0), 0);
}

}  // namespace
}  // namespace autonba
