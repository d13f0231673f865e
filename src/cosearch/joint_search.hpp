#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/archive.hpp"
#include "base/json.hpp"
#include "cosearch/config.hpp"
#include "cosearch/logit_adam.hpp"
#include "cosearch/logits.hpp"
#include "cosearch/pricing.hpp"
#include "cosearch/sampler.hpp"
#include "train/data/loader.hpp"
#include "train/data/split.hpp"
#include "train/trainer.hpp"

namespace autonba {

/// Sums over the steps of an epoch, so that a checkpoint in the middle of one loses nothing.
struct EpochSums {
  std::int64_t weight_steps = 0;
  double train_loss = 0;
  double train_top1 = 0;
  std::int64_t arch_steps = 0;
  double val_loss = 0;
  double val_top1 = 0;
  double log_seconds = 0;  // of the executed path's cost
};

/// The joint search of α, β, ω and γ (docs/search.md). Owns all state that changes from step to step; the same
/// configuration and data give the same steps, and a restored search goes on as if it had never stopped.
class JointSearch {
 public:
  /// `train` is divided in two halves by the seed: ω learns on one, α and β on the other. It must outlive the search.
  JointSearch(const Config& config, SearchSpace space, Platform platform, DesignSpace design_space,
              const ImageSet& train);

  std::int64_t total_steps() const;
  std::int64_t steps_done() const { return step_; }
  bool done() const { return step_ == total_steps(); }

  /// One step: a weight step, and after the warm-up an arch step too. Throws WorkError if the loss is not finite.
  void step();

  /// Of the last step: "warmup" or "search".
  const char* phase() const;
  /// Whether the last step ended an epoch; then epoch_event() is its line of metrics.jsonl, without seconds.
  bool epoch_ended() const;
  Json epoch_event() const;
  /// The line of metrics.jsonl of the last refresh of γ*, where the last step made one; else null.
  const Json& refresh_event() const { return refresh_event_; }

  /// What the terminal shows: epoch, loss, accuracy, expected cost against target, entropies.
  std::string status() const;

  Archive save() const;
  /// Throws InputError (naming `name`) if the archive does not fit the configuration.
  void restore(const Archive& archive, const std::string& name);

  const Logits& logits() const { return logits_; }
  Pricing& pricing() { return pricing_; }
  double lambda() const;

 private:
  struct Sampled;  // one block in one arch step

  bool joint() const;  // whether the current step has an arch step
  std::int64_t epoch() const;
  double tau() const;
  double learning_rate() const;
  void weight_step();
  void arch_step();
  void update_lambda(double seconds);
  std::vector<Sampled> sample_blocks(Rng& rng) const;
  void refresh_accelerator(const Architecture& executed);
  std::vector<BlockProbabilities> accuracy_gradient(const std::vector<Sampled>& samples);
  void add_cost_gradient(const std::vector<Sampled>& samples, const Architecture& executed,
                         std::vector<BlockProbabilities>& gradient);
  void update_logits(const std::vector<Sampled>& samples, const std::vector<BlockProbabilities>& gradient);

  Config config_;
  const ImageSet& train_;
  TwoParts halves_;
  std::int64_t steps_per_epoch_ = 0;
  std::unique_ptr<Loader> weight_batches_;  // made when first needed, at the step that has been reached
  std::unique_ptr<Loader> arch_batches_;
  Pricing pricing_;
  Supernet net_;
  Sgd sgd_;
  Logits logits_;
  std::vector<LogitAdam> alpha_adam_;              // [block]
  std::vector<std::vector<LogitAdam>> beta_adam_;  // [block][operator]
  double multiplier_ = 0;                          // μ, of the dual ascent
  double excess_ = 0;                              // running mean of log(C / target) over executed paths
  std::int64_t step_ = 0;
  std::int64_t arch_steps_ = 0;
  EpochSums sums_;
  Json refresh_event_;
};

}  // namespace autonba
