#include <algorithm>
#include <cctype>

#include "base/error.hpp"
#include "train/data/readers.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;

bool is_image_name(const fs::path& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".jpeg" || ending == ".jpg" || ending == ".png";
}

/// Names of the entries of `folder` that `wanted` accepts, sorted; other entries do not matter.
template <typename Wanted>
std::vector<std::string> sorted_names(const DatasetInfo& info, const fs::path& folder, Wanted wanted) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (wanted(*entry)) {
      names.push_back(entry->path().filename().string());
    }
  }
  if (error) {
    throw input_error("{}: the folder cannot be read: {}, {} needs {}; {}", folder.string(), error.message(), info.name,
                      info.layout, info.source);
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> class_folders(const DatasetInfo& info, const fs::path& folder) {
  std::vector<std::string> classes = sorted_names(info, folder, [](const auto& entry) {
    return entry.is_directory() && !entry.path().filename().string().starts_with('.');
  });
  if (classes.empty()) {
    throw input_error("{}: holds no folders, expected was one for each class; {}", folder.string(), info.source);
  }
  return classes;
}

ImageSet read_split(const DatasetInfo& info, const fs::path& folder, const ImageShape& shape,
                    const std::vector<std::string>& classes) {
  ImageSet set{.shape = shape, .classes = static_cast<int>(classes.size()), .labels = {}, .images = ImageFiles{}};
  ImageFiles& files = std::get<ImageFiles>(set.images);
  for (int label = 0; label < set.classes; ++label) {
    const fs::path class_folder = folder / classes[label];
    const std::vector<std::string> names = sorted_names(
        info, class_folder, [](const auto& entry) { return is_image_name(entry.path()) && entry.is_regular_file(); });
    if (names.empty()) {
      throw input_error("{}: holds no images (.JPEG, .jpg or .png); {}", class_folder.string(), info.source);
    }
    for (const std::string& name : names) {
      files.push_back((class_folder / name).string());
      set.labels.push_back(label);
    }
  }
  return set;
}

}  // namespace

Dataset read_image_folders(const DatasetInfo& info, const fs::path& folder, const ImageShape& shape) {
  const std::vector<std::string> classes = class_folders(info, folder / "train");
  const std::vector<std::string> test_classes = class_folders(info, folder / "val");
  std::vector<std::string> only_in_one;
  std::ranges::set_symmetric_difference(classes, test_classes, std::back_inserter(only_in_one));
  if (!only_in_one.empty()) {
    throw input_error("{}: train and val must have the same class folders, but `{}` is in one of them only; {}",
                      folder.string(), only_in_one.front(), info.source);
  }
  return {.class_names = classes,
          .train = read_split(info, folder / "train", shape, classes),
          .test = read_split(info, folder / "val", shape, classes)};
}

}  // namespace autonba
