#include "base/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

namespace autonba {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

void wait_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

/// An event of the given milliseconds of its own.
TimedEvent event(const char* phase, const char* name, double ms, Work work = {}) {
  const auto nanoseconds = static_cast<std::int64_t>(1e6 * ms);
  return {.phase = phase, .name = name, .work = std::move(work), .duration = nanoseconds, .own = nanoseconds};
}

constexpr Roof roof{.flops_per_second = 1e11, .bytes_per_second = 1e10};

TEST(Timed, IsRecordedOnlyWhileAProfileLives) {
  bool described = false;
  const auto describe = [&] {
    described = true;
    return Work{};
  };
  { const Timed before("before", describe); }
  EXPECT_FALSE(described);
  const Profile profile;
  { const Timed during("during", describe); }
  EXPECT_TRUE(described);
  ASSERT_THAT(profile.events(), SizeIs(1));
  EXPECT_STREQ(profile.events()[0].name, "during");
}

TEST(Timed, WhatBeganBeforeTheProfileIsLeftOut) {
  std::optional<Profile> profile(std::in_place);
  {
    const Timed across("across two profiles");
    profile.reset();
    profile.emplace();
  }
  EXPECT_THAT(profile->events(), IsEmpty());
}

TEST(Timed, OwnTimeIsWithoutWhatIsTimedWithin) {
  const Profile profile;
  {
    const Timed outer("outer");
    wait_ms(4);
    {
      const Timed inner("inner");
      wait_ms(8);
    }
  }
  const std::vector<TimedEvent> events = profile.events();
  ASSERT_THAT(events, SizeIs(2));
  const TimedEvent& inner = events[0];
  const TimedEvent& outer = events[1];
  EXPECT_STREQ(inner.phase, "outer");
  EXPECT_STREQ(outer.phase, "outer");
  EXPECT_GE(inner.duration, 8'000'000);
  EXPECT_EQ(inner.own, inner.duration);
  EXPECT_EQ(outer.own, outer.duration - inner.duration);
  EXPECT_GE(outer.own, 4'000'000);
  EXPECT_GE(inner.begin, outer.begin);
}

TEST(Timed, ThreadsHaveTheirOwnNesting) {
  const Profile profile;
  const Timed here("here");
  std::thread([] { const Timed there("there"); }).join();
  const std::vector<TimedEvent> events = profile.events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_STREQ(events[0].phase, "there");
}

TEST(ProfileRows, EventsOfOneNameAreAddedUp) {
  const std::vector<ProfileRow> rows =
      profile_rows({event("forward", "conv", 2, {1e8, 1e6, "a"}), event("forward", "conv", 4, {1e8, 5e6, "b"}),
                    event("backward", "conv", 1)},
                   roof, false);
  ASSERT_THAT(rows, SizeIs(2));
  const ProfileRow& forward = rows[0].phase == "forward" ? rows[0] : rows[1];
  EXPECT_EQ(forward.calls, 2);
  EXPECT_DOUBLE_EQ(forward.seconds, 6e-3);
  EXPECT_DOUBLE_EQ(forward.flops, 2e8);
  EXPECT_DOUBLE_EQ(forward.bytes, 6e6);
  // 1 ms of arithmetic, and once it is 0.5 ms of memory against 1 ms.
  EXPECT_DOUBLE_EQ(forward.roof_seconds, 2e-3);
}

TEST(ProfileRows, ShapesAreKeptApartWhereAskedFor) {
  const std::vector<TimedEvent> events = {event("forward", "conv", 2, {1, 1, "a"}),
                                          event("forward", "conv", 4, {1, 1, "b"})};
  EXPECT_THAT(profile_rows(events, roof, false), SizeIs(1));
  const std::vector<ProfileRow> rows = profile_rows(events, roof, true);
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].shape, "b");  // the slower one first
}

TEST(ProfileText, GivesMillisecondsOfAStepRatesAndTheShareOfTheRoof) {
  const std::vector<ProfileRow> rows =
      profile_rows({event("forward", "conv", 4, {2e8, 1e6, ""}), event("forward", "forward", 4)}, roof, false);
  const std::string text = profile_text(rows, 2, roof);
  EXPECT_THAT(text, HasSubstr("a step takes 4.0 ms; the roof is 100 GFLOP/s and 10.0 GB/s"));
  EXPECT_THAT(text, HasSubstr("2.00   50.0 %     0.5      50.0     0.2      50 %"));  // conv: half a call in a step
  EXPECT_THAT(text, HasSubstr("other"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

TEST(ChromeTrace, HasACompleteEventForEach) {
  TimedEvent one = event("forward", "conv", 2, {10, 20, "a"});
  one.begin = 5'000;
  one.thread = 3;
  const Json trace = chrome_trace({one, event("forward", "forward", 3)});
  EXPECT_EQ(trace["traceEvents"][0], Json::parse(R"({"name": "conv", "cat": "forward", "ph": "X", "ts": 5.0,
      "dur": 2000.0, "pid": 1, "tid": 3, "args": {"shape": "a", "flops": 10.0, "bytes": 20.0}})"));
  EXPECT_FALSE(trace["traceEvents"][1].contains("args"));
}

}  // namespace
}  // namespace autonba
