#include "base/text.hpp"

#include <gtest/gtest.h>

namespace autonba {
namespace {

TEST(Nearest, FindsWhatTheUserMeant) {
  const std::vector<std::string> keys = {"epochs", "batch", "learning_rate"};
  EXPECT_EQ(nearest("epoch", keys), "epochs");
  EXPECT_EQ(nearest("learing_rate", keys), "learning_rate");
  EXPECT_EQ(nearest("colour", keys), std::nullopt);
}

TEST(AnyOf, ReadsAsASentence) {
  EXPECT_EQ(any_of(std::vector<std::string>{"a"}), "a");
  EXPECT_EQ(any_of(std::vector<std::string>{"a", "b", "c"}), "a, b or c");
}

TEST(SpokenDuration, UsesTheUnitsAPersonWould) {
  EXPECT_EQ(spoken_duration(12.4), "12 s");
  EXPECT_EQ(spoken_duration(185), "3 min 05 s");
  EXPECT_EQ(spoken_duration(7800), "2 h 10 min");
}

TEST(Grouped, SetsDigitsInThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-123456), "-123,456");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace autonba
