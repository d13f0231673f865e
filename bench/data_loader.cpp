// How many images a second the loader prepares with a dataset's usual augmentation: bench_data_loader DATASET [FOLDER]
#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "base/error.hpp"
#include "train/data/loader.hpp"
#include "train/data/split.hpp"

namespace {

/// Takes batches of 64 from two workers for three seconds. The rate over processor time does not suffer from other
/// programs on the machine.
void measure(const autonba::ImageSet& set, const std::string& name) {
  autonba::LoaderOptions options;
  options.augmentation = autonba::usual_augmentation(name);
  options.workers = 2;
  autonba::Loader loader(set, autonba::all_images(autonba::image_count(set)), options);
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const std::clock_t processor_start = std::clock();
  std::chrono::duration<double> seconds{};
  double images = 0;
  while (seconds.count() < 3) {
    images += static_cast<double>(loader.next()->labels.size());
    seconds = Clock::now() - start;
  }
  const double processor_seconds = static_cast<double>(std::clock() - processor_start) / CLOCKS_PER_SEC;
  fmt::print("{}: {:.0f} images/s with 2 workers, {:.0f} a second of processor time\n", name, images / seconds.count(),
             images / processor_seconds);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "usage: bench_data_loader DATASET [FOLDER]\n");
    return 2;
  }
  try {
    measure(autonba::load_dataset(arguments[1], {.folder = count > 2 ? arguments[2] : ""}).train, arguments[1]);
  } catch (const autonba::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
