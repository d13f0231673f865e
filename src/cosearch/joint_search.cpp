#include "cosearch/joint_search.hpp"

#include <torch/torch.h>

#include <cmath>

#include "base/error.hpp"
#include "base/profile.hpp"
#include "cosearch/recipe.hpp"
#include "cosearch/state_json.hpp"
#include "train/data/to_tensor.hpp"

namespace autonba {

/// What one block does in one arch step.
struct JointSearch::Sampled {
  OperatorSample operators;
  BitSample bits;                         // of the executed operator
  std::vector<BlockChoice> alternatives;  // the other active operators at their sampled bits
  BlockChoice executed;
  torch::Tensor p;  // leaves of the step's graph
  torch::Tensor coefficients;
};

namespace {

BitSampling sampling_for_weights(Sampling sampling) {
  return sampling == Sampling::hard ? BitSampling::hard : BitSampling::soft;
}

BitSampling sampling_for_arch(Sampling sampling) {
  return sampling == Sampling::soft ? BitSampling::soft : BitSampling::hard;
}

Supernet make_net(const Config& config, const SearchSpace& space, int classes) {
  Rng rng = make_rng(config.seed, "search-weights");
  return Supernet(space, all_candidates(space), net_options(config, classes), rng);
}

torch::Tensor to_tensor(const std::vector<double>& values, const Supernet& net) {
  return torch::tensor(values, torch::kFloat64).to(net.options().device, net.options().dtype);
}

/// The gradient that a leaf has got; zeros if the loss does not depend on it.
std::vector<double> gradient_of(const torch::Tensor& leaf) {
  const auto size = static_cast<std::size_t>(leaf.numel());
  if (!leaf.grad().defined()) {
    return std::vector<double>(size, 0.0);
  }
  const torch::Tensor gradient = leaf.grad().to(torch::kCPU, torch::kFloat64).contiguous();
  return {gradient.data_ptr<double>(), gradient.data_ptr<double>() + size};
}

std::unique_ptr<Loader> make_loader(const Config& config, const ImageSet& set, const std::vector<std::int64_t>& images,
                                    const std::string& purpose, std::int64_t first_batch) {
  LoaderOptions options;
  options.batch = static_cast<int>(config.search.weights.batch);
  options.augmentation = usual_augmentation(config.dataset);
  options.seed = config.seed;
  options.purpose = purpose;
  return std::make_unique<Loader>(set, images, options, first_batch);
}

constexpr std::int64_t excess_horizon = 20;  // arch steps: longer than the noise of one path, shorter than a refresh

double mean(double sum, std::int64_t count) {
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

}  // namespace

JointSearch::JointSearch(const Config& config, SearchSpace space, Platform platform, DesignSpace design_space,
                         const ImageSet& train)
    : config_(config),
      train_(train),
      halves_(split_balanced(train.labels, 0.5, config.seed)),
      pricing_(space, train.classes, std::move(platform), std::move(design_space), config.target.metric),
      net_(make_net(config, space, train.classes)),
      sgd_(net_.parameters(), sgd_options(config.search.weights)),
      logits_(make_logits(space)),
      multiplier_(config.search.lambda_start) {
  for (std::size_t block = 0; block < space.blocks.size(); ++block) {
    alpha_adam_.push_back(make_logit_adam(space.operators.size()));
    beta_adam_.emplace_back(space.operators.size(), make_logit_adam(space.bits.size()));
  }
  const auto half = static_cast<std::int64_t>(std::min(halves_.first.size(), halves_.second.size()));
  steps_per_epoch_ = half / config.search.weights.batch;
  if (steps_per_epoch_ < 1) {
    throw input_error("half of the training images ({}) do not make one batch of {} (search.weights.batch)", half,
                      config.search.weights.batch);
  }
  if (config.search.steps_per_epoch > 0) {
    steps_per_epoch_ = std::min(steps_per_epoch_, config.search.steps_per_epoch);
  }
}

std::int64_t JointSearch::total_steps() const {
  return (config_.search.warmup_epochs + config_.search.epochs) * steps_per_epoch_;
}

std::int64_t JointSearch::epoch() const {
  return step_ / steps_per_epoch_;
}

bool JointSearch::joint() const {
  return epoch() >= config_.search.warmup_epochs;
}

double JointSearch::tau() const {
  if (!joint()) {
    return config_.search.tau_start;
  }
  const std::int64_t joint_step = step_ - config_.search.warmup_epochs * steps_per_epoch_;
  if (config_.search.tau_decay) {
    constexpr double least = 1e-3;  // below it samples no longer change, and logits / τ overflow at last
    const std::int64_t joint_epoch = joint_step / steps_per_epoch_;
    return std::max(least, config_.search.tau_start * std::pow(*config_.search.tau_decay, joint_epoch));
  }
  const double share = static_cast<double>(joint_step) / static_cast<double>(config_.search.epochs * steps_per_epoch_);
  return config_.search.tau_start * std::pow(config_.search.tau_end / config_.search.tau_start, share);
}

double JointSearch::learning_rate() const {
  const WeightRecipe& recipe = config_.search.weights;
  return cosine_rate(recipe.learning_rate, recipe.final_learning_rate,
                     static_cast<double>(step_) / static_cast<double>(total_steps()));
}

void JointSearch::step() {
  if (step_ % steps_per_epoch_ == 0) {
    sums_ = {};
  }
  refresh_event_ = {};
  weight_step();
  if (joint()) {
    arch_step();
  }
  ++step_;
}

void JointSearch::weight_step() {
  if (!weight_batches_) {
    weight_batches_ = make_loader(config_, train_, halves_.first, "search-weights", step_);
  }
  const TensorBatch batch = next_batch(*weight_batches_, net_.options().device);
  Rng rng = make_rng(config_.seed, "weight-path", static_cast<std::uint64_t>(step_));
  std::vector<BlockPath> path;
  for (std::size_t block = 0; block < logits_.alpha.size(); ++block) {
    const int op = sample_operators(logits_.alpha[block], 1, rng).active.front();
    const BitSample bits = sample_bits(logits_.beta[block][static_cast<std::size_t>(op)],
                                       sampling_for_weights(config_.search.sampling), 1, tau(), rng);
    path.push_back({.op = op, .bit_coefficients = to_tensor(bits.coefficients, net_)});
  }
  const Score score = autonba::weight_step(net_, sgd_, batch, path, learning_rate(),
                                           config_.search.weights.label_smoothing, {epoch(), step_ % steps_per_epoch_});
  sums_.train_loss += score.loss;
  sums_.train_top1 += score.top1;
  ++sums_.weight_steps;
}

void JointSearch::arch_step() {
  Rng rng = make_rng(config_.seed, "arch-path", static_cast<std::uint64_t>(step_));
  const std::vector<Sampled> samples = sample_blocks(rng);
  Architecture executed;
  for (const Sampled& sample : samples) {
    executed.push_back(sample.executed);
  }
  if (arch_steps_ % config_.accelerator.every == 0) {
    const Timed timed("accelerator");
    refresh_accelerator(executed);
  }

  std::vector<BlockProbabilities> gradient = accuracy_gradient(samples);
  const Timed timed("cost gradient");
  const double seconds = pricing_.objective_seconds(pricing_.chunk_seconds(executed));
  add_cost_gradient(samples, executed, gradient);
  update_logits(samples, gradient);
  update_lambda(seconds);
  sums_.log_seconds += std::log(seconds);
  ++sums_.arch_steps;
  ++arch_steps_;
}

/// The multiplier of a dual ascent alone goes on rising until the target is met, and then pushes far beyond it before
/// it has fallen again. The part in proportion to what is missing lately (an augmented Lagrangian) ends with the miss.
void JointSearch::update_lambda(double seconds) {
  const double excess = std::log(seconds / limit_of(config_.target));
  multiplier_ = std::max(config_.search.lambda_min, multiplier_ + config_.search.lambda_rate * excess);
  const std::int64_t steps = std::min(arch_steps_ + 1, excess_horizon);
  excess_ += (excess - excess_) / static_cast<double>(steps);
}

double JointSearch::lambda() const {
  return std::max(config_.search.lambda_min, multiplier_ + config_.search.lambda_gain * excess_);
}

std::vector<JointSearch::Sampled> JointSearch::sample_blocks(Rng& rng) const {
  const SearchConfig& search = config_.search;
  std::vector<Sampled> samples;
  for (std::size_t block = 0; block < logits_.alpha.size(); ++block) {
    const auto bits_of = [&](int op, BitSampling sampling, std::int64_t count) {
      return sample_bits(logits_.beta[block][static_cast<std::size_t>(op)], sampling, static_cast<int>(count), tau(),
                         rng);
    };
    Sampled sample;
    sample.operators = sample_operators(logits_.alpha[block], static_cast<int>(search.active_operators), rng);
    const int op = sample.operators.active.front();
    sample.bits = bits_of(op, sampling_for_arch(search.sampling), search.active_bits);
    sample.executed = {op, sample.bits.selected};
    for (std::size_t k = 1; k < sample.operators.active.size(); ++k) {
      const int other = sample.operators.active[k];
      sample.alternatives.push_back({other, bits_of(other, BitSampling::hard, 1).selected});
    }
    sample.p = to_tensor(sample.operators.p, net_).requires_grad_();
    sample.coefficients = to_tensor(sample.bits.coefficients, net_).requires_grad_();
    samples.push_back(std::move(sample));
  }
  return samples;
}

void JointSearch::refresh_accelerator(const Architecture& executed) {
  const std::uint64_t seed = make_rng(config_.seed, "accelerator", static_cast<std::uint64_t>(arch_steps_)).state;
  const Solution solution = pricing_.refresh(executed, config_.accelerator.engine, refresh_budget(config_), seed);
  const double seconds =
      value_of(pricing_.objective(), solution.cost, solution.accelerator->batch, pricing_.platform());
  refresh_event_ = {{"event", "accelerator"},
                    {"phase", "search"},
                    {"step", step_},
                    {"value", seconds},
                    {metric_name(pricing_.objective()), in_unit(pricing_.objective(), seconds)},
                    {"evaluations", solution.evaluations}};
  if (solution.bound) {
    refresh_event_["gap"] = gap_of(seconds, *solution.bound);
  }
}

std::vector<BlockProbabilities> JointSearch::accuracy_gradient(const std::vector<Sampled>& samples) {
  if (!arch_batches_) {
    const std::int64_t first = step_ - config_.search.warmup_epochs * steps_per_epoch_;
    arch_batches_ = make_loader(config_, train_, halves_.second, "search-arch", first);
  }
  const TensorBatch batch = next_batch(*arch_batches_, net_.options().device);
  std::vector<BlockPath> path;
  for (const Sampled& sample : samples) {
    path.push_back({sample.executed.op, sample.coefficients, sample.alternatives, sample.p});
  }
  torch::Tensor output, loss;
  {
    const Timed timed("arch forward");
    output = net_.forward(batch.images, path, Mode::arch);
    loss = at::cross_entropy_loss(output, batch.labels);
  }
  if (!std::isfinite(loss.item<double>())) {
    throw work_error(
        "the loss of the held-out images is not a finite number in arch step {}; a lower learning_rate may "
        "help",
        arch_steps_ + 1);
  }
  if (config_.search.accuracy_term) {
    const Timed timed("arch backward");
    loss.backward();
  }
  sums_.val_loss += loss.item<double>();
  sums_.val_top1 += output.detach().argmax(1).eq(batch.labels).to(torch::kFloat64).mean().item<double>();

  std::vector<BlockProbabilities> gradient;
  for (const Sampled& sample : samples) {
    gradient.push_back({gradient_of(sample.p), gradient_of(sample.coefficients)});
  }
  return gradient;
}

void JointSearch::add_cost_gradient(const std::vector<Sampled>& samples, const Architecture& executed,
                                    std::vector<BlockProbabilities>& gradient) {
  if (lambda() == 0) {
    return;
  }
  const std::vector<double> fixed = pricing_.fixed_seconds(executed);
  std::vector<BlockSeconds> seconds;
  std::vector<BlockProbabilities> probabilities;
  for (std::size_t block = 0; block < samples.size(); ++block) {
    const Sampled& sample = samples[block];
    BlockSeconds of_block;
    for (std::size_t j = 0; j < sample.bits.soft.size(); ++j) {
      const BlockChoice choice{sample.executed.op, static_cast<int>(j)};
      of_block.executed.push_back(sample.bits.soft[j] > 0 ? pricing_.block_seconds(executed, block, choice)
                                                          : std::vector<double>(fixed.size(), 0.0));
    }
    if (config_.search.cost_gradient == CostGradient::expected) {
      for (const BlockChoice& choice : sample.alternatives) {
        of_block.alternatives.push_back(pricing_.block_seconds(executed, block, choice));
      }
    }
    seconds.push_back(std::move(of_block));
    probabilities.push_back({sample.operators.p, sample.bits.soft});
  }
  const ExpectedCost cost = expected_cost(pricing_.objective(), fixed, seconds, probabilities);
  for (std::size_t block = 0; block < samples.size(); ++block) {
    for (std::size_t k = 0; k < gradient[block].p.size(); ++k) {
      gradient[block].p[k] += lambda() * cost.gradient[block].p[k];
    }
    for (std::size_t j = 0; j < gradient[block].q.size(); ++j) {
      gradient[block].q[j] += lambda() * cost.gradient[block].q[j];
    }
  }
}

void JointSearch::update_logits(const std::vector<Sampled>& samples, const std::vector<BlockProbabilities>& gradient) {
  const LogitAdamOptions options{.learning_rate = config_.search.arch_learning_rate};
  for (std::size_t block = 0; block < samples.size(); ++block) {
    const Sampled& sample = samples[block];
    std::vector<double> by_alpha(logits_.alpha[block].size(), 0.0);
    add_alpha_gradient(sample.operators, gradient[block].p, by_alpha);
    update(alpha_adam_[block], options, sample.operators.active, by_alpha, logits_.alpha[block]);

    const SearchSpace& space = pricing_.space();
    const auto op = static_cast<std::size_t>(sample.executed.op);
    if (space.operators[op].skip && keeps_shape(space.blocks[block])) {
      continue;  // the identity has no bits
    }
    std::vector<int> active;
    for (std::size_t j = 0; j < sample.bits.soft.size(); ++j) {
      if (sample.bits.soft[j] > 0) {
        active.push_back(static_cast<int>(j));
      }
    }
    std::vector<double> by_beta(sample.bits.soft.size(), 0.0);
    add_beta_gradient(sample.bits, tau(), gradient[block].q, by_beta);
    update(beta_adam_[block][op], options, active, by_beta, logits_.beta[block][op]);
  }
}

const char* JointSearch::phase() const {
  return (step_ - 1) / steps_per_epoch_ < config_.search.warmup_epochs ? "warmup" : "search";
}

bool JointSearch::epoch_ended() const {
  return step_ > 0 && step_ % steps_per_epoch_ == 0;
}

Json JointSearch::epoch_event() const {
  const std::int64_t ended = (step_ - 1) / steps_per_epoch_;
  const bool was_joint = ended >= config_.search.warmup_epochs;
  Json event = {{"event", "epoch"},
                {"phase", phase()},
                {"epoch", was_joint ? ended - config_.search.warmup_epochs + 1 : ended + 1},
                {"epochs", was_joint ? config_.search.epochs : config_.search.warmup_epochs},
                {"train_loss", mean(sums_.train_loss, sums_.weight_steps)},
                {"train_top1", mean(sums_.train_top1, sums_.weight_steps)},
                {"learning_rate", learning_rate()}};
  if (!was_joint) {
    return event;
  }
  const double seconds = std::exp(mean(sums_.log_seconds, sums_.arch_steps));
  event.update({{"val_loss", mean(sums_.val_loss, sums_.arch_steps)},
                {"val_top1", mean(sums_.val_top1, sums_.arch_steps)},
                {"tau", tau()},
                {"expected_seconds", seconds},
                {"expected_" + metric_name(pricing_.objective()), in_unit(pricing_.objective(), seconds)},
                {"target_seconds", limit_of(config_.target)},
                {"lambda", lambda()},
                {"alpha_entropy", alpha_entropy(logits_)},
                {"beta_entropy", beta_entropy(logits_)}});
  event.update(choices_json(logits_, pricing_.space()));
  return event;
}

std::string JointSearch::status() const {
  const std::int64_t of_epoch = (step_ - 1) % steps_per_epoch_ + 1;
  std::string text =
      fmt::format("search {}/{}  step {}/{}  loss {:.3f}  top-1 {:.1f}%", (step_ - 1) / steps_per_epoch_ + 1,
                  config_.search.warmup_epochs + config_.search.epochs, of_epoch, steps_per_epoch_,
                  mean(sums_.train_loss, sums_.weight_steps), 100 * mean(sums_.train_top1, sums_.weight_steps));
  if (sums_.arch_steps > 0) {
    const Objective objective = pricing_.objective();
    const double seconds = std::exp(mean(sums_.log_seconds, sums_.arch_steps));
    text += fmt::format("  expected {:.4g} of {:.4g} {}  λ {:.3f}  entropy α {:.2f} β {:.2f}",
                        in_unit(objective, seconds), config_.target.value, words_of(objective).unit, lambda(),
                        alpha_entropy(logits_), beta_entropy(logits_));
  }
  return text;
}

Archive JointSearch::save() const {
  const Json sums = {sums_.weight_steps, sums_.train_loss, sums_.train_top1, sums_.arch_steps,
                     sums_.val_loss,     sums_.val_top1,   sums_.log_seconds};
  Json state = {{"step", step_},     {"arch_steps", arch_steps_},      {"multiplier", multiplier_},
                {"logits", logits_}, {"alpha_adam", alpha_adam_},      {"beta_adam", beta_adam_},
                {"sums", sums},      {"accelerator", pricing_.save()}, {"excess", excess_}};
  return {{"state", state.dump()}, {"net", net_.save()}, {"sgd", sgd_.save()}};
}

void JointSearch::restore(const Archive& archive, const std::string& name) {
  try {
    const Json state = Json::parse(archive.at("state"));
    state.at("step").get_to(step_);
    state.at("arch_steps").get_to(arch_steps_);
    state.at("multiplier").get_to(multiplier_);
    state.at("excess").get_to(excess_);
    state.at("logits").get_to(logits_);
    state.at("alpha_adam").get_to(alpha_adam_);
    state.at("beta_adam").get_to(beta_adam_);
    const Json& sums = state.at("sums");
    sums_ = {sums.at(0), sums.at(1), sums.at(2), sums.at(3), sums.at(4), sums.at(5), sums.at(6)};
    pricing_.restore(state.at("accelerator"), name);
    net_.restore(archive.at("net"), name);
    sgd_.restore(archive.at("sgd"), name);
  } catch (const std::out_of_range&) {
    throw input_error("{}: is not a checkpoint of a search", name);
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: is not a checkpoint of this search: {}", name, error.what());
  }
  weight_batches_.reset();
  arch_batches_.reset();
}

}  // namespace autonba
