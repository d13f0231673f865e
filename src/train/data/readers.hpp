#pragma once

#include <filesystem>

#include "train/data/dataset.hpp"

namespace autonba {

/// IDX files, gzip'd or plain, in `folder` (http://yann.lecun.com/exdb/mnist/ describes the format).
Dataset read_fashion_mnist(const DatasetInfo& info, const std::filesystem::path& folder);

/// CIFAR-10 or CIFAR-100 in the binary layout (https://www.cs.toronto.edu/~kriz/cifar.html), in `folder` or its
/// subfolder of the archive's name. CIFAR-100: fine labels, their names from fine_label_names.txt where that exists,
/// else numbers.
Dataset read_cifar(const DatasetInfo& info, const std::filesystem::path& folder);

/// JPEG and PNG files in `folder`/train/CLASS/ and `folder`/val/CLASS/; classes in the order of their names.
Dataset read_image_folders(const DatasetInfo& info, const std::filesystem::path& folder, const ImageShape& shape);

}  // namespace autonba
