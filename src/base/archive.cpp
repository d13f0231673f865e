// Layout: kind, newline; for each entry its name, newline, its size in decimal, newline, its bytes; then "crc32 ",
// eight hexadecimal digits over all before them, newline.
#include "base/archive.hpp"

#include <zlib.h>

#include <charconv>

#include "base/error.hpp"
#include "base/files.hpp"

namespace autonba {
namespace {

std::string checksum_line(std::string_view bytes) {
  uLong crc = ::crc32_z(0, nullptr, 0);
  crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return fmt::format("crc32 {:08x}\n", crc);
}

/// Takes bytes off the front of what is left; false once something does not fit.
class Reader {
 public:
  explicit Reader(std::string_view left) : left_(left) {}
  bool done() const { return left_.empty(); }

  bool line(std::string& text) {
    const std::size_t end = left_.find('\n');
    if (end == std::string_view::npos) {
      return false;
    }
    text = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return true;
  }

  bool bytes(std::size_t size, std::string& text) {
    if (size > left_.size()) {
      return false;
    }
    text = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view left_;
};

bool read_entry(Reader& reader, Archive& archive) {
  std::string name;
  std::string digits;
  std::size_t size = 0;
  if (!reader.line(name) || !reader.line(digits)) {
    return false;
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  return error == std::errc() && end == digits.data() + digits.size() && reader.bytes(size, archive[name]);
}

}  // namespace

void write_archive(const std::filesystem::path& file, std::string_view kind, const Archive& archive) {
  std::string text = fmt::format("{}\n", kind);
  for (const auto& [name, bytes] : archive) {
    text += fmt::format("{}\n{}\n", name, bytes.size());
    text += bytes;
  }
  text += checksum_line(text);
  write_file_whole(file, text);
}

Archive read_archive(const std::filesystem::path& file, std::string_view kind) {
  const std::string text = read_file(file);
  const std::size_t checksum_size = checksum_line("").size();
  const auto damaged = [&] {
    return input_error("{}: is damaged: its checksum does not fit its content", file.string());
  };
  if (text.size() < checksum_size) {
    throw damaged();
  }
  const std::string_view body(text.data(), text.size() - checksum_size);
  if (text.compare(body.size(), checksum_size, checksum_line(body)) != 0) {
    throw damaged();
  }
  Reader reader(body);
  std::string found;
  if (!reader.line(found) || found != kind) {
    throw input_error("{}: found a file of kind {}, expected {}", file.string(), found, kind);
  }
  Archive archive;
  while (!reader.done()) {
    if (!read_entry(reader, archive)) {
      throw damaged();
    }
  }
  return archive;
}

}  // namespace autonba
