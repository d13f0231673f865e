#include "train/data/dataset.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "train/data/readers.hpp"
#include "train/data/split.hpp"

namespace autonba {
namespace {

const std::array<DatasetInfo, 4>& table() {
  static const std::array<DatasetInfo, 4> datasets{{
      {.name = "fashion-mnist",
       .shape = {.channels = 1, .height = 28, .width = 28, .shorter_side = 28},
       .classes = 10,
       .default_folder = "/usr/share/datasets/fashion-mnist",
       .layout = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, "
                 "each as it is or with .gz",
       .source =
           "get it with `apt install dataset-fashion-mnist` or from https://github.com/zalandoresearch/fashion-mnist"},
      {.name = "cifar10",
       .shape = {.channels = 3, .height = 32, .width = 32, .shorter_side = 32},
       .classes = 10,
       .default_folder = "",
       .layout = "data_batch_1.bin to data_batch_5.bin and test_batch.bin",
       .source = "get `CIFAR-10 binary version` from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it"},
      {.name = "cifar100",
       .shape = {.channels = 3, .height = 32, .width = 32, .shorter_side = 32},
       .classes = 100,
       .default_folder = "",
       .layout = "train.bin and test.bin",
       .source = "get `CIFAR-100 binary version` from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it"},
      {.name = "imagenet",
       .shape = {.channels = 3, .height = 224, .width = 224, .shorter_side = 256},
       .classes = 0,
       .default_folder = "",
       .layout = "train/CLASS/*.JPEG and val/CLASS/*.JPEG",
       .source = "get the ILSVRC 2012 images from https://www.image-net.org/download.php and sort both splits into a "
                 "folder for each class"},
  }};
  return datasets;
}

/// A part of the set in proportion to its classes, at most `count` images.
ImageSet limited(ImageSet set, std::int64_t count) {
  const std::int64_t all = image_count(set);
  if (count <= 0 || count >= all) {
    return set;
  }
  constexpr std::uint64_t fixed_seed = 0;
  const std::vector<std::int64_t> kept =
      split_balanced(set.labels, static_cast<double>(count) / static_cast<double>(all), fixed_seed).first;
  ImageSet result{.shape = set.shape, .classes = set.classes, .labels = {}, .images = {}};
  if (std::holds_alternative<ImageFiles>(set.images)) {
    result.images = ImageFiles{};
  }
  for (const std::int64_t image : kept) {
    result.labels.push_back(set.labels[image]);
    if (auto* files = std::get_if<ImageFiles>(&set.images)) {
      std::get<ImageFiles>(result.images).push_back(std::move((*files)[image]));
    } else {
      const auto size = static_cast<std::ptrdiff_t>(pixel_count(set.shape));
      const auto begin = std::get<Pixels>(set.images).begin() + image * size;
      Pixels& pixels = std::get<Pixels>(result.images);
      pixels.insert(pixels.end(), begin, begin + size);
    }
  }
  return result;
}

Dataset read(const DatasetInfo& info, const std::filesystem::path& folder, const ImageShape& shape) {
  if (info.name == "fashion-mnist") {
    return read_fashion_mnist(info, folder);
  }
  if (info.name == "imagenet") {
    return read_image_folders(info, folder, shape);
  }
  return read_cifar(info, folder);
}

}  // namespace

std::span<const DatasetInfo> known_datasets() {
  return table();
}

const DatasetInfo& dataset_info(std::string_view name) {
  const auto found = std::ranges::find(table(), name, &DatasetInfo::name);
  if (found == table().end()) {
    std::vector<std::string> names;
    std::ranges::transform(table(), std::back_inserter(names), &DatasetInfo::name);
    throw input_error("there is no dataset `{}`; choose {}", name, any_of(names));
  }
  return *found;
}

ImageShape image_shape(std::string_view dataset, int image_size) {
  const DatasetInfo& info = dataset_info(dataset);
  if (info.name != "imagenet") {
    return info.shape;
  }
  if (image_size < 1) {
    throw input_error("imagenet: an image size of {} pixels is not possible; choose 1 or more", image_size);
  }
  return {.channels = 3, .height = image_size, .width = image_size, .shorter_side = image_size * 256 / 224};
}

std::int64_t image_count(const ImageSet& set) {
  return static_cast<std::int64_t>(set.labels.size());
}

Dataset load_dataset(std::string_view name, const DatasetOptions& options) {
  const DatasetInfo& info = dataset_info(name);
  const std::filesystem::path folder =
      options.folder.empty() ? std::filesystem::path(info.default_folder) : options.folder;
  if (folder.empty()) {
    throw input_error("{} needs --data FOLDER, a folder with {}; {}", name, info.layout, info.source);
  }
  if (!std::filesystem::is_directory(folder)) {
    throw input_error("{}: there is no such folder, {} needs one with {}; {}", folder.string(), name, info.layout,
                      info.source);
  }
  Dataset dataset = read(info, folder, image_shape(name, options.image_size));
  dataset.train = limited(std::move(dataset.train), options.max_images);
  dataset.test = limited(std::move(dataset.test), options.max_images);
  return dataset;
}

}  // namespace autonba
