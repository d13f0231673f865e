#include "train/trainer.hpp"

#include <torch/torch.h>

#include <cmath>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/profile.hpp"
#include "train/data/split.hpp"

namespace autonba {
namespace {

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, double label_smoothing) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, -100, label_smoothing);
}

/// Ties go to the lowest index, as on the accelerator.
double correct(const torch::Tensor& logits, const torch::Tensor& labels) {
  return (logits.argmax(1) == labels).sum().item<double>();
}

/// Images with so many rows and columns, each the mean of what lies under it; as they are where `side` is 0 or theirs.
torch::Tensor resized(const torch::Tensor& images, int side) {
  if (side == 0 || (images.size(2) == side && images.size(3) == side)) {
    return images;
  }
  return at::adaptive_avg_pool2d(images, {side, side}).contiguous(at::MemoryFormat::ChannelsLast);
}

std::vector<std::int64_t> all_of(const ImageSet& set) {
  return all_images(image_count(set));
}

}  // namespace

Score weight_step(Supernet& net, Sgd& sgd, const TensorBatch& batch, std::span<const BlockPath> path, double rate,
                  double label_smoothing, Position position) {
  torch::Tensor loss;
  Score score;
  {
    const Timed timed("forward");
    const torch::Tensor logits = net.forward(batch.images, path, Mode::weights);
    loss = cross_entropy(logits, batch.labels, label_smoothing);
    score = {loss.item<double>(), correct(logits, batch.labels) / static_cast<double>(batch.labels.size(0))};
  }
  if (!std::isfinite(score.loss)) {
    throw work_error("the loss is not a finite number in epoch {}, step {}; a lower learning_rate may help",
                     position.epoch + 1, position.step + 1);
  }
  {
    const Timed timed("backward");
    loss.backward();
  }
  const Timed timed("optimiser");
  sgd.step(rate);
  return score;
}

Score evaluate(Supernet& net, std::span<const BlockPath> path, Loader& batches, bool mirrored) {
  const Timed timed("evaluation");
  const torch::NoGradGuard no_grad;
  Score sum;
  double images = 0;
  while (const std::optional<Batch> next = batches.next()) {
    const TensorBatch batch = to_tensors(*next, net.options().device);
    torch::Tensor logits = net.forward(batch.images, path, Mode::evaluation);
    if (mirrored) {
      const torch::Tensor mirror = batch.images.flip({3}).contiguous(at::MemoryFormat::ChannelsLast);
      logits = (logits + net.forward(mirror, path, Mode::evaluation)) / 2;
    }
    const auto count = static_cast<double>(batch.labels.size(0));
    sum.loss += cross_entropy(logits, batch.labels, 0).item<double>() * count;
    sum.top1 += correct(logits, batch.labels);
    images += count;
  }
  return {sum.loss / images, sum.top1 / images};
}

double rate_at(const TrainRecipe& recipe, Position position, std::int64_t steps) {
  const auto done = static_cast<double>(position.epoch * steps + position.step);
  const double warmup = static_cast<double>(steps) * recipe.warmup_epochs;
  const double total = static_cast<double>(steps) * recipe.epochs;
  if (done < warmup) {
    return recipe.rate * (done + 1) / warmup;
  }
  return cosine_rate(recipe.rate, recipe.rate_min, (done - warmup) / std::max(1.0, total - 1 - warmup));
}

int side_at(const TrainRecipe& recipe, Position position, std::int64_t steps) {
  if (recipe.sides.empty()) {
    return 0;
  }
  const auto count = static_cast<std::int64_t>(recipe.sides.size());
  const std::int64_t done = position.epoch * steps + position.step;
  return recipe.sides[static_cast<std::size_t>(done * count / (recipe.epochs * steps))];
}

Trainer::Trainer(Supernet& net, const Dataset& data, const TrainRecipe& recipe, const Augmentation& augmentation,
                 std::uint64_t seed, int workers)
    : net_(net),
      data_(data),
      recipe_(recipe),
      loading_{.batch = recipe.batch,
               .epochs = recipe.epochs,
               .augmentation = augmentation,
               .seed = seed,
               .purpose = "training from scratch",
               .workers = workers},
      path_(derived_path(net)),
      sgd_(net.parameters(), recipe.sgd) {
  LoaderOptions idle = loading_;
  idle.workers = 0;
  if (recipe.average_decay > 0) {
    average_.emplace(net.tensors(), recipe.average_decay);
  }
  steps_ = Loader(data_.train, all_of(data_.train), idle).batches_per_epoch();
}

void Trainer::run(const Callbacks& callbacks, const std::atomic<bool>& stop) {
  if (finished()) {
    return;
  }
  Loader loader(data_.train, all_of(data_.train), loading_, position_.epoch * steps_ + position_.step);
  while (!finished() && !stop) {
    step(next_batch(loader, net_.options().device), callbacks);
    if (position_.step == steps_) {
      end_epoch(callbacks);
    }
  }
}

void Trainer::step(const TensorBatch& batch, const Callbacks& callbacks) {
  const double rate = rate_at(recipe_, position_, steps_);
  const TensorBatch sized = {resized(batch.images, side_at(recipe_, position_, steps_)), batch.labels};
  const Score score = weight_step(net_, sgd_, sized, path_, rate, recipe_.label_smoothing, position_);
  if (average_) {
    average_->update();
  }
  sum_.loss += score.loss;
  sum_.top1 += score.top1;
  if (callbacks.step) {
    callbacks.step(position_, score);
  }
  ++position_.step;
}

void Trainer::end_epoch(const Callbacks& callbacks) {
  const auto steps = static_cast<double>(steps_);
  EpochReport report{.epoch = position_.epoch,
                     .rate = rate_at(recipe_, {position_.epoch, steps_ - 1}, steps_),
                     .train = {sum_.loss / steps, sum_.top1 / steps}};
  const std::int64_t done = position_.epoch + 1;
  if (done == recipe_.epochs || done % recipe_.evaluate_every == 0) {
    report.test = test_score();
  }
  position_ = {done, 0};
  sum_ = {};
  if (callbacks.epoch) {
    callbacks.epoch(report);
  }
}

/// Of the averaged net, where there is one; after the last epoch the net stays that.
Score Trainer::test_score() {
  if (average_) {
    average_->swap();
  }
  Loader test(data_.test, all_of(data_.test), evaluation_options(recipe_.batch, loading_.workers));
  const Score score = evaluate(net_, path_, test);
  if (average_ && position_.epoch + 1 < recipe_.epochs) {
    average_->swap();
  }
  return score;
}

Archive Trainer::save() const {
  const Json position = {
      {"epoch", position_.epoch}, {"step", position_.step}, {"loss_sum", sum_.loss}, {"top1_sum", sum_.top1}};
  Archive archive = {{"net", net_.save()}, {"sgd", sgd_.save()}, {"position", position.dump()}};
  if (average_) {
    archive["average"] = average_->save();
  }
  return archive;
}

void Trainer::restore(const Archive& archive, const std::string& file) {
  const auto part = [&](const char* name) {
    const auto found = archive.find(name);
    if (found == archive.end()) {
      throw input_error("{}: holds no `{}` of a training", file, name);
    }
    return found->second;
  };
  const Json position = Json::parse(part("position"), nullptr, false);
  const Position restored{json_value<std::int64_t>(position, "epoch", file),
                          json_value<std::int64_t>(position, "step", file)};
  const Score sum{json_value<double>(position, "loss_sum", file), json_value<double>(position, "top1_sum", file)};
  net_.restore(part("net"), file);
  sgd_.restore(part("sgd"), file);
  if (average_) {
    average_->restore(part("average"), file);
  }
  position_ = restored;
  sum_ = sum;
}

}  // namespace autonba
