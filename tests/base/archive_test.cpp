#include "base/archive.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/files.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;

class ArchiveFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  std::string complaint(const std::string& kind = "test/1") {
    try {
      read_archive(file_, kind);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no complaint";
  }

  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("autonba-archive-" + std::to_string(::getpid()));
  const Archive archive_ = {{"empty", ""}, {"bytes", std::string("a\n\0b", 4)}, {"state", "{}"}};
};

TEST_F(ArchiveFile, IsReadAsItWasWritten) {
  write_archive(file_, "test/1", archive_);
  EXPECT_EQ(read_archive(file_, "test/1"), archive_);
}

TEST_F(ArchiveFile, AnyFlippedByteAndAnyTruncationIsNoticed) {
  write_archive(file_, "test/1", archive_);
  const std::string good = read_file(file_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string flipped = good;
    flipped[i] ^= 1;
    write_file_whole(file_, flipped);
    EXPECT_THAT(complaint(), HasSubstr("is damaged")) << "byte " << i;
    write_file_whole(file_, good.substr(0, i));
    EXPECT_THAT(complaint(), HasSubstr("is damaged")) << "first " << i << " bytes";
  }
}

TEST_F(ArchiveFile, AnotherKindIsRefused) {
  write_archive(file_, "test/1", archive_);
  EXPECT_THAT(complaint("test/2"), HasSubstr("found a file of kind test/1, expected test/2"));
}

}  // namespace
}  // namespace autonba
