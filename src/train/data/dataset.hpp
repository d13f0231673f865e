#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "train/data/image.hpp"

namespace autonba {

/// What is known of a dataset before it is read (docs/datasets.md).
struct DatasetInfo {
  std::string name;
  ImageShape shape;            // imagenet: as for 224×224, see image_shape
  int classes = 0;             // 0: as many as there are folders
  std::string default_folder;  // where it lies unless the user says otherwise; empty: the user has to say
  std::string layout;          // the files that its folder holds
  std::string source;          // how to get it, as the end of a sentence
};

std::span<const DatasetInfo> known_datasets();

/// Throws InputError with the names that exist.
const DatasetInfo& dataset_info(std::string_view name);

/// Shape of the images that a network for the dataset reads. `image_size`, in pixels, is the choice of imagenet alone;
/// evaluation there resizes the shorter side to image_size·256/224.
ImageShape image_shape(std::string_view dataset, int image_size);

/// [image][row][column][channel] of images that are held in memory.
using Pixels = std::vector<std::uint8_t>;
/// [image] paths of images that are decoded when they are needed.
using ImageFiles = std::vector<std::string>;

/// One split of a dataset.
struct ImageSet {
  ImageShape shape;  // of every image as a network reads it
  int classes = 0;
  std::vector<int> labels;  // [image], 0 .. classes-1
  std::variant<Pixels, ImageFiles> images;
};

std::int64_t image_count(const ImageSet& set);

struct Dataset {
  std::vector<std::string> class_names;
  ImageSet train;
  ImageSet test;  // imagenet: its folder val
};

struct DatasetOptions {
  std::filesystem::path folder;  // empty: DatasetInfo::default_folder
  int image_size = 224;          // pixels, imagenet only
  std::int64_t max_images =
      0;  // at most so many of each split, the same ones every time, classes in proportion; 0: all
};

/// Reads a dataset, checked. Throws InputError that names the missing or damaged file, what was found and expected, and
/// how to get the data. Image files are found here, but decoded (and complained of) when they are needed.
Dataset load_dataset(std::string_view name, const DatasetOptions& options);

}  // namespace autonba
