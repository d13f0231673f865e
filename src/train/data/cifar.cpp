#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "train/data/readers.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;

/// Appends the records of one file: label bytes (CIFAR-100: coarse, then fine, the one that is used), then the red,
/// green and blue plane, each [row][column].
void append_file(const DatasetInfo& info, const fs::path& file, ImageSet& set) {
  if (!fs::exists(file)) {
    throw input_error("{}: is missing; {}", file.string(), info.source);
  }
  const std::string bytes = read_file(file);
  const std::size_t label_bytes = info.classes == 100 ? 2 : 1;
  const std::size_t plane = static_cast<std::size_t>(info.shape.height) * info.shape.width;
  const std::size_t record = label_bytes + 3 * plane;
  if (bytes.empty() || bytes.size() % record != 0) {
    throw input_error(
        "{}: holds {} bytes, not a whole number of records of {} bytes, so it is truncated or not a file of "
        "{}; {}",
        file.string(), bytes.size(), record, info.name, info.source);
  }
  Pixels& pixels = std::get<Pixels>(set.images);
  pixels.reserve(pixels.size() + bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    const int label = static_cast<unsigned char>(bytes[at + label_bytes - 1]);
    if (label >= info.classes) {
      throw input_error("{}: the label of image {} is {}, allowed are 0 to {}; {}", file.string(), at / record, label,
                        info.classes - 1, info.source);
    }
    set.labels.push_back(label);
    const char* red = bytes.data() + at + label_bytes;
    for (std::size_t pixel = 0; pixel < plane; ++pixel) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        pixels.push_back(static_cast<std::uint8_t>(red[channel * plane + pixel]));
      }
    }
  }
}

ImageSet read_files(const DatasetInfo& info, const fs::path& folder, const std::vector<std::string>& names) {
  ImageSet set{.shape = info.shape, .classes = info.classes, .labels = {}, .images = Pixels{}};
  for (const std::string& name : names) {
    append_file(info, folder / name, set);
  }
  return set;
}

std::vector<std::string> cifar100_names(const DatasetInfo& info, const fs::path& folder) {
  const fs::path file = folder / "fine_label_names.txt";
  std::vector<std::string> names;
  if (!fs::exists(file)) {
    for (int label = 0; label < info.classes; ++label) {
      names.push_back(std::to_string(label));
    }
    return names;
  }
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    names.push_back(line);
  }
  if (static_cast<int>(names.size()) != info.classes) {
    throw input_error("{}: holds {} names, expected were {}; {}", file.string(), names.size(), info.classes,
                      info.source);
  }
  return names;
}

}  // namespace

Dataset read_cifar(const DatasetInfo& info, const fs::path& folder) {
  const bool fine = info.classes == 100;
  const fs::path unpacked = folder / (fine ? "cifar-100-binary" : "cifar-10-batches-bin");
  const fs::path& place = fs::is_directory(unpacked) ? unpacked : folder;
  if (fine) {
    return {.class_names = cifar100_names(info, place),
            .train = read_files(info, place, {"train.bin"}),
            .test = read_files(info, place, {"test.bin"})};
  }
  return {.class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
          .train = read_files(
              info, place,
              {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}),
          .test = read_files(info, place, {"test_batch.bin"})};
}

}  // namespace autonba
