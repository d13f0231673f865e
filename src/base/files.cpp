#include "base/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/error.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;

/// A file descriptor that is closed at the end of its scope.
class Descriptor {
 public:
  Descriptor(const fs::path& file, int flags) : value_(::open(file.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return false;
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string read_file(const fs::path& file) {
  std::error_code unknown;  // opening it says why
  if (fs::is_directory(file, unknown)) {
    throw input_error("{}: is a folder, a file was expected", file.string());
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw input_error("{}: cannot be read: {}", file.string(), std::strerror(errno));
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void write_file_whole(const fs::path& file, std::string_view content) {
  const fs::path temporary = file.string() + ".part";
  {
    const Descriptor descriptor(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (descriptor.value() < 0 || !write_all(descriptor.value(), content) || ::fsync(descriptor.value()) != 0) {
      const std::string reason = std::strerror(errno);
      ::unlink(temporary.c_str());
      throw work_error("{}: cannot be written: {}", file.string(), reason);
    }
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    ::unlink(temporary.c_str());
    throw work_error("{}: cannot be replaced: {}", file.string(), reason);
  }
  // The rename itself must survive a power cut: sync the folder that holds the name.
  const Descriptor folder(file.has_parent_path() ? file.parent_path() : fs::path("."), O_RDONLY | O_DIRECTORY);
  if (folder.value() >= 0) {
    ::fsync(folder.value());
  }
}

void append_line(const fs::path& file, std::string_view line) {
  const Descriptor descriptor(file, O_WRONLY | O_CREAT | O_APPEND);
  if (descriptor.value() < 0 || !write_all(descriptor.value(), std::string(line) + "\n")) {
    throw work_error("{}: cannot be written: {}", file.string(), std::strerror(errno));
  }
}

void make_writable_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw input_error("{}: the folder cannot be made: {}", folder.string(), error.message());
  }
  if (!fs::is_directory(folder)) {
    throw input_error("{}: is a file, a folder was expected", folder.string());
  }
  const fs::path probe = folder / ".probe";
  const Descriptor descriptor(probe, O_WRONLY | O_CREAT | O_TRUNC);
  if (descriptor.value() < 0) {
    throw input_error("{}: the folder cannot be written to: {}", folder.string(), std::strerror(errno));
  }
  ::unlink(probe.c_str());
}

FolderLock::FolderLock(const fs::path& folder) {
  descriptor_ = ::open((folder / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw input_error("{}: the folder cannot be written to: {}", folder.string(), std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw input_error("{}: another autonba is working in this folder; wait for it or name another one with --out",
                      folder.string());
  }
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

fs::path configs_folder() {
  if (const char* named = std::getenv("AUTONBA_CONFIGS")) {
    return named;
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (fs::path folder = program.parent_path(); !folder.empty() && folder != folder.root_path();
       folder = folder.parent_path()) {
    for (const fs::path& candidate : {folder / "configs", folder / "share" / "autonba" / "configs"}) {
      if (fs::is_directory(candidate / "platforms")) {
        return candidate;
      }
    }
  }
  fs::path installed = AUTONBA_INSTALLED_CONFIGS;
  if (fs::is_directory(installed / "platforms")) {
    return installed;
  }
  throw input_error("the folder configs/ was found neither above {} nor as {}; set AUTONBA_CONFIGS to where it is",
                    program.string(), installed.string());
}

}  // namespace autonba
