#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/archive.hpp"
#include "train/data/loader.hpp"
#include "train/data/to_tensor.hpp"
#include "train/sgd.hpp"
#include "train/supernet.hpp"
#include "train/weight_average.hpp"

namespace autonba {

/// A place in a training, for messages. Both count from 0.
struct Position {
  std::int64_t epoch = 0;
  std::int64_t step = 0;
};

/// Of some images: mean cross-entropy in nats (training: with label smoothing) and the share that is classified right.
struct Score {
  double loss = 0;
  double top1 = 0;
};

/// One step of the weights along `path`: forward, cross-entropy, backward, SGD. The score is of the batch before the
/// step. Throws WorkError naming `position` if the loss is not finite; the weights then are as they were.
Score weight_step(Supernet& net, Sgd& sgd, const TensorBatch& batch, std::span<const BlockPath> path, double rate,
                  double label_smoothing, Position position);

/// The net's score, with running statistics, on what `batches` still gives. With `mirrored`, logits are the mean of
/// those of an image and of its mirror image.
Score evaluate(Supernet& net, std::span<const BlockPath> path, Loader& batches, bool mirrored = false);

/// How a network is trained from scratch.
struct TrainRecipe {
  int epochs = 90;
  int warmup_epochs = 0;       // during which the rate rises linearly from 0
  int batch = 64;              // images
  double rate = 0.025;         // at its highest; then falls to rate_min along half a cosine, step by step
  double rate_min = 0.001;     // after the last step
  SgdOptions sgd;              // momentum, weight decay, clipping
  double label_smoothing = 0;  // share of the target that is spread over all classes
  int evaluate_every = 1;      // epochs between scores on the test split; the last epoch always has one
  double average_decay = 0;    // of WeightAverage, which is what is scored and delivered; 0: the last weights are
  std::vector<int> sides;      // pixels: images are resized to them, for equal shares of the steps; empty: as they are
};

/// The side of the images in the given step, 0 where they stay as they are.
int side_at(const TrainRecipe& recipe, Position position, std::int64_t steps);

/// The rate of the given step. `steps` is the number of steps in an epoch.
double rate_at(const TrainRecipe& recipe, Position position, std::int64_t steps);

struct EpochReport {
  std::int64_t epoch = 0;  // from 0
  double rate = 0;         // of its last step
  Score train;             // mean over the epoch's batches, while they were trained
  std::optional<Score> test;
};

/// Trains a net of one path; in the end the net holds what is to be delivered. Its state, with that of the net, is all
/// that save() returns: a trainer made with the same arguments and restored continues to the bit-identical result.
class Trainer {
 public:
  /// `net` and `data` must outlive the trainer. Order and augmentation of the images come from `seed`; `workers`
  /// threads prepare them. Throws InputError if the images do not make one batch.
  Trainer(Supernet& net, const Dataset& data, const TrainRecipe& recipe, const Augmentation& augmentation,
          std::uint64_t seed, int workers);

  bool finished() const { return position_.epoch == recipe_.epochs; }
  Position position() const { return position_; }  // of the next step
  std::int64_t steps_per_epoch() const { return steps_; }

  struct Callbacks {
    std::function<void(Position, const Score&)> step;  // after every step, with the batch's score; may be empty
    std::function<void(const EpochReport&)> epoch;     // after every epoch; a checkpoint may be taken here
  };

  /// Trains until the end, or until `stop` is true, which it looks at after every step. A stop during an epoch's last
  /// step takes effect after the epoch's report.
  void run(const Callbacks& callbacks, const std::atomic<bool>& stop);

  Archive save() const;
  /// Throws InputError, naming `file`, unless the archive came from save() of such a trainer.
  void restore(const Archive& archive, const std::string& file);

 private:
  void step(const TensorBatch& batch, const Callbacks& callbacks);
  void end_epoch(const Callbacks& callbacks);
  Score test_score();

  Supernet& net_;
  const Dataset& data_;
  TrainRecipe recipe_;
  LoaderOptions loading_;
  std::int64_t steps_ = 0;  // in an epoch
  std::vector<BlockPath> path_;
  Sgd sgd_;
  std::optional<WeightAverage> average_;
  Position position_;
  Score sum_;  // over the epoch's batches so far
};

}  // namespace autonba
