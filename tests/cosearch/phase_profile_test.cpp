#include "cosearch/phase_profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PhaseProfiles : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  /// Steps of a phase up to the one that gives the table, at most 100.
  static std::optional<std::string> table_of(PhaseProfile& profile, const std::string& phase) {
    for (int step = 0; step < 100; ++step) {
      { const Timed timed("forward"); }
      if (std::optional<std::string> table = profile.step_done(phase)) {
        return table;
      }
    }
    return {};
  }

  const fs::path folder_ = fs::temp_directory_path() / ("autonba-profile-" + std::to_string(::getpid()));
};

TEST_F(PhaseProfiles, EachPhaseGetsATableAndATrace) {
  PhaseProfile profile(true, folder_, "cpu");
  for (const char* phase : {"warmup", "search"}) {
    const std::optional<std::string> table = table_of(profile, phase);
    ASSERT_TRUE(table) << phase;
    EXPECT_THAT(*table, HasSubstr(std::string("20 steps of ") + phase));
    EXPECT_THAT(*table, HasSubstr("forward"));
    const Json trace = Json::parse(read_file(folder_ / (std::string("profile-") + phase + ".json")));
    EXPECT_EQ(trace["traceEvents"].size(), 20);
  }
  EXPECT_FALSE(table_of(profile, "search"));  // once is enough
}

TEST_F(PhaseProfiles, NothingIsRecordedUnlessWanted) {
  PhaseProfile profile(false, folder_, "cpu");
  EXPECT_FALSE(table_of(profile, "train"));
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace autonba
