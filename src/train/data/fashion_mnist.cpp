#include <zlib.h>

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "train/data/readers.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;

/// One IDX file: big-endian 32-bit words (magic, count, then the size of each further dimension), then a byte for each
/// element.
struct IdxFile {
  fs::path file;
  std::vector<std::uint8_t> bytes;
  std::size_t header_bytes = 0;
  std::uint32_t count = 0;
};

std::uint32_t big_endian_word(const std::vector<std::uint8_t>& bytes, std::size_t word) {
  const std::uint8_t* at = bytes.data() + 4 * word;
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | std::uint32_t{at[3]};
}

/// The content of a file, unpacked if it is gzip'd, whatever its name.
std::vector<std::uint8_t> read_unpacked(const DatasetInfo& info, const fs::path& file) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> stream(gzopen(file.c_str(), "rb"), gzclose);
  if (!stream) {
    throw input_error("{}: cannot be read; {}", file.string(), info.source);
  }
  constexpr unsigned chunk = 1 << 20;
  std::vector<std::uint8_t> bytes;
  int read = 0;
  do {
    const std::size_t size = bytes.size();
    bytes.resize(size + chunk);
    read = gzread(stream.get(), bytes.data() + size, chunk);
    bytes.resize(size + std::max(read, 0));
  } while (read > 0);
  int status = Z_OK;
  const char* reason = gzerror(stream.get(), &status);
  if (status != Z_OK && status != Z_STREAM_END) {
    throw input_error("{}: cannot be unpacked as gzip ({}), the file is truncated or damaged; {}", file.string(),
                      reason, info.source);
  }
  return bytes;
}

fs::path find_idx(const DatasetInfo& info, const fs::path& folder, const std::string& name) {
  for (const fs::path& candidate : {folder / (name + ".gz"), folder / name}) {
    if (fs::exists(candidate)) {
      return candidate;
    }
  }
  throw input_error("{}: is missing, as well as {}.gz; {}", (folder / name).string(), name, info.source);
}

/// Reads an IDX file of bytes whose elements have the size `dimensions` (empty: labels).
IdxFile read_idx(const DatasetInfo& info, const fs::path& folder, const std::string& name,
                 const std::vector<std::uint32_t>& dimensions) {
  const std::uint32_t magic = 0x00000801 + static_cast<std::uint32_t>(dimensions.size());  // bytes, 1 + dimensions
  IdxFile idx{.file = find_idx(info, folder, name), .bytes = {}, .header_bytes = 8 + 4 * dimensions.size(), .count = 0};
  idx.bytes = read_unpacked(info, idx.file);
  if (idx.bytes.size() < idx.header_bytes) {
    throw input_error("{}: holds {} bytes, too few for the header of an IDX file ({}); {}", idx.file.string(),
                      idx.bytes.size(), idx.header_bytes, info.source);
  }
  if (big_endian_word(idx.bytes, 0) != magic) {
    throw input_error("{}: starts with {:#010x}, not with {:#010x} as an IDX file of {} does; {}", idx.file.string(),
                      big_endian_word(idx.bytes, 0), magic, dimensions.empty() ? "labels" : "images", info.source);
  }
  std::size_t element_bytes = 1;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (big_endian_word(idx.bytes, 2 + i) != dimensions[i]) {
      throw input_error("{}: its images are {}×{}, expected were {}×{}; {}", idx.file.string(),
                        big_endian_word(idx.bytes, 2), big_endian_word(idx.bytes, 3), dimensions[0], dimensions[1],
                        info.source);
    }
    element_bytes *= dimensions[i];
  }
  idx.count = big_endian_word(idx.bytes, 1);
  const std::size_t expected = idx.header_bytes + idx.count * element_bytes;
  if (idx.count == 0 || idx.bytes.size() != expected) {
    throw input_error("{}: announces {} {} and so {} bytes, but holds {}; {}", idx.file.string(), idx.count,
                      dimensions.empty() ? "labels" : "images", expected, idx.bytes.size(), info.source);
  }
  return idx;
}

ImageSet read_split(const DatasetInfo& info, const fs::path& folder, const std::string& prefix) {
  const auto height = static_cast<std::uint32_t>(info.shape.height);
  const auto width = static_cast<std::uint32_t>(info.shape.width);
  IdxFile images = read_idx(info, folder, prefix + "-images-idx3-ubyte", {height, width});
  const IdxFile labels = read_idx(info, folder, prefix + "-labels-idx1-ubyte", {});
  if (images.count != labels.count) {
    throw input_error("{}: holds {} labels for the {} images of {}; {}", labels.file.string(), labels.count,
                      images.count, images.file.string(), info.source);
  }
  ImageSet set{.shape = info.shape, .classes = info.classes, .labels = {}, .images = Pixels{}};
  set.labels.assign(labels.bytes.begin() + static_cast<std::ptrdiff_t>(labels.header_bytes), labels.bytes.end());
  const auto wrong = std::ranges::find_if(set.labels, [&](int label) { return label >= info.classes; });
  if (wrong != set.labels.end()) {
    throw input_error("{}: the label of image {} is {}, allowed are 0 to {}; {}", labels.file.string(),
                      wrong - set.labels.begin(), *wrong, info.classes - 1, info.source);
  }
  images.bytes.erase(images.bytes.begin(), images.bytes.begin() + static_cast<std::ptrdiff_t>(images.header_bytes));
  set.images = std::move(images.bytes);
  return set;
}

}  // namespace

Dataset read_fashion_mnist(const DatasetInfo& info, const fs::path& folder) {
  return {.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
                          "Ankle boot"},
          .train = read_split(info, folder, "train"),
          .test = read_split(info, folder, "t10k")};
}

}  // namespace autonba
