#include <gmock/gmock.h>
#include <zlib.h>

#include "base/error.hpp"
#include "data_files.hpp"
#include "train/data/dataset.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Pixel at (row, column) of image i in the files below.
std::uint8_t expected_pixel(int image, int row, int column) {
  return static_cast<std::uint8_t>(37 * image + 5 * row + column);
}

/// Headers as the format's description gives them: 00 00 08 03, count, 28, 28.
Bytes idx_images(int count) {
  Bytes bytes = {0, 0, 8, 3, 0, 0, 0, static_cast<std::uint8_t>(count), 0, 0, 0, 28, 0, 0, 0, 28};
  for (int i = 0; i < count * 784; ++i) {
    bytes.push_back(expected_pixel(i / 784, i % 784 / 28, i % 28));
  }
  return bytes;
}

Bytes idx_labels(const Bytes& labels) {
  Bytes bytes = {0, 0, 8, 1, 0, 0, 0, static_cast<std::uint8_t>(labels.size())};
  bytes.insert(bytes.end(), labels.begin(), labels.end());
  return bytes;
}

void write_gzip(const fs::path& file, const Bytes& bytes) {
  const gzFile stream = gzopen(file.c_str(), "wb");
  ASSERT_NE(stream, nullptr);
  ASSERT_EQ(gzwrite(stream, bytes.data(), static_cast<unsigned>(bytes.size())), static_cast<int>(bytes.size()));
  ASSERT_EQ(gzclose(stream), Z_OK);
}

class FashionMnist : public testing::Test {
 protected:
  void SetUp() override {
    write_gzip(folder() / "train-images-idx3-ubyte.gz", idx_images(3));
    write_gzip(folder() / "train-labels-idx1-ubyte.gz", idx_labels({9, 0, 4}));
    write_bytes(folder() / "t10k-images-idx3-ubyte", idx_images(2));
    write_bytes(folder() / "t10k-labels-idx1-ubyte", idx_labels({7, 1}));
  }
  const fs::path& folder() const { return folder_.path(); }
  Dataset load() const { return load_dataset("fashion-mnist", {.folder = folder()}); }
  std::string complaint_of_load() const {
    return complaint<InputError>([&] { load(); });
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(FashionMnist, IsReadFromGzipAndFromPlainFiles) {
  const Dataset dataset = load();
  EXPECT_THAT(dataset.train.labels, ElementsAre(9, 0, 4));
  EXPECT_THAT(dataset.test.labels, ElementsAre(7, 1));
  EXPECT_EQ(dataset.train.shape, (ImageShape{.channels = 1, .height = 28, .width = 28, .shorter_side = 28}));
  EXPECT_EQ(dataset.class_names.size(), 10U);
  const Pixels& pixels = std::get<Pixels>(dataset.train.images);
  ASSERT_EQ(pixels.size(), 3U * 784);
  for (int i = 0; i < 3 * 784; ++i) {
    ASSERT_EQ(pixels[i], expected_pixel(i / 784, i % 784 / 28, i % 28)) << "at " << i;
  }
}

TEST_F(FashionMnist, AMissingFileIsNamedWithThePackageThatHoldsIt) {
  fs::remove(folder() / "t10k-labels-idx1-ubyte");
  EXPECT_THAT(complaint_of_load(), AllOf(HasSubstr((folder() / "t10k-labels-idx1-ubyte").string()),
                                         HasSubstr("is missing"), HasSubstr("apt install dataset-fashion-mnist")));
}

TEST_F(FashionMnist, AMissingFolderIsNamed) {
  EXPECT_THAT(complaint<InputError>([&] { load_dataset("fashion-mnist", {.folder = folder() / "none"}); }),
              AllOf(HasSubstr("none: there is no such folder"), HasSubstr("train-images-idx3-ubyte")));
}

TEST_F(FashionMnist, ATruncatedGzipIsRefused) {
  const fs::path file = folder() / "train-images-idx3-ubyte.gz";
  const Bytes whole = read_bytes(file);
  for (const std::size_t kept : {whole.size() / 2, whole.size() - 1, std::size_t{5}}) {
    write_bytes(file, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(kept)));
    EXPECT_THAT(complaint_of_load(), HasSubstr(file.string())) << kept << " of " << whole.size() << " bytes";
  }
}

TEST_F(FashionMnist, AGzipWithAChangedByteIsRefused) {
  const fs::path file = folder() / "train-images-idx3-ubyte.gz";
  Bytes bytes = read_bytes(file);
  bytes[bytes.size() - 6] ^= 1;  // of the checksum at the end
  write_bytes(file, bytes);
  EXPECT_THAT(complaint_of_load(), AllOf(HasSubstr(file.string()), HasSubstr("cannot be unpacked as gzip")));
}

TEST_F(FashionMnist, AWrongMagicNumberIsShown) {
  write_bytes(folder() / "t10k-images-idx3-ubyte", idx_labels({1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_THAT(complaint_of_load(),
              AllOf(HasSubstr("t10k-images-idx3-ubyte"), HasSubstr("starts with 0x00000801"), HasSubstr("0x00000803")));
}

TEST_F(FashionMnist, ImagesOfAnotherSizeAreRefused) {
  Bytes bytes = idx_images(2);
  bytes[11] = 27;
  write_bytes(folder() / "t10k-images-idx3-ubyte", bytes);
  EXPECT_THAT(complaint_of_load(), AllOf(HasSubstr("t10k-images-idx3-ubyte"), HasSubstr("27×28")));
}

TEST_F(FashionMnist, AHeaderThatDoesNotFitTheSizeIsRefused) {
  for (const int change : {-1, 1}) {
    Bytes bytes = idx_images(2);
    bytes.resize(bytes.size() + change);
    write_bytes(folder() / "t10k-images-idx3-ubyte", bytes);
    EXPECT_THAT(complaint_of_load(),
                AllOf(HasSubstr("t10k-images-idx3-ubyte"), HasSubstr("announces 2 images and so 1584 bytes")));
  }
}

TEST_F(FashionMnist, AnEmptyFileIsRefused) {
  write_bytes(folder() / "t10k-images-idx3-ubyte", {});
  EXPECT_THAT(complaint_of_load(), AllOf(HasSubstr("t10k-images-idx3-ubyte"), HasSubstr("holds 0 bytes")));
  write_bytes(folder() / "t10k-images-idx3-ubyte", idx_images(0));
  EXPECT_THAT(complaint_of_load(), AllOf(HasSubstr("t10k-images-idx3-ubyte"), HasSubstr("announces 0 images")));
}

TEST_F(FashionMnist, LabelsAndImagesMustBeEquallyMany) {
  write_bytes(folder() / "t10k-labels-idx1-ubyte", idx_labels({7, 1, 2}));
  EXPECT_THAT(complaint_of_load(), AllOf(HasSubstr("t10k-labels-idx1-ubyte"), HasSubstr("3 labels for the 2 images")));
}

TEST_F(FashionMnist, ALabelOutOfRangeIsNamed) {
  write_bytes(folder() / "t10k-labels-idx1-ubyte", idx_labels({7, 10}));
  EXPECT_THAT(complaint_of_load(),
              AllOf(HasSubstr("t10k-labels-idx1-ubyte"), HasSubstr("the label of image 1 is 10"), HasSubstr("0 to 9")));
}

TEST(FashionMnistOfDebian, HasBalancedClassesAsItsDescriptionSays) {
  const DatasetInfo& info = dataset_info("fashion-mnist");
  if (!fs::exists(info.default_folder)) {
    GTEST_SKIP() << info.default_folder << " does not exist: apt install dataset-fashion-mnist";
  }
  const Dataset dataset = load_dataset("fashion-mnist", {});
  EXPECT_EQ(image_count(dataset.train), 60000);
  EXPECT_EQ(image_count(dataset.test), 10000);
  EXPECT_EQ(std::get<Pixels>(dataset.train.images).size(), std::size_t{60000} * 784);
  for (int label = 0; label < 10; ++label) {  // published: balanced classes
    EXPECT_EQ(std::ranges::count(dataset.train.labels, label), 6000);
    EXPECT_EQ(std::ranges::count(dataset.test.labels, label), 1000);
  }
}

TEST(KnownDatasets, AnUnknownNameListsThoseThatExist) {
  EXPECT_THAT(complaint<InputError>([] { load_dataset("mnist", {}); }),
              HasSubstr("there is no dataset `mnist`; choose fashion-mnist, cifar10, cifar100 or imagenet"));
}

TEST(KnownDatasets, WithoutADefaultFolderOneMustBeNamed) {
  EXPECT_THAT(
      complaint<InputError>([] { load_dataset("cifar10", {}); }),
      AllOf(HasSubstr("cifar10 needs --data FOLDER"), HasSubstr("https://www.cs.toronto.edu/~kriz/cifar.html")));
}

}  // namespace
}  // namespace autonba
