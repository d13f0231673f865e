#include "train/data/loader.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>

#include "base/ceil_div.hpp"
#include "base/error.hpp"

namespace autonba {
namespace {

using Order = std::shared_ptr<const std::vector<std::int64_t>>;  // image indices of one epoch

/// A place in the queue: empty, or a batch, or why there is none.
struct Slot {
  std::optional<Batch> batch;
  std::exception_ptr error;
  bool filled() const { return batch.has_value() || error != nullptr; }
};

std::int64_t count_batches(std::int64_t images, const LoaderOptions& options) {
  return options.drop_last ? images / options.batch : ceil_div(images, options.batch);
}

void check(const ImageSet& set, const std::vector<std::int64_t>& images, const LoaderOptions& options,
           std::int64_t first_batch) {
  if (options.batch < 1 || options.workers < 0 || options.ahead < 1 || options.epochs < 0 || first_batch < 0) {
    throw input_error(
        "loader: batch {}, workers {}, ahead {}, epochs {} and first batch {} must be at least 1, 0, 1, 0 and 0",
        options.batch, options.workers, options.ahead, options.epochs, first_batch);
  }
  const Augmentation& augmentation = options.augmentation;
  if (augmentation.crop_padding < 0 || augmentation.cutout < 0) {
    throw input_error("loader: a crop padding of {} and a cutout of {} pixels must not be negative",
                      augmentation.crop_padding, augmentation.cutout);
  }
  if (count_batches(static_cast<std::int64_t>(images.size()), options) == 0) {
    throw input_error("{} images are fewer than one batch of {}; choose a smaller batch or more images", images.size(),
                      options.batch);
  }
  if (!std::ranges::all_of(images, [&](std::int64_t image) { return image >= 0 && image < image_count(set); })) {
    throw input_error("loader: an image index is not between 0 and {}", image_count(set) - 1);
  }
}

/// Pixels of one image at the set's shape: in place where the set holds them as they are needed, else in `made`.
std::span<const std::uint8_t> image_pixels(const ImageSet& set, std::int64_t image, bool resized_part, Rng& rng,
                                           std::vector<std::uint8_t>& made) {
  if (const auto* files = std::get_if<ImageFiles>(&set.images)) {
    const std::string& file = (*files)[image];
    made = resized_part ? load_random_part(file, set.shape, rng) : load_image(file, set.shape);
    return made;
  }
  const std::size_t size = pixel_count(set.shape);
  const std::span<const std::uint8_t> pixels = std::span(std::get<Pixels>(set.images)).subspan(image * size, size);
  if (!resized_part) {
    return pixels;
  }
  made = random_part(pixels, set.shape, rng);
  return made;
}

}  // namespace

struct Loader::State {
  const ImageSet& set;
  const std::vector<std::int64_t> images;
  const LoaderOptions options;
  const std::int64_t per_epoch;
  const std::int64_t end;  // number of the batch after the last

  std::mutex mutex;                   // guards what follows
  std::condition_variable_any room;   // a slot has become free
  std::condition_variable_any ready;  // a slot has been filled
  std::int64_t to_prepare;            // number of the batch that the next free worker takes
  std::int64_t to_return;             // number of the batch that next() returns; at most `ahead` below to_prepare
  std::vector<Slot> slots;            // [number mod ahead]
  Order order;                        // of the epoch that to_prepare - 1 belongs to
  std::int64_t order_epoch = -1;
  std::vector<std::jthread> threads;  // last, so that they end before what they use

  State(const ImageSet& image_set, std::vector<std::int64_t> indices, LoaderOptions loader_options, std::int64_t first)
      : set(image_set),
        images(std::move(indices)),
        options(std::move(loader_options)),
        per_epoch(count_batches(static_cast<std::int64_t>(images.size()), options)),
        end(options.epochs == 0 ? std::numeric_limits<std::int64_t>::max() : options.epochs * per_epoch),
        to_prepare(first),
        to_return(first),
        slots(static_cast<std::size_t>(options.ahead)) {}

  Slot& slot(std::int64_t number) { return slots[static_cast<std::size_t>(number % options.ahead)]; }

  /// The order of the epoch of batch `number`; kept until another epoch is asked for.
  Order order_for(std::int64_t number) {
    const std::int64_t epoch = number / per_epoch;
    if (epoch != order_epoch) {
      auto made = std::make_shared<std::vector<std::int64_t>>(images);
      if (options.shuffle) {
        Rng rng = make_rng(options.seed, options.purpose + "/order", static_cast<std::uint64_t>(epoch));
        const auto places = permutation(rng, static_cast<std::int64_t>(images.size()));
        std::ranges::transform(places, made->begin(), [&](std::int64_t place) { return images[place]; });
      }
      order = std::move(made);
      order_epoch = epoch;
    }
    return order;
  }

  /// How an image is changed in an epoch.
  Augmentation augmentation_of(std::int64_t image, std::int64_t epoch) const {
    Augmentation augmentation = options.augmentation;
    if (augmentation.flip == Flip::alternate) {
      Rng rng = make_rng(options.seed, options.purpose + "/flip", static_cast<std::uint64_t>(image));
      const bool first = uniform_index(rng, 2) == 1;
      augmentation.flip = first == (epoch % 2 == 0) ? Flip::always : Flip::never;
    }
    return augmentation;
  }

  /// Batch `number`, or nothing if it was stopped before it was done.
  std::optional<Batch> prepare(std::int64_t number, const std::vector<std::int64_t>& epoch_order,
                               const std::stop_token& stop) const {
    const std::int64_t epoch = number / per_epoch;
    const std::int64_t first = number % per_epoch * options.batch;
    const std::int64_t count = std::min<std::int64_t>(options.batch, static_cast<std::int64_t>(images.size()) - first);
    const std::size_t size = pixel_count(set.shape);
    Batch batch{.shape = set.shape, .images = std::vector<float>(count * size), .labels = {}};
    std::vector<std::uint8_t> made;
    for (std::int64_t i = 0; i < count; ++i) {
      if (stop.stop_requested()) {
        return std::nullopt;
      }
      const std::int64_t image = epoch_order[first + i];
      Rng rng = make_rng(options.seed, options.purpose + "/augment",
                         static_cast<std::uint64_t>(epoch) * set.labels.size() + static_cast<std::uint64_t>(image));
      const auto pixels = image_pixels(set, image, options.augmentation.resized_part, rng, made);
      augment(pixels, set.shape, augmentation_of(image, epoch), rng, std::span(batch.images).subspan(i * size, size));
      batch.labels.push_back(set.labels[image]);
    }
    return batch;
  }

  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (room.wait(lock, stop, [&] { return to_prepare < std::min(end, to_return + options.ahead); })) {
      const std::int64_t number = to_prepare++;
      const Order epoch_order = order_for(number);
      lock.unlock();
      Slot made;
      try {
        made.batch = prepare(number, *epoch_order, stop);
      } catch (...) {
        made.error = std::current_exception();  // next() throws it when its turn comes
      }
      lock.lock();
      slot(number) = std::move(made);
      ready.notify_one();
    }
  }
};

LoaderOptions evaluation_options(int batch, int workers) {
  return {.batch = batch, .shuffle = false, .drop_last = false, .epochs = 1, .workers = workers};
}

Loader::Loader(const ImageSet& set, std::vector<std::int64_t> images, LoaderOptions options, std::int64_t first_batch) {
  check(set, images, options, first_batch);
  state_ = std::make_unique<State>(set, std::move(images), std::move(options), first_batch);
  for (int worker = 0; worker < state_->options.workers; ++worker) {
    state_->threads.emplace_back([state = state_.get()](const std::stop_token& stop) { state->work(stop); });
  }
}

Loader::~Loader() {
  for (std::jthread& thread : state_->threads) {
    thread.request_stop();  // all of them first: each is then joined by its destructor
  }
}

std::int64_t Loader::batches_per_epoch() const {
  return state_->per_epoch;
}

std::optional<Batch> Loader::next() {
  State& state = *state_;
  if (state.to_return >= state.end) {
    return std::nullopt;
  }
  if (state.threads.empty()) {
    auto batch = state.prepare(state.to_return, *state.order_for(state.to_return), {});
    ++state.to_return;
    return batch;
  }
  std::unique_lock lock(state.mutex);
  Slot& slot = state.slot(state.to_return);
  state.ready.wait(lock, [&] { return slot.filled(); });
  if (slot.error) {
    std::rethrow_exception(slot.error);
  }
  std::optional<Batch> batch = std::exchange(slot.batch, std::nullopt);
  ++state.to_return;
  state.room.notify_one();
  return batch;
}

}  // namespace autonba
