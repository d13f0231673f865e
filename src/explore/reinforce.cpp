#include "explore/reinforce.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/softmax.hpp"
#include "explore/gamma_logits.hpp"
#include "explore/running_mean.hpp"

namespace autonba {
namespace {

struct Draw {
  Design design;
  std::vector<std::vector<double>> policies;  // [choice][option] probabilities; 0 for what was ruled out
  double cost = 0;
};

/// Probabilities of the options that are allowed.
std::vector<double> policy_of(const std::vector<double>& logits, const std::vector<char>& allowed) {
  std::vector<double> left = logits;
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = allowed[i] != 0 ? left[i] : -std::numeric_limits<double>::infinity();
  }
  return softmax(left);
}

int drawn_from(const std::vector<double>& probabilities, Rng& rng) {
  double left = uniform(rng);
  int last = not_chosen;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] > 0) {
      last = static_cast<int>(i);
      left -= probabilities[i];
      if (left < 0) {
        break;
      }
    }
  }
  return last;
}

Draw drawn(Trial& trial, const std::vector<GammaLogits>& gamma, Rng& rng) {
  Draw draw;
  draw.policies.resize(gamma.size());
  draw.design = trial.choices().make([&](std::size_t m, const std::vector<char>& allowed) {
    draw.policies[m] = policy_of(gamma[m].logits, allowed);
    return drawn_from(draw.policies[m], rng);
  });
  draw.cost = trial.evaluate(draw.design).log_cost;
  return draw;
}

/// Gradient of advantage · log probability of the picks.
void credit(std::vector<GammaLogits>& gamma, const Draw& draw, double advantage) {
  for (std::size_t m = 0; m < gamma.size(); ++m) {
    if (draw.design.picks[m] == not_chosen) {
      continue;
    }
    for (std::size_t i = 0; i < gamma[m].gradient.size(); ++i) {
      const double picked = static_cast<int>(i) == draw.design.picks[m] ? 1 : 0;
      gamma[m].gradient[i] += advantage * (picked - draw.policies[m][i]);
    }
  }
}

/// Takes away bonus · ∂ entropy / ∂ logits.
void add_entropy_bonus(GammaLogits& gamma, double bonus) {
  const std::vector<double> policy = softmax(gamma.logits);
  const double entropy_now = entropy(gamma.logits);
  for (std::size_t i = 0; i < policy.size(); ++i) {
    gamma.gradient[i] += bonus * policy[i] * (std::log(std::max(policy[i], 1e-300)) + entropy_now);
  }
}

}  // namespace

void search_reinforce(Trial& trial, Rng rng, const std::vector<int>& start, const ReinforceOptions& options) {
  std::vector<GammaLogits> gamma;
  for (std::size_t m = 0; m < trial.choices().choices().size(); ++m) {
    const std::size_t count = trial.choices().choices()[m].options.size();
    const bool known = !start.empty() && start[m] != not_chosen;
    gamma.push_back(known ? logits_around(count, static_cast<std::size_t>(start[m]), options.start_probability)
                          : uniform_logits(count));
  }
  RunningMean baseline;
  for (std::int64_t step = 1; !trial.done(); ++step) {
    std::vector<Draw> draws;
    while (static_cast<int>(draws.size()) < options.designs_per_step && !trial.done()) {
      draws.push_back(drawn(trial, gamma, rng));
      baseline.add(draws.back().cost, options.baseline_rate);
    }
    for (GammaLogits& of_choice : gamma) {
      std::fill(of_choice.gradient.begin(), of_choice.gradient.end(), 0.0);
      add_entropy_bonus(of_choice, options.entropy_bonus * trial.share_left());
    }
    for (const Draw& draw : draws) {
      credit(gamma, draw, baseline.standardised(draw.cost) / static_cast<double>(draws.size()));
    }
    for (GammaLogits& of_choice : gamma) {
      adam_step(of_choice, options.learning_rate, step);
    }
  }
}

}  // namespace autonba
