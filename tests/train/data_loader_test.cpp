#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include "base/error.hpp"
#include "data_files.hpp"
#include "train/data/loader.hpp"
#include "train/data/split.hpp"

// OpenCV loads GDAL, which takes two of its own locks in both orders while one thread starts it. The thread sanitizer
// asks this function what not to report.
extern "C" const char* __tsan_default_suppressions() {
  return "deadlock:libgdal\n";
}  // NOLINT(bugprone-reserved-identifier)

namespace autonba {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;

constexpr ImageShape shape{.channels = 1, .height = 6, .width = 6, .shorter_side = 6};

/// Image i has the label i and pixels that differ from each other and from those of all other images.
ImageSet numbered_set(int count) {
  ImageSet set{.shape = shape, .classes = count, .labels = {}, .images = Pixels{}};
  Rng rng = make_rng(8, "pixels");
  for (int i = 0; i < count; ++i) {
    set.labels.push_back(i);
    for (std::size_t pixel = 0; pixel < pixel_count(shape); ++pixel) {
      std::get<Pixels>(set.images).push_back(static_cast<std::uint8_t>(1 + uniform_index(rng, 255)));
    }
  }
  return set;
}

std::vector<Batch> take(Loader& loader, int count) {
  std::vector<Batch> batches;
  for (int i = 0; i < count; ++i) {
    batches.push_back(*loader.next());
  }
  return batches;
}

std::vector<std::int64_t> labels_of(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> labels;
  for (const Batch& batch : batches) {
    labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
  }
  return labels;
}

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].labels, b[i].labels) << "batch " << i;
    EXPECT_EQ(a[i].images, b[i].images) << "batch " << i;
  }
}

LoaderOptions augmenting_options() {
  return {.batch = 7,
          .augmentation = {.resized_part = true, .crop_padding = 2, .flip = Flip::random, .cutout = 2},
          .seed = 11};
}

TEST(Loader, GivesEveryChosenImageOnceAnEpoch) {
  const ImageSet set = numbered_set(40);
  std::vector<std::int64_t> chosen;
  for (int i = 1; i < 40; i += 2) {
    chosen.push_back(i);
  }
  Loader loader(set, chosen, {.batch = 6, .drop_last = false});
  ASSERT_EQ(loader.batches_per_epoch(), 4);
  std::vector<std::int64_t> first = labels_of(take(loader, 4));
  std::vector<std::int64_t> second = labels_of(take(loader, 4));
  EXPECT_NE(first, second) << "each epoch has its own order";
  for (std::vector<std::int64_t>* epoch : {&first, &second}) {
    EXPECT_NE(*epoch, chosen) << "the order is random";
    std::ranges::sort(*epoch);
    EXPECT_THAT(*epoch, ElementsAreArray(chosen));
  }
}

TEST(Loader, LeavesOutWhatDoesNotFillABatch) {
  const ImageSet set = numbered_set(20);
  Loader loader(set, all_images(20), {.batch = 6, .epochs = 2});
  ASSERT_EQ(loader.batches_per_epoch(), 3);
  for (const Batch& batch : take(loader, 6)) {
    EXPECT_EQ(batch.labels.size(), 6U);
  }
  EXPECT_FALSE(loader.next().has_value());
  EXPECT_FALSE(loader.next().has_value());
}

TEST(Loader, EvaluatesAllImagesUnchangedInTheirOrder) {
  const ImageSet set = numbered_set(20);
  const std::vector<std::int64_t> chosen = {3, 19, 0, 7, 8};
  for (const int workers : {0, 2}) {
    Loader loader(set, chosen, evaluation_options(2, workers));
    std::vector<std::int64_t> labels;
    while (const auto batch = loader.next()) {
      ASSERT_EQ(batch->images.size(), batch->labels.size() * pixel_count(shape));
      for (std::size_t i = 0; i < batch->images.size(); ++i) {
        const std::int64_t image = batch->labels[i / pixel_count(shape)];
        ASSERT_EQ(batch->images[i] * 256,
                  std::get<Pixels>(set.images)[image * pixel_count(shape) + i % pixel_count(shape)]);
      }
      labels.insert(labels.end(), batch->labels.begin(), batch->labels.end());
    }
    EXPECT_THAT(labels, ElementsAreArray(chosen));
  }
}

TEST(Loader, GivesTheSameBatchesForAnyNumberOfWorkers) {
  const ImageSet set = numbered_set(50);
  LoaderOptions options = augmenting_options();
  options.workers = 0;
  Loader alone(set, all_images(50), options);
  const std::vector<Batch> expected = take(alone, 30);  // more than four epochs
  for (const auto& [workers, ahead] : {std::pair{1, 1}, {1, 4}, {2, 4}, {5, 3}, {3, 64}}) {
    options.workers = workers;
    options.ahead = ahead;
    Loader loader(set, all_images(50), options);
    expect_same(take(loader, 30), expected);
  }
}

TEST(Loader, ContinuesAtAnyBatchAsIfItHadNeverStopped) {
  const ImageSet set = numbered_set(50);
  LoaderOptions options = augmenting_options();
  Loader whole(set, all_images(50), options);
  const std::vector<Batch> expected = take(whole, 30);
  for (const int first : {1, 6, 7, 8, 22}) {
    options.workers = first % 3;
    Loader resumed(set, all_images(50), options, first);
    expect_same(take(resumed, 30 - first), std::vector<Batch>(expected.begin() + first, expected.end()));
  }
}

TEST(Loader, AugmentsAnImageDifferentlyInEachEpoch) {
  const ImageSet set = numbered_set(1);
  Loader loader(set, {0}, {.batch = 1, .augmentation = {.crop_padding = 2, .flip = Flip::random}, .seed = 4});
  std::set<std::vector<float>> seen;
  for (const Batch& batch : take(loader, 200)) {
    seen.insert(batch.images);
  }
  EXPECT_GT(seen.size(), 40U);  // of 50 windows, each missed with probability 0.98^200 = 0.018
}

TEST(Loader, AlternateFlipsMirrorAnImageInEverySecondEpoch) {
  const ImageSet set = numbered_set(40);
  const auto images = [&](Flip flip, int epochs) {
    Loader loader(set, all_images(40), {.batch = 40, .shuffle = false, .augmentation = {.flip = flip}, .seed = 4});
    return take(loader, epochs);
  };
  const std::vector<float> plain = images(Flip::never, 1)[0].images;
  const std::vector<float> mirrored = images(Flip::always, 1)[0].images;
  const std::vector<Batch> epochs = images(Flip::alternate, 4);
  const std::size_t size = pixel_count(set.shape);
  int first = 0;  // images that are mirrored in the first epoch
  for (std::size_t image = 0; image < 40; ++image) {
    const auto of = [&](const std::vector<float>& all) {
      return std::vector<float>(all.begin() + image * size, all.begin() + (image + 1) * size);
    };
    const bool is_mirrored = of(epochs[0].images) == of(mirrored);
    first += is_mirrored ? 1 : 0;
    for (std::size_t epoch = 0; epoch < 4; ++epoch) {
      EXPECT_EQ(of(epochs[epoch].images), of(is_mirrored == (epoch % 2 == 0) ? mirrored : plain));
    }
  }
  EXPECT_GT(first, 8);  // of 40, by chance with probability 1/2
  EXPECT_LT(first, 32);
}

TEST(Loader, OrderDependsOnSeedAndPurpose) {
  const ImageSet set = numbered_set(50);
  const auto first_epoch = [&](std::uint64_t seed, const std::string& purpose) {
    Loader loader(set, all_images(50), {.batch = 50, .seed = seed, .purpose = purpose});
    return loader.next()->labels;
  };
  EXPECT_EQ(first_epoch(1, "weights"), first_epoch(1, "weights"));
  EXPECT_NE(first_epoch(1, "weights"), first_epoch(2, "weights"));
  EXPECT_NE(first_epoch(1, "weights"), first_epoch(1, "architecture"));
}

TEST(Loader, ThrowsWhatAWorkerThrewWhenItsBatchIsDue) {
  const TemporaryFolder folder;
  ImageSet set{.shape = shape, .classes = 1, .labels = std::vector<int>(12), .images = ImageFiles{}};
  ImageFiles& files = std::get<ImageFiles>(set.images);
  for (int i = 0; i < 12; ++i) {
    files.push_back((folder.path() / (std::to_string(i) + ".png")).string());
    cv::imwrite(files.back(), cv::Mat(9, 9, CV_8UC3, cv::Scalar(i, i, i)));
  }
  write_bytes(files[5], {'b', 'a', 'd'});
  write_bytes(files[11], {'b', 'a', 'd'});
  for (const int workers : {0, 1, 3}) {
    Loader loader(set, all_images(12), evaluation_options(2, workers));
    EXPECT_EQ(loader.next()->images[0], 0.0F);
    EXPECT_EQ(loader.next()->images[0], 2.0F / 256);
    for (int call = 0; call < 2; ++call) {
      EXPECT_THAT(complaint<InputError>([&] { loader.next(); }),
                  AllOf(HasSubstr("5.png"), HasSubstr("neither a JPEG nor a PNG")));
    }
  }
}

TEST(Loader, PreparesNoMoreBatchesAheadThanItMay) {
  const TemporaryFolder folder;
  ImageSet set{.shape = shape, .classes = 1, .labels = std::vector<int>(10), .images = ImageFiles{}};
  ImageFiles& files = std::get<ImageFiles>(set.images);
  for (int i = 0; i < 10; ++i) {
    files.push_back((folder.path() / (std::to_string(i) + ".png")).string());
    cv::imwrite(files.back(), cv::Mat(9, 9, CV_8UC3, cv::Scalar(9, 9, 9)));
  }
  LoaderOptions options = evaluation_options(1, 2);
  options.ahead = 3;
  Loader loader(set, all_images(10), options);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  for (std::size_t i = 3; i < files.size(); ++i) {
    std::filesystem::remove(files[i]);  // whoever has read them by now was too far ahead
  }
  EXPECT_EQ(take(loader, 3).size(), 3U);
  EXPECT_THAT(complaint<InputError>([&] { loader.next(); }), HasSubstr("3.png: cannot be read"));
}

TEST(Loader, EndsWithinAnImageWhileItsWorkersAreBusy) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "large.jpg").string();
  cv::imwrite(file, cv::Mat(2000, 3000, CV_8UC3, cv::Scalar(1, 2, 3)));
  const ImageSet set{.shape = shape, .classes = 1, .labels = {0}, .images = ImageFiles{file}};
  const std::vector<std::int64_t> again_and_again(5000, 0);
  const auto start = std::chrono::steady_clock::now();
  { const Loader loader(set, again_and_again, {.batch = 5000, .workers = 2}); }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  EXPECT_LT(spent.count(), 10) << "seconds; the whole batch takes over a minute";
}

TEST(Loader, EndsWhileItsWorkersWaitOrStart) {
  const ImageSet set = numbered_set(50);
  for (int taken = 0; taken < 50; ++taken) {
    LoaderOptions options = augmenting_options();
    options.workers = 1 + taken % 4;
    options.ahead = 2;
    Loader loader(set, all_images(50), options);
    take(loader, taken % 10);
  }
}

TEST(Loader, RefusesTooFewImagesForABatch) {
  const ImageSet set = numbered_set(5);
  EXPECT_THAT(complaint<InputError>([&] { Loader(set, all_images(5), {.batch = 6}); }),
              HasSubstr("5 images are fewer than one batch of 6"));
  EXPECT_THAT(complaint<InputError>([&] { Loader(set, {}, evaluation_options(6)); }),
              HasSubstr("0 images are fewer than one batch of 6"));
}

TEST(Loader, RefusesOptionsThatMakeNoSense) {
  const ImageSet set = numbered_set(5);
  EXPECT_THROW(Loader(set, all_images(5), {.batch = 0}), InputError);
  EXPECT_THROW(Loader(set, all_images(5), {.batch = 1, .workers = -1}), InputError);
  EXPECT_THROW(Loader(set, all_images(5), {.batch = 1, .augmentation = {.crop_padding = -1}}), InputError);
  EXPECT_THROW(Loader(set, {0, 5}, {.batch = 1}), InputError);
}

}  // namespace
}  // namespace autonba
