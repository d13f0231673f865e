#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace autonba {

/// The whole content of `file`. Throws InputError naming the file and the system's reason.
std::string read_file(const std::filesystem::path& file);

/// Writes `content` to a temporary name beside `file`, syncs it and renames it, so that a reader (or a crash) sees the
/// old content or the new one, never a part. Throws WorkError naming the file and the system's reason (a full disk).
void write_file_whole(const std::filesystem::path& file, std::string_view content);

/// Appends one line and syncs nothing: for logs, of which the last line may be lost. Throws WorkError.
void append_line(const std::filesystem::path& file, std::string_view line);

/// Makes `folder` with its parents and tries to write in it. Throws InputError if that cannot be done.
void make_writable_folder(const std::filesystem::path& folder);

/// Holds `folder` for this process while it lives (flock on `folder`/.lock; the system frees it when the process dies).
/// Throws InputError if another process holds it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

/// Where autonba's own data (configs/) lies: $AUTONBA_CONFIGS where set, else the nearest configs/ or
/// share/autonba/configs/ above the program, else where the library was installed. Throws InputError if there is none.
std::filesystem::path configs_folder();

}  // namespace autonba
