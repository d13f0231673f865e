#include "train/trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "small_net.hpp"
#include "train/data/split.hpp"

namespace autonba {
namespace {

/// Squares in the four quarters of a noisy image: the class is the quarter.
ImageSet quarters(int count, Rng& rng) {
  ImageSet set{.shape = {.channels = 3, .height = 8, .width = 8, .shorter_side = 8}, .classes = small_classes};
  Pixels pixels;
  for (int i = 0; i < count; ++i) {
    const int label = i % small_classes;
    set.labels.push_back(label);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        const bool bright = (y / 4) * 2 + x / 4 == label;
        for (int c = 0; c < 3; ++c) {
          pixels.push_back(static_cast<std::uint8_t>(uniform_index(rng, 100) + (bright ? 100 : 0)));
        }
      }
    }
  }
  set.images = pixels;
  return set;
}

Dataset quarters_dataset() {
  Rng rng = make_rng(2, "quarters");
  return {.class_names = {"a", "b", "c", "d"}, .train = quarters(128, rng), .test = quarters(48, rng)};
}

Supernet derived_net(QuantizerKind quantizer = QuantizerKind::lsq) {
  SearchSpace space = small_space();
  space.blocks = {{4, 8, 2, 8, 8}, {8, 8, 1, 4, 4}};
  space.head_channels = 16;
  Rng rng = make_rng(1, "derived");
  return Supernet(space, derived_candidates(space, {{0, 1}, {0, 2}}),
                  {.classes = small_classes, .quantizer = quantizer}, rng);
}

TrainRecipe short_recipe(int epochs) {
  return {.epochs = epochs, .batch = 16, .rate = 0.05, .rate_min = 0.001};
}

struct History {
  std::vector<EpochReport> epochs;
  Archive state;
};

/// Trains until the end, or until `stop_after` steps.
History train(Trainer& trainer, int stop_after = std::numeric_limits<int>::max()) {
  History run;
  std::atomic<bool> stop = false;
  int steps = 0;
  trainer.run({.step = [&](Position, const Score&) { stop = ++steps == stop_after; },
               .epoch = [&](const EpochReport& report) { run.epochs.push_back(report); }},
              stop);
  run.state = trainer.save();
  return run;
}

TEST(Trainer, LearnsASmallProblem) {
  const Dataset data = quarters_dataset();
  for (const QuantizerKind kind : {QuantizerKind::lsq, QuantizerKind::minmax}) {
    Supernet net = derived_net(kind);
    Trainer trainer(net, data, short_recipe(20), {}, 1, 0);
    const History run = train(trainer);
    ASSERT_EQ(run.epochs.size(), 20u);
    EXPECT_TRUE(trainer.finished());
    EXPECT_LT(run.epochs.back().train.loss, 0.3 * run.epochs.front().train.loss);
    EXPECT_GT(run.epochs.back().train.top1, 0.95);
    EXPECT_GT(run.epochs.back().test.value().top1, 0.95);
    EXPECT_LT(run.epochs.back().test.value().loss, 0.3);
  }
}

TEST(Trainer, StoppedAndResumedItEndsBitIdentically) {
  const Dataset data = quarters_dataset();
  const Augmentation augmentation{.crop_padding = 1};
  Supernet whole_net = derived_net();
  Trainer whole(whole_net, data, short_recipe(3), augmentation, 1, 0);
  const History wanted = train(whole);
  for (const int stop_after : {3, 8, 13}) {  // within an epoch of 8 steps, at its end, within the next
    Supernet net = derived_net();
    Trainer first(net, data, short_recipe(3), augmentation, 1, 0);
    const History begun = train(first, stop_after);
    EXPECT_FALSE(first.finished());
    EXPECT_EQ(first.position().epoch * 8 + first.position().step, stop_after);
    Supernet fresh = derived_net();
    Trainer second(fresh, data, short_recipe(3), augmentation, 1, 1);
    second.restore(begun.state, "checkpoint");
    const History ended = train(second);
    EXPECT_EQ(ended.state, wanted.state);
    EXPECT_EQ(ended.epochs.back().train.loss, wanted.epochs.back().train.loss);
    EXPECT_EQ(ended.epochs.back().test->loss, wanted.epochs.back().test->loss);
    EXPECT_EQ(begun.epochs.size() + ended.epochs.size(), 3u);
  }
}

TEST(Trainer, WithEverythingThatHelpsItLearnsAndResumesBitIdentically) {
  const Dataset data = quarters_dataset();
  TrainRecipe recipe = short_recipe(20);
  recipe.sgd.muon_factor = 0.4;
  recipe.sgd.muon_weight_decay = 0.1;
  recipe.average_decay = 0.9;
  recipe.sides = {6, 8};
  const Augmentation augmentation{.flip = Flip::never, .cutout = 1};
  Supernet whole_net = derived_net();
  Trainer whole(whole_net, data, recipe, augmentation, 1, 0);
  const History wanted = train(whole);
  EXPECT_GT(wanted.epochs.back().test.value().top1, 0.95);
  Supernet net = derived_net();
  Trainer first(net, data, recipe, augmentation, 1, 0);
  const History begun = train(first, 83);
  Supernet fresh = derived_net();
  Trainer second(fresh, data, recipe, augmentation, 1, 1);
  second.restore(begun.state, "checkpoint");
  EXPECT_EQ(train(second).state, wanted.state);
}

TEST(Trainer, ScoresAndDeliversTheAverageOfTheWeights) {
  const Dataset data = quarters_dataset();
  TrainRecipe recipe = short_recipe(2);
  recipe.average_decay = 0.5;
  Supernet net = derived_net();
  Trainer trainer(net, data, recipe, {}, 1, 0);
  const torch::Tensor weight = net.layers().head.weight;
  torch::Tensor average = weight.detach().clone();
  int step = 0;
  std::vector<EpochReport> epochs;
  trainer.run({.step =
                   [&](Position, const Score&) {
                     ++step;
                     const double decay = std::min(0.5, (1.0 + step) / (10.0 + step));
                     average = decay * average + (1 - decay) * weight.detach();
                   },
               .epoch = [&](const EpochReport& report) { epochs.push_back(report); }},
              std::atomic<bool>(false));
  EXPECT_TRUE(torch::allclose(weight.detach(), average, 1e-5, 1e-6));
  Loader test(data.test, all_images(48), evaluation_options(16));
  EXPECT_EQ(epochs.back().test.value().loss, evaluate(net, derived_path(net), test).loss);
}

TEST(Trainer, ImagesGrowInEqualSharesOfTheSteps) {
  TrainRecipe recipe{.epochs = 3, .sides = {20, 32}};
  EXPECT_EQ(side_at(recipe, {0, 0}, 10), 20);
  EXPECT_EQ(side_at(recipe, {1, 4}, 10), 20);
  EXPECT_EQ(side_at(recipe, {1, 5}, 10), 32);
  EXPECT_EQ(side_at(recipe, {2, 9}, 10), 32);
  recipe.sides = {};
  EXPECT_EQ(side_at(recipe, {1, 5}, 10), 0);
}

TEST(Evaluate, MirroredIsTheMeanOfBothLogits) {
  const Dataset data = quarters_dataset();
  Supernet net = derived_net();
  Trainer trainer(net, data, short_recipe(1), {}, 1, 0);
  train(trainer);
  Loader loader(data.test, all_images(48), evaluation_options(48));
  const TensorBatch batch = next_batch(loader, torch::kCPU);
  const torch::NoGradGuard no_grad;
  const auto logits = [&](const torch::Tensor& images) {
    return net.forward(images.contiguous(at::MemoryFormat::ChannelsLast), derived_path(net), Mode::evaluation);
  };
  const torch::Tensor mean = (logits(batch.images) + logits(batch.images.flip({3}))) / 2;
  Loader again(data.test, all_images(48), evaluation_options(48));
  EXPECT_NEAR(evaluate(net, derived_path(net), again, true).loss,
              at::cross_entropy_loss(mean, batch.labels).item<double>(), 1e-6);
}

TEST(Trainer, AFinishedTrainingDoesNothing) {
  const Dataset data = quarters_dataset();
  Supernet net = derived_net();
  Trainer trainer(net, data, short_recipe(1), {}, 1, 0);
  const History run = train(trainer);
  EXPECT_TRUE(train(trainer).epochs.empty());
  EXPECT_EQ(trainer.save(), run.state);
}

TEST(Trainer, ScoresTheTestSplitAsOftenAsAskedAndInTheEnd) {
  const Dataset data = quarters_dataset();
  Supernet net = derived_net();
  TrainRecipe recipe = short_recipe(3);
  recipe.evaluate_every = 2;
  Trainer trainer(net, data, recipe, {}, 1, 0);
  const History run = train(trainer);
  EXPECT_FALSE(run.epochs[0].test);
  EXPECT_TRUE(run.epochs[1].test);
  EXPECT_TRUE(run.epochs[2].test);
}

TEST(Trainer, DamagedStatesAreRefused) {
  const Dataset data = quarters_dataset();
  Supernet net = derived_net();
  TrainRecipe recipe = short_recipe(2);
  recipe.average_decay = 0.9;
  Trainer trainer(net, data, recipe, {}, 1, 0);
  const Archive state = trainer.save();
  for (const char* part : {"net", "sgd", "average", "position"}) {
    Archive lacking = state;
    lacking.erase(part);
    EXPECT_THROW(trainer.restore(lacking, "checkpoint"), InputError);
    Archive damaged = state;
    damaged[part] = "{}";
    EXPECT_THROW(trainer.restore(damaged, "checkpoint"), InputError);
  }
}

TEST(WeightStep, ANetThatHasDivergedEndsWithTheEpochAndStep) {
  Rng rng = make_rng(1, "batch");
  const Supernet healthy = derived_net();
  for (const Parameter& poisoned : healthy.parameters()) {
    SCOPED_TRACE(poisoned.name);
    Supernet net = derived_net();
    Sgd sgd(net.parameters(), {});
    const TensorBatch batch{random_images(4, net.space(), torch::kFloat32, rng), random_labels(4, rng)};
    weight_step(net, sgd, batch, derived_path(net), 0.1, 0, {});  // gives steps of activations their first values
    {
      const torch::NoGradGuard no_grad;
      parameter(net, poisoned.name).flatten()[0] = std::numeric_limits<float>::quiet_NaN();
    }
    EXPECT_THAT(
        [&] { weight_step(net, sgd, batch, derived_path(net), 0.1, 0, {.epoch = 2, .step = 6}); },
        testing::ThrowsMessage<WorkError>(testing::HasSubstr("the loss is not a finite number in epoch 3, step 7")));
  }
}

TEST(WeightStep, LabelSmoothingSpreadsTheTarget) {
  Supernet net = derived_net();
  Sgd sgd(net.parameters(), {});
  Rng rng = make_rng(1, "batch");
  const TensorBatch batch{random_images(8, net.space(), torch::kFloat32, rng), random_labels(8, rng)};
  const torch::Tensor log_p = net.forward(batch.images, derived_path(net), Mode::arch).log_softmax(1);
  const double hit = -log_p.gather(1, batch.labels.view({-1, 1})).mean().item<double>();
  const double wanted = 0.9 * hit + 0.1 * -log_p.mean().item<double>();
  EXPECT_NEAR(weight_step(net, sgd, batch, derived_path(net), 0.1, 0.1, {}).loss, wanted, 1e-5);
}

TEST(Evaluate, CountsImagesAlikeInBatchesOfAnySize) {
  const Dataset data = quarters_dataset();
  Supernet net = derived_net();
  Rng rng = make_rng(1, "batch");
  {
    const torch::NoGradGuard no_grad;
    net.forward(random_images(16, net.space(), torch::kFloat32, rng), derived_path(net), Mode::weights);
  }
  std::vector<std::int64_t> images(48);
  std::iota(images.begin(), images.end(), 0);
  Loader one_batch(data.test, images, evaluation_options(48, 0));
  Loader several(data.test, images, evaluation_options(13, 0));  // the last of them of 9
  const Score score = evaluate(net, derived_path(net), one_batch);
  const Score same = evaluate(net, derived_path(net), several);
  EXPECT_NEAR(score.loss, same.loss, 1e-6);
  EXPECT_EQ(score.top1, same.top1);
}

TEST(RateAt, RisesLinearlyThenFallsAlongACosineToTheLastStep) {
  const TrainRecipe recipe{.epochs = 5, .warmup_epochs = 1, .rate = 0.4, .rate_min = 0.02};
  EXPECT_DOUBLE_EQ(rate_at(recipe, {0, 0}, 10), 0.04);
  EXPECT_DOUBLE_EQ(rate_at(recipe, {0, 9}, 10), 0.4);
  EXPECT_DOUBLE_EQ(rate_at(recipe, {1, 0}, 10), 0.4);
  EXPECT_DOUBLE_EQ(rate_at(recipe, {4, 9}, 10), 0.02);
  for (int step = 11; step < 50; ++step) {
    EXPECT_LT(rate_at(recipe, {step / 10, step % 10}, 10), rate_at(recipe, {(step - 1) / 10, (step - 1) % 10}, 10));
  }
}

}  // namespace
}  // namespace autonba
