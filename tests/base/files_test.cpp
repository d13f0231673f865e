#include "base/files.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/error.hpp"
#include "base/json.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Files : public testing::Test {
 protected:
  void SetUp() override { make_writable_folder(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  const fs::path folder_ = fs::temp_directory_path() / ("autonba-files-" + std::to_string(::getpid()));
};

TEST_F(Files, AreReadAsTheyWereWritten) {
  const std::string content("a\0b\n", 4);
  write_file_whole(folder_ / "x", content);
  EXPECT_EQ(read_file(folder_ / "x"), content);
  EXPECT_FALSE(fs::exists(folder_ / "x.part"));
}

TEST_F(Files, AWriteThatFailsLeavesTheOldContent) {
  write_file_whole(folder_ / "x", "old");
  fs::create_directory(folder_ / "x.part");  // in the way of the temporary file
  EXPECT_THROW(write_file_whole(folder_ / "x", "new"), WorkError);
  EXPECT_EQ(read_file(folder_ / "x"), "old");
}

TEST_F(Files, AFullDiskIsAWorkErrorThatSaysSo) {
  if (!fs::exists("/dev/full")) {
    GTEST_SKIP() << "this system has no /dev/full";
  }
  EXPECT_THAT([&] { append_line("/dev/full", "line"); },
              ThrowsMessage<WorkError>(HasSubstr("No space left on device")));
}

TEST_F(Files, AMissingFileIsNamed) {
  EXPECT_THAT([&] { read_file(folder_ / "none"); }, ThrowsMessage<InputError>(HasSubstr("none: cannot be read")));
}

TEST_F(Files, AFolderThatIsAFileIsNamed) {
  write_file_whole(folder_ / "x", "");
  EXPECT_THAT([&] { make_writable_folder(folder_ / "x" / "y"); }, ThrowsMessage<InputError>(HasSubstr("x/y")));
}

TEST_F(Files, AFolderIsHeldByOneProcessAtATime) {
  const auto lock_in_child = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        const FolderLock lock(folder_);
        ::_exit(0);
      } catch (const InputError&) {
        ::_exit(2);
      }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  {
    const FolderLock lock(folder_);
    EXPECT_EQ(lock_in_child(), 2);
  }
  EXPECT_EQ(lock_in_child(), 0);
}

TEST_F(Files, JsonOfAnotherSchemaIsRefused) {
  write_json(folder_ / "a.json", "autonba.test/1", {{"value", 3}});
  EXPECT_EQ(read_json(folder_ / "a.json", "autonba.test/1")["value"], 3);
  EXPECT_THAT([&] { read_json(folder_ / "a.json", "autonba.other/1"); },
              ThrowsMessage<InputError>(HasSubstr("found autonba.test/1, expected autonba.other/1")));
}

TEST_F(Files, DamagedJsonIsNamed) {
  write_file_whole(folder_ / "a.json", "{\"schema\": ");
  EXPECT_THAT([&] { read_json(folder_ / "a.json", "x"); },
              ThrowsMessage<InputError>(HasSubstr("a.json: is not valid JSON")));
  const std::string brackets(200'000, '[');
  write_file_whole(folder_ / "a.json", "{\"schema\": " + brackets + std::string(brackets.size(), ']') + "}");
  EXPECT_THAT([&] { read_json(folder_ / "a.json", "x"); },
              ThrowsMessage<InputError>(HasSubstr("a.json: is nested more than 100 deep")));
}

TEST(JsonValue, IsOfItsTypeAsItStands) {
  const Json object = Json::parse(
      R"({"a": 4294967304, "b": 28.9, "c": true, "d": 1e300, "e": [1, 2, 3], "f": [1, 2.5], "g": -1, "h": 3, "i": [1, 2]})");
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    EXPECT_THROW(json_value<int>(object, key, "test"), InputError) << key;
  }
  EXPECT_EQ(json_value<std::int64_t>(object, "a", "test"), 4294967304);
  EXPECT_EQ(json_value<double>(object, "h", "test"), 3);
  EXPECT_THROW(json_value<std::size_t>(object, "g", "test"), InputError);
  EXPECT_THROW((json_value<std::array<int, 2>>(object, "e", "test")), InputError);
  EXPECT_THROW((json_value<std::pair<int, int>>(object, "f", "test")), InputError);
  EXPECT_THROW(json_value<std::vector<int>>(object, "f", "test"), InputError);
  EXPECT_EQ((json_value<std::pair<int, int>>(object, "i", "test")), std::pair(1, 2));
  EXPECT_THROW(json_value<bool>(object, "h", "test"), InputError);
  const Json list = {{"key", std::string(1000, 'x')}};
  EXPECT_THAT([&] { json_value<int>(list, "key", "test"); },
              ThrowsMessage<InputError>(testing::AllOf(
                  HasSubstr("test: the key `key` has the wrong type or range: \"xxx"),
                  testing::ResultOf([](const std::string& what) { return what.size(); }, testing::Lt(200U)))));
}

TEST(JsonText, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(json_text({{"name", "caf\xe9"}}), "{\"name\":\"caf\uFFFD\"}");
}

}  // namespace
}  // namespace autonba
