#include <gmock/gmock.h>

#include "base/error.hpp"
#include "data_files.hpp"
#include "train/data/dataset.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::uint8_t expected_pixel(int image, int channel, int row, int column) {
  return static_cast<std::uint8_t>(91 * image + 63 * channel + 3 * row + column);
}

/// Records of the official layout: label bytes, then 1024 red, 1024 green, 1024 blue values, row by row.
Bytes records(const std::vector<Bytes>& labels) {
  Bytes bytes;
  for (int image = 0; image < static_cast<int>(labels.size()); ++image) {
    bytes.insert(bytes.end(), labels[image].begin(), labels[image].end());
    for (int i = 0; i < 3072; ++i) {
      bytes.push_back(expected_pixel(image, i / 1024, i % 1024 / 32, i % 32));
    }
  }
  return bytes;
}

void expect_pixels(const ImageSet& set, int image_in_file, int image_in_set) {
  const Pixels& pixels = std::get<Pixels>(set.images);
  for (int i = 0; i < 3072; ++i) {
    ASSERT_EQ(pixels[image_in_set * 3072 + i], expected_pixel(image_in_file, i % 3, i / 96, i / 3 % 32)) << "at " << i;
  }
}

class Cifar : public testing::Test {
 protected:
  void SetUp() override {
    for (int file = 1; file <= 5; ++file) {
      const auto label = static_cast<std::uint8_t>(file);
      write_bytes(folder() / ("data_batch_" + std::to_string(file) + ".bin"), records({{label}, {0}}));
    }
    write_bytes(folder() / "test_batch.bin", records({{9}, {8}, {7}}));
    write_bytes(folder() / "train.bin", records({{19, 99}, {0, 50}}));
    write_bytes(folder() / "test.bin", records({{3, 1}}));
  }
  const fs::path& folder() const { return folder_.path(); }
  Dataset load(const std::string& name) const { return load_dataset(name, {.folder = folder()}); }
  std::string complaint_of_load(const std::string& name) const {
    return complaint<InputError>([&] { load(name); });
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(Cifar, TenClassesAreReadFromFiveFilesInOrder) {
  const Dataset dataset = load("cifar10");
  EXPECT_THAT(dataset.train.labels, ElementsAre(1, 0, 2, 0, 3, 0, 4, 0, 5, 0));
  EXPECT_THAT(dataset.test.labels, ElementsAre(9, 8, 7));
  EXPECT_EQ(dataset.train.shape, (ImageShape{.channels = 3, .height = 32, .width = 32, .shorter_side = 32}));
  expect_pixels(dataset.train, 0, 6);
  expect_pixels(dataset.train, 1, 7);
  expect_pixels(dataset.test, 2, 2);
}

TEST_F(Cifar, AHundredClassesTakeTheFineLabel) {
  const Dataset dataset = load("cifar100");
  EXPECT_THAT(dataset.train.labels, ElementsAre(99, 50));
  EXPECT_THAT(dataset.test.labels, ElementsAre(1));
  EXPECT_EQ(dataset.class_names[42], "42");
  expect_pixels(dataset.train, 1, 1);
}

TEST_F(Cifar, NamesOfAHundredClassesComeFromTheirFile) {
  std::string lines;
  for (int i = 0; i < 100; ++i) {
    lines += "class " + std::to_string(i) + "\n";
  }
  write_bytes(folder() / "fine_label_names.txt", Bytes(lines.begin(), lines.end()));
  EXPECT_EQ(load("cifar100").class_names[99], "class 99");
  write_bytes(folder() / "fine_label_names.txt", {'a', '\n'});
  EXPECT_THAT(complaint_of_load("cifar100"), AllOf(HasSubstr("fine_label_names.txt"), HasSubstr("holds 1 names")));
}

TEST_F(Cifar, IsFoundInTheFolderOfTheArchiveToo) {
  for (int file = 1; file <= 5; ++file) {
    const std::string name = "data_batch_" + std::to_string(file) + ".bin";
    write_bytes(folder() / "cifar-10-batches-bin" / name, records({{6}}));
  }
  write_bytes(folder() / "cifar-10-batches-bin" / "test_batch.bin", records({{6}}));
  EXPECT_THAT(load("cifar10").train.labels, AllOf(SizeIs(5), Each(6)));
}

TEST_F(Cifar, AMissingFileIsNamedWithItsSource) {
  fs::remove(folder() / "data_batch_4.bin");
  EXPECT_THAT(complaint_of_load("cifar10"), AllOf(HasSubstr((folder() / "data_batch_4.bin").string()),
                                                  HasSubstr("https://www.cs.toronto.edu/~kriz/cifar.html")));
}

TEST_F(Cifar, ATruncatedOrEmptyFileIsRefusedWithItsSize) {
  Bytes bytes = records({{1}, {2}});
  bytes.pop_back();
  write_bytes(folder() / "data_batch_2.bin", bytes);
  EXPECT_THAT(complaint_of_load("cifar10"),
              AllOf(HasSubstr("data_batch_2.bin"), HasSubstr("holds 6145 bytes"), HasSubstr("records of 3073 bytes")));
  write_bytes(folder() / "data_batch_2.bin", {});
  EXPECT_THAT(complaint_of_load("cifar10"), AllOf(HasSubstr("data_batch_2.bin"), HasSubstr("holds 0 bytes")));
  write_bytes(folder() / "train.bin", records({{1}}));  // CIFAR-10's layout
  EXPECT_THAT(complaint_of_load("cifar100"), AllOf(HasSubstr("train.bin"), HasSubstr("records of 3074 bytes")));
}

TEST_F(Cifar, ALabelOutOfRangeIsNamed) {
  write_bytes(folder() / "test_batch.bin", records({{9}, {10}}));
  EXPECT_THAT(complaint_of_load("cifar10"),
              AllOf(HasSubstr("test_batch.bin"), HasSubstr("the label of image 1 is 10"), HasSubstr("0 to 9")));
  write_bytes(folder() / "test.bin", records({{0, 100}}));
  EXPECT_THAT(complaint_of_load("cifar100"), AllOf(HasSubstr("test.bin"), HasSubstr("the label of image 0 is 100")));
}

TEST_F(Cifar, ALimitKeepsTheSameImagesEveryTimeAndTheirPixels) {
  const DatasetOptions options{.folder = folder(), .max_images = 4};
  const Dataset limited = load_dataset("cifar10", options);
  EXPECT_EQ(image_count(limited.train), 4);
  EXPECT_EQ(image_count(limited.test), 3);
  EXPECT_EQ(std::ranges::count(limited.train.labels, 0), 2);  // half of the images are of class 0
  EXPECT_EQ(limited.train.labels, load_dataset("cifar10", options).train.labels);
  for (int i = 0; i < 4; ++i) {
    expect_pixels(limited.train, limited.train.labels[i] == 0 ? 1 : 0, i);
  }
}

TEST(CifarOfItsAuthors, HasThePublishedCountsAndMeans) {
  const char* data = std::getenv("AUTONBA_DATA");
  if (data == nullptr || !fs::exists(fs::path(data) / "cifar-10-batches-bin")) {
    GTEST_SKIP() << "AUTONBA_DATA does not name a folder with cifar-10-batches-bin";
  }
  const Dataset dataset = load_dataset("cifar10", {.folder = data});
  for (int label = 0; label < 10; ++label) {  // published: balanced classes
    EXPECT_EQ(std::ranges::count(dataset.train.labels, label), 5000);
    EXPECT_EQ(std::ranges::count(dataset.test.labels, label), 1000);
  }
  // Published means of the training images over red, green and blue: 0.4914, 0.4822, 0.4465 (of 255).
  const Pixels& pixels = std::get<Pixels>(dataset.train.images);
  ASSERT_EQ(pixels.size(), std::size_t{50000} * 3072);
  std::array<double, 3> sums{};
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    sums[i % 3] += pixels[i];
  }
  const double each = 50000.0 * 1024 * 255;
  EXPECT_NEAR(sums[0] / each, 0.4914, 1e-4);
  EXPECT_NEAR(sums[1] / each, 0.4822, 1e-4);
  EXPECT_NEAR(sums[2] / each, 0.4465, 1e-4);
}

}  // namespace
}  // namespace autonba
