#include "explore/das.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/softmax.hpp"
#include "explore/gamma_logits.hpp"
#include "explore/running_mean.hpp"

namespace autonba {
namespace {

/// Of what the platform has: DSP, BRAM18, LUT, FF, port bits, area.
using Shares = std::array<double, 6>;

Shares shares_of(const Resources& used, const Platform& platform) {
  const auto share = [](std::int64_t count, std::int64_t available) {
    return static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(available, 1));
  };
  return {share(used.dsp, platform.dsp),
          share(used.bram18, platform.bram18),
          share(used.lut, platform.lut),
          share(used.ff, platform.ff),
          share(used.port_bits, platform.memory_bits_per_cycle),
          share(used.area_um2, platform.asic ? platform.asic->area_um2 : 0)};
}

/// One design, and what its gradient is made of.
struct Draw {
  Design design;
  DesignCost cost;
  std::vector<std::vector<double>> soft;   // [choice][option] Gumbel-softmax; 0 for what was ruled out
  std::vector<std::vector<double>> times;  // [layer][chunk] cycles, or pJ for `energy`
  std::vector<double> weights;             // [chunk] w_k
  std::vector<double> log_times;           // [chunk] of an image, over the probabilities of where layers go
  std::vector<double> chunk_losses;        // [chunk]
  double loss = 0;
};

class Das {
 public:
  Das(Trial& trial, Rng rng, const std::vector<int>& start, const DasOptions& options);
  void run();

 private:
  Draw draw();
  std::vector<double> weights_of(const DesignCost& cost) const;
  std::vector<double> expected_log_times(const Draw& draw) const;
  void learn(std::vector<Draw>& draws);
  void follow_weights(const std::vector<Draw>& draws);
  void follow_prices(const std::vector<Draw>& draws);
  double price_of(const Resources& used) const;
  void add_losses(Draw& draw);
  void credit(const Draw& draw);
  void credit_pick(std::size_t choice, const Draw& draw, double advantage);
  void credit_layer(std::size_t choice, const Draw& draw);

  Trial& trial_;
  Rng rng_;
  DasOptions options_;
  const std::vector<DesignChoice>& choices_;
  double sharpness_ = 1;
  double rate_ = 0;  // of running means, for one design
  std::vector<GammaLogits> gamma_;
  std::vector<double> least_entropy_;  // by choice, at the start
  Shares prices_ = {};
  std::vector<double> slot_weights_;  // running mean of w
  std::vector<RunningMean> slot_losses_;
  RunningMean losses_;
};

Das::Das(Trial& trial, Rng rng, const std::vector<int>& start, const DasOptions& options)
    : trial_(trial),
      rng_(rng),
      options_(options),
      choices_(trial.choices().choices()),
      sharpness_(sums_over_chunks(trial.objective()) ? 1 : options.sharpness),
      rate_((1 - options.memory) / options.designs_per_step),
      slot_weights_(static_cast<std::size_t>(trial.choices().slots()), 0.5),
      slot_losses_(slot_weights_.size()) {
  for (std::size_t m = 0; m < choices_.size(); ++m) {
    const std::size_t count = choices_[m].options.size();
    const bool known = !start.empty() && start[m] != not_chosen;
    gamma_.push_back(known ? logits_around(count, static_cast<std::size_t>(start[m]), options.start_probability)
                           : uniform_logits(count));
    const bool layer = choices_[m].parameter == Parameter::layer_slot;
    least_entropy_.push_back((layer ? options.layer_entropy : options.chunk_entropy) * entropy(gamma_[m].logits));
  }
}

void Das::run() {
  for (std::int64_t step = 1; !trial_.done(); ++step) {
    std::vector<Draw> draws;
    while (static_cast<int>(draws.size()) < options_.designs_per_step && !trial_.done()) {
      draws.push_back(draw());
    }
    learn(draws);
    for (std::size_t m = 0; m < choices_.size(); ++m) {
      adam_step(gamma_[m], options_.learning_rate, step);
      keep_entropy(gamma_[m].logits, least_entropy_[m] * trial_.share_left());
    }
  }
}

Draw Das::draw() {
  Draw draw;
  draw.soft.resize(choices_.size());
  draw.design = trial_.choices().make([&](std::size_t m, const std::vector<char>& allowed) {
    std::vector<double>& soft = draw.soft[m];
    soft.assign(allowed.size(), 0.0);
    int pick = not_chosen;
    std::vector<double> noisy(allowed.size());
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      noisy[i] = allowed[i] != 0 ? gamma_[m].logits[i] + gumbel(rng_) : 0;
      if (allowed[i] != 0 && (pick == not_chosen || noisy[i] > noisy[static_cast<std::size_t>(pick)])) {
        pick = static_cast<int>(i);
      }
    }
    double sum = 0;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      soft[i] = allowed[i] != 0 ? std::exp((noisy[i] - noisy[static_cast<std::size_t>(pick)]) / options_.tau) : 0;
      sum += soft[i];
    }
    for (double& probability : soft) {
      probability /= sum;
    }
    return pick;
  });
  draw.cost = trial_.evaluate(draw.design);
  draw.times = trial_.loads_on_all_chunks(draw.design);
  draw.weights = weights_of(draw.cost);
  draw.log_times = expected_log_times(draw);
  return draw;
}

/// Derivatives of log (Σ C_k^s)^(1/s) by log C_k.
std::vector<double> Das::weights_of(const DesignCost& cost) const {
  const double most = *std::max_element(cost.chunk_loads.begin(), cost.chunk_loads.end());
  std::vector<double> weights;
  for (const double cycles : cost.chunk_loads) {
    weights.push_back(std::pow(cycles / most, sharpness_));
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) {
    weight /= sum;
  }
  return weights;
}

/// Chunk times for the probabilities of where layers go, not for where they went: the choices of a chunk are not to be
/// credited with the luck of the assignment.
std::vector<double> Das::expected_log_times(const Draw& draw) const {
  std::vector<double> cycles(draw.design.chunks.size(), 0.0);
  for (std::size_t m = 0; m < choices_.size(); ++m) {
    if (choices_[m].parameter != Parameter::layer_slot) {
      continue;
    }
    std::vector<double> chance(cycles.size(), 0.0);
    for (std::size_t k = 0; k < cycles.size(); ++k) {
      const auto option = static_cast<std::size_t>(draw.design.slots[k] - choices_[m].options.front());
      if (option < draw.soft[m].size() && draw.soft[m][option] > 0) {
        chance[k] = std::exp(gamma_[m].logits[option]);
      }
    }
    const double sum = std::accumulate(chance.begin(), chance.end(), 0.0);
    for (std::size_t k = 0; k < cycles.size(); ++k) {
      if (chance[k] > 0) {
        cycles[k] += chance[k] / sum * draw.times[static_cast<std::size_t>(choices_[m].index)][k];
      }
    }
  }
  for (double& value : cycles) {
    value = std::log(value / draw.design.batch);
  }
  return cycles;
}

/// Sets the gradients of all γ^m.
void Das::learn(std::vector<Draw>& draws) {
  follow_weights(draws);
  follow_prices(draws);
  for (Draw& draw : draws) {
    add_losses(draw);
  }
  for (GammaLogits& gamma : gamma_) {
    std::fill(gamma.gradient.begin(), gamma.gradient.end(), 0.0);
  }
  for (const Draw& draw : draws) {
    credit(draw);
  }
}

void Das::follow_weights(const std::vector<Draw>& draws) {
  for (const Draw& draw : draws) {
    for (std::size_t k = 0; k < draw.weights.size(); ++k) {
      double& mean = slot_weights_[static_cast<std::size_t>(draw.design.slots[k])];
      mean += rate_ * (draw.weights[k] - mean);
    }
  }
}

void Das::follow_prices(const std::vector<Draw>& draws) {
  Shares over = {};
  for (const Draw& draw : draws) {
    const Shares used = shares_of(resources_of(draw.cost), trial_.platform());
    for (std::size_t r = 0; r < over.size(); ++r) {
      over[r] += used[r] > 1 ? 1.0 / static_cast<double>(draws.size()) : 0;
    }
  }
  for (std::size_t r = 0; r < over.size(); ++r) {
    prices_[r] = std::max(0.0, prices_[r] + options_.price_rate * (over[r] - options_.share_over));
  }
}

/// Linear in the share of the platform that is used, logarithmic above all of it.
double Das::price_of(const Resources& used) const {
  const Shares shares = shares_of(used, trial_.platform());
  double sum = 0;
  for (std::size_t r = 0; r < shares.size(); ++r) {
    sum += prices_[r] * (shares[r] <= 1 ? shares[r] : 1 + std::log(shares[r]));
  }
  return sum;
}

void Das::add_losses(Draw& draw) {
  draw.loss = std::log(draw.cost.value) + price_of(resources_of(draw.cost));
  losses_.add(draw.loss, rate_);
  for (std::size_t k = 0; k < draw.weights.size(); ++k) {
    const auto slot = static_cast<std::size_t>(draw.design.slots[k]);
    draw.chunk_losses.push_back(slot_weights_[slot] * draw.log_times[k] + price_of(draw.cost.chunk_resources[k]));
    slot_losses_[slot].add(draw.chunk_losses.back(), rate_);
  }
}

void Das::credit(const Draw& draw) {
  std::vector<double> slot_advantage(slot_weights_.size(), 0.0);
  for (std::size_t k = 0; k < draw.chunk_losses.size(); ++k) {
    const auto slot = static_cast<std::size_t>(draw.design.slots[k]);
    slot_advantage[slot] = slot_losses_[slot].standardised(draw.chunk_losses[k]);
  }
  const double advantage = losses_.standardised(draw.loss);
  for (std::size_t m = 0; m < choices_.size(); ++m) {
    if (draw.design.picks[m] == not_chosen) {
      continue;
    }
    switch (choices_[m].parameter) {
      case Parameter::layer_slot:
        credit_layer(m, draw);
        break;
      case Parameter::batch:
      case Parameter::chunk_count:
      case Parameter::store_port:
      case Parameter::map_place:
        credit_pick(m, draw, advantage);
        break;
      default:
        credit_pick(m, draw, slot_advantage[static_cast<std::size_t>(choices_[m].index)]);
    }
  }
}

/// advantage · ∂(soft probability of the pick) / ∂γ^m
void Das::credit_pick(std::size_t choice, const Draw& draw, double advantage) {
  const std::vector<double>& soft = draw.soft[choice];
  const auto pick = static_cast<std::size_t>(draw.design.picks[choice]);
  for (std::size_t i = 0; i < soft.size(); ++i) {
    gamma_[choice].gradient[i] += advantage * soft[pick] / options_.tau * ((i == pick ? 1 : 0) - soft[i]);
  }
}

/// Σ_k ∂ log cost / ∂(the layer's place on chunk k) · ∂(soft probability of k) / ∂γ^m
void Das::credit_layer(std::size_t choice, const Draw& draw) {
  const std::vector<double>& soft = draw.soft[choice];
  const std::vector<double>& times = draw.times[static_cast<std::size_t>(choices_[choice].index)];
  std::vector<double> slope(soft.size(), 0.0);
  for (std::size_t k = 0; k < draw.weights.size(); ++k) {
    const auto option = static_cast<std::size_t>(draw.design.slots[k] - choices_[choice].options.front());
    if (option < soft.size()) {
      slope[option] = draw.weights[k] * times[k] / draw.cost.chunk_loads[k];
    }
  }
  const double mean = std::inner_product(soft.begin(), soft.end(), slope.begin(), 0.0);
  for (std::size_t i = 0; i < soft.size(); ++i) {
    gamma_[choice].gradient[i] += soft[i] / options_.tau * (slope[i] - mean);
  }
}

}  // namespace

void search_das(Trial& trial, Rng rng, const std::vector<int>& start, const DasOptions& options) {
  Das(trial, rng, start, options).run();
}

}  // namespace autonba
