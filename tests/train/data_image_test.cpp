#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>

#include "base/error.hpp"
#include "data_files.hpp"
#include "train/data/dataset.hpp"
#include "train/data/image.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// An image in OpenCV's order of channels (blue, green, red) whose values come from `value(row, column, channel)`,
/// channel 0 red.
template <typename Value>
cv::Mat make_image(int height, int width, Value value) {
  cv::Mat image(height, width, CV_8UC3);
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      image.at<cv::Vec3b>(row, column) = {static_cast<std::uint8_t>(value(row, column, 2)),
                                          static_cast<std::uint8_t>(value(row, column, 1)),
                                          static_cast<std::uint8_t>(value(row, column, 0))};
    }
  }
  return image;
}

std::uint8_t texture(int row, int column, int channel) {
  return static_cast<std::uint8_t>(row * 7 + column * 13 + channel * 101);
}

constexpr ImageShape small{.channels = 3, .height = 14, .width = 14, .shorter_side = 16};

class Image : public testing::Test {
 protected:
  fs::path write(const std::string& name, const cv::Mat& image) const {
    const fs::path file = folder() / name;
    fs::create_directories(file.parent_path());
    cv::imwrite(file.string(), image);
    return file;
  }
  std::string complaint_of_load(const fs::path& file) const {
    return complaint<InputError>([&] { load_image(file, small); });
  }
  const fs::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST_F(Image, OfTheRightSizeGivesTheExactCentreAsRgb) {
  const std::vector<std::uint8_t> pixels = load_image(write("a.png", make_image(16, 20, texture)), small);
  ASSERT_EQ(pixels.size(), 14U * 14 * 3);
  for (int i = 0; i < 14 * 14 * 3; ++i) {
    ASSERT_EQ(pixels[i], texture(i / 42 + 1, i / 3 % 14 + 3, i % 3)) << "at " << i;
  }
}

TEST_F(Image, TwiceTheSizeIsAveragedOverSquaresOfFour) {
  const std::vector<std::uint8_t> pixels = load_image(write("a.png", make_image(32, 40, texture)), small);
  for (int i = 0; i < 14 * 14 * 3; ++i) {
    const int row = 2 * (i / 42 + 1);
    const int column = 2 * (i / 3 % 14 + 3);
    const double mean = (texture(row, column, i % 3) + texture(row, column + 1, i % 3) +
                         texture(row + 1, column, i % 3) + texture(row + 1, column + 1, i % 3)) /
                        4.0;
    ASSERT_NEAR(pixels[i], mean, 0.5) << "at " << i;
  }
}

TEST_F(Image, SmallerThanNeededIsEnlarged) {
  const fs::path file = write("a.png", make_image(3, 5, [](int, int column, int) { return 50 * column; }));
  const std::vector<std::uint8_t> pixels = load_image(file, small);
  ASSERT_EQ(pixels.size(), 14U * 14 * 3);
  for (int column = 1; column < 14; ++column) {
    EXPECT_GE(pixels[3 * column], pixels[3 * (column - 1)]);
  }
  EXPECT_NEAR(pixels[7 * 3], 100, 10);  // the middle stays in the middle
}

TEST_F(Image, VeryLongAndThinIsReadToo) {
  EXPECT_EQ(load_image(write("a.png", make_image(1, 300, texture)), small).size(), 14U * 14 * 3);
  EXPECT_EQ(load_image(write("b.png", make_image(300, 1, texture)), small).size(), 14U * 14 * 3);
  const ImageShape large{3, 224, 224, 256};
  EXPECT_THAT([&] { load_image(write("c.png", make_image(1, 60'000, texture)), large); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("c.png: the image is 1 pixels high and 60000")));
}

TEST_F(Image, IsConvertedBetweenGreyAndColour) {
  const fs::path colour =
      write("a.png", make_image(28, 28, [](int, int, int channel) { return channel == 0 ? 200 : 0; }));
  const ImageShape grey{.channels = 1, .height = 28, .width = 28, .shorter_side = 28};
  const std::vector<std::uint8_t> pixels = load_image(colour, grey);
  ASSERT_EQ(pixels.size(), 784U);
  EXPECT_NEAR(pixels[400], 0.299 * 200, 1);  // ITU-R BT.601 luma of red
  const std::vector<std::uint8_t> rgb = load_image(write("b.png", cv::Mat(16, 16, CV_8UC1, cv::Scalar(77))), small);
  EXPECT_TRUE(std::ranges::all_of(rgb, [](int value) { return value == 77; }));
}

TEST_F(Image, JpegIsReadWhateverItsEnding) {
  const fs::path file = write("a.jpg", make_image(16, 16, [](int, int, int channel) { return 60 * (channel + 1); }));
  fs::rename(file, folder() / "a.JPEG");
  const std::vector<std::uint8_t> pixels = load_image(folder() / "a.JPEG", small);
  for (int channel = 0; channel < 3; ++channel) {
    EXPECT_NEAR(pixels[300 + channel], 60 * (channel + 1), 3);
  }
}

TEST_F(Image, IsTurnedAsItsExifOrientationSays) {
  const auto left_is_bright = [](int, int column, int) { return column < 8 ? 200 : 20; };
  const Bytes picture = read_bytes(write("a.jpg", make_image(16, 16, left_is_bright)));
  Bytes bytes = {0xff, 0xd8, 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,  // segment of 34 bytes
                 'M',  'M',  0,    42,   0, 0,  0,   8,   0,   1,          // big-endian TIFF with one tag:
                 1,    0x12, 0,    3,    0, 0,  0,   1,   0,   6,   0, 0,
                 0,    0,    0,    0};  // orientation, a quarter turn to the right
  bytes.insert(bytes.end(), picture.begin() + 2, picture.end());
  write_bytes(folder() / "turned.jpg", bytes);
  const std::vector<std::uint8_t> pixels = load_image(folder() / "turned.jpg", small);
  EXPECT_NEAR(pixels[(2 * 14 + 11) * 3], 200, 8);  // the left has become the top
  EXPECT_NEAR(pixels[(11 * 14 + 2) * 3], 20, 8);
}

TEST_F(Image, ThatIsTruncatedIsRefused) {
  for (const char* name : {"a.jpg", "a.png"}) {
    const fs::path file = write(name, make_image(64, 64, texture));
    const Bytes whole = read_bytes(file);
    for (const std::size_t kept : {whole.size() - 2, whole.size() / 2, std::size_t{30}, std::size_t{4}}) {
      write_bytes(file, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(kept)));
      const bool only_png_end_is_lost = file.extension() == ".png" && kept == whole.size() - 2;
      if (!only_png_end_is_lost) {  // all pixels are there; only the end chunk's checksum is not
        EXPECT_THAT(complaint_of_load(file), HasSubstr(file.string())) << kept << " of " << whole.size() << " bytes";
      }
    }
  }
}

TEST_F(Image, WithAPreviewInItsHeaderIsRefusedWhenTruncated) {
  const Bytes preview = read_bytes(write("preview.jpg", make_image(8, 8, texture)));
  const Bytes picture = read_bytes(write("picture.jpg", make_image(64, 64, texture)));
  Bytes bytes = {0xff,
                 0xd8,
                 0xff,
                 0xe5,
                 static_cast<std::uint8_t>((preview.size() + 2) >> 8),
                 static_cast<std::uint8_t>(preview.size() + 2)};  // an application segment that holds the preview
  bytes.insert(bytes.end(), preview.begin(), preview.end());
  bytes.insert(bytes.end(), picture.begin() + 2, picture.end());
  write_bytes(folder() / "whole.jpg", bytes);
  EXPECT_EQ(load_image(folder() / "whole.jpg", small), load_image(folder() / "picture.jpg", small));
  write_bytes(folder() / "part.jpg", Bytes(bytes.begin(), bytes.end() - 200));
  EXPECT_THAT(complaint_of_load(folder() / "part.jpg"), AllOf(HasSubstr("part.jpg"), HasSubstr("end early")));
}

TEST_F(Image, ThatIsNoneIsRefused) {
  write_bytes(folder() / "text.JPEG", {'h', 'e', 'l', 'l', 'o'});
  EXPECT_THAT(complaint_of_load(folder() / "text.JPEG"),
              AllOf(HasSubstr("text.JPEG"), HasSubstr("neither a JPEG nor a PNG")));
  const fs::path bitmap = write("a.bmp", make_image(16, 16, texture));
  EXPECT_THAT(complaint_of_load(bitmap), AllOf(HasSubstr("a.bmp"), HasSubstr("neither a JPEG nor a PNG")));
  write_bytes(folder() / "empty.png", {});
  EXPECT_THAT(complaint_of_load(folder() / "empty.png"), AllOf(HasSubstr("empty.png"), HasSubstr("0 bytes")));
  EXPECT_THAT(complaint_of_load(folder() / "none.png"), HasSubstr("none.png: cannot be read"));
  EXPECT_THAT(complaint_of_load(folder()), HasSubstr("is a folder"));
}

TEST(RandomPart, LiesInTheImageWithTheAreaAndRatioOfTheRule) {
  Rng rng = make_rng(1, "test");
  double least_share = 1;
  double largest_share = 0;
  for (int i = 0; i < 20000; ++i) {
    const Part part = draw_part(375, 500, rng);
    ASSERT_GE(part.top, 0);
    ASSERT_GE(part.left, 0);
    ASSERT_LE(part.top + part.height, 375);
    ASSERT_LE(part.left + part.width, 500);
    const double share = static_cast<double>(part.height) * part.width / (375.0 * 500.0);
    const double ratio = static_cast<double>(part.width) / part.height;
    ASSERT_GT(ratio, 0.75 - 0.01);  // both sides are rounded to whole pixels
    ASSERT_LT(ratio, 4.0 / 3 + 0.01);
    least_share = std::min(least_share, share);
    largest_share = std::max(largest_share, share);
  }
  EXPECT_NEAR(least_share, 0.08, 0.01);
  EXPECT_GT(largest_share, 0.95);
}

TEST(RandomPart, OfAStripIsTheLargestCentredOne) {
  Rng rng = make_rng(1, "test");
  const Part part = draw_part(10, 1000, rng);  // 8% of the area never fit
  EXPECT_EQ(part.height, 10);
  EXPECT_EQ(part.width, 13);
  EXPECT_EQ(part.left, 493);
  const Part tall = draw_part(1000, 10, rng);
  EXPECT_EQ(tall.height, 13);
  EXPECT_EQ(tall.width, 10);
}

TEST(RandomPart, OfARampStaysARampWithinItsRange) {
  const ImageShape shape{.channels = 3, .height = 32, .width = 32, .shorter_side = 32};
  std::vector<std::uint8_t> ramp(pixel_count(shape));
  for (std::size_t i = 0; i < ramp.size(); ++i) {
    ramp[i] = static_cast<std::uint8_t>(i / 3 % 32 * 8 + i % 3);
  }
  for (std::uint64_t index = 0; index < 20; ++index) {
    Rng rng = make_rng(2, "test", index);
    const std::vector<std::uint8_t> pixels = random_part(ramp, shape, rng);
    ASSERT_EQ(pixels.size(), ramp.size());
    for (std::size_t i = 3; i < 96; ++i) {
      EXPECT_GE(pixels[i], pixels[i - 3]);
    }
    EXPECT_EQ(pixels[1] - pixels[0], 1);  // channels stay in their order
  }
}

class ImageNet : public Image {
 protected:
  void SetUp() override {
    for (const char* split : {"train", "val"}) {
      for (const char* name : {"n02/b.JPEG", "n02/a.jpg", "n01/c.PNG", "n10/d.png", "n10/e.Jpeg"}) {
        write(fs::path(split) / name, make_image(20, 30, texture));
      }
    }
  }
  Dataset load() const { return load_dataset("imagenet", {.folder = folder(), .image_size = 14}); }
  std::string complaint_of_folders() const {
    return complaint<InputError>([&] { load(); });
  }
};

TEST_F(ImageNet, ClassesAreTheSortedFolders) {
  write_bytes(folder() / "train" / "n01" / "readme.txt", {'x'});
  write_bytes(folder() / "train" / ".cache" / "x", {'x'});
  const Dataset dataset = load();
  EXPECT_THAT(dataset.class_names, ElementsAre("n01", "n02", "n10"));
  EXPECT_EQ(dataset.train.classes, 3);
  EXPECT_THAT(dataset.train.labels, ElementsAre(0, 1, 1, 2, 2));
  EXPECT_THAT(std::get<ImageFiles>(dataset.train.images)[1], HasSubstr("train/n02/a.jpg"));
  EXPECT_THAT(std::get<ImageFiles>(dataset.test.images)[4], HasSubstr("val/n10/e.Jpeg"));
  EXPECT_EQ(dataset.train.shape, small);
}

TEST_F(ImageNet, ALimitKeepsFilesAndLabelsTogether) {
  const Dataset dataset = load_dataset("imagenet", {.folder = folder(), .max_images = 3});
  const ImageFiles& files = std::get<ImageFiles>(dataset.train.images);
  ASSERT_EQ(files.size(), 3U);
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_THAT(files[i], HasSubstr("/" + dataset.class_names[dataset.train.labels[i]] + "/"));
  }
}

TEST_F(ImageNet, AMissingSplitIsNamedWithTheSource) {
  fs::remove_all(folder() / "val");
  EXPECT_THAT(complaint_of_folders(), AllOf(HasSubstr((folder() / "val").string()), HasSubstr("cannot be read"),
                                            HasSubstr("https://www.image-net.org")));
}

TEST_F(ImageNet, ASplitWithoutClassesIsNamed) {
  fs::remove_all(folder() / "val");
  fs::create_directory(folder() / "val");
  EXPECT_THAT(complaint_of_folders(), AllOf(HasSubstr((folder() / "val").string()), HasSubstr("holds no folders")));
}

TEST_F(ImageNet, AnEmptyClassIsNamed) {
  fs::remove(folder() / "val" / "n01" / "c.PNG");
  EXPECT_THAT(complaint_of_folders(),
              AllOf(HasSubstr((folder() / "val" / "n01").string()), HasSubstr("holds no images")));
}

TEST_F(ImageNet, AClassInOneSplitOnlyIsNamed) {
  write("val/n03/x.png", make_image(20, 30, texture));
  EXPECT_THAT(complaint_of_folders(), HasSubstr("`n03` is in one of them only"));
}

TEST(ImageNetMini, IsReadWhole) {
  const char* data = std::getenv("AUTONBA_DATA");
  if (data == nullptr || !fs::exists(fs::path(data) / "imagenet-mini")) {
    GTEST_SKIP() << "AUTONBA_DATA does not name a folder with imagenet-mini";
  }
  const Dataset dataset = load_dataset("imagenet", {.folder = fs::path(data) / "imagenet-mini"});
  EXPECT_EQ(dataset.test.shape, (ImageShape{.channels = 3, .height = 224, .width = 224, .shorter_side = 256}));
  EXPECT_EQ(dataset.train.classes, static_cast<int>(dataset.class_names.size()));
  for (const std::string& file : std::get<ImageFiles>(dataset.test.images)) {
    EXPECT_EQ(load_image(file, dataset.test.shape).size(), 224U * 224 * 3);
  }
}

}  // namespace
}  // namespace autonba
