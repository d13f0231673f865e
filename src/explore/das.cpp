#include "explore/das.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace autonba {
namespace {

double env(const char* name, double otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atof(text) : otherwise;
}

struct Vector {
  std::vector<double> logits, first, second, gradient;
};

struct Sample {
  Design design;
  DesignCost cost;
  std::vector<std::vector<double>> soft;
  std::vector<double> chunk_weight;
  std::vector<std::vector<double>> times;
  double smooth = 0;
};

}  // namespace

void search_das(Trial& trial, Rng rng, const std::vector<int>& start) {
  const double lr = env("LR", 0.05), beta1 = env("B1", 0.9), beta2 = env("B2", 0.999);
  const double tau0 = env("TAU0", 1), tau1 = env("TAU1", 1);
  const double entropy0 = env("H0", 0.0), entropy1 = env("H1", 0.0);
  const int per_step = static_cast<int>(env("S", 8));
  const double sharp = env("SHARP", 8);
  const double attrib = env("ATTR", 0);
  const double decay = env("DECAY", 0.9);
  const double score = env("SCORE", 0);
  const double norm = env("NORM", 0);
  const double layer_scale = env("LAYER", 1);
  const auto& choices = trial.choices().choices();
  std::vector<Vector> gamma(choices.size());
  for (std::size_t m = 0; m < choices.size(); ++m) {
    const auto n = choices[m].options.size();
    gamma[m] = {std::vector<double>(n), std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
    if (!start.empty() && start[m] != not_chosen) gamma[m].logits[static_cast<std::size_t>(start[m])] = env("WARM", 3);
  }
  const std::int64_t total = trial.budget().evaluations;
  double baseline = 0;
  bool have_baseline = false;
  std::vector<double> chunk_base(static_cast<std::size_t>(trial.choices().slots()), 0), chunk_seen = chunk_base;
  for (std::int64_t step = 1; !trial.done(); ++step) {
    const double share = static_cast<double>(trial.evaluations()) / static_cast<double>(total);
    const double tau = tau0 * std::pow(tau1 / tau0, share);
    const double entropy = entropy0 + (entropy1 - entropy0) * share;
    std::vector<Sample> samples;
    for (int s = 0; s < per_step && !trial.done(); ++s) {
      Sample sample;
      sample.soft.resize(choices.size());
      sample.design = trial.choices().make([&](std::size_t m, const std::vector<char>& allowed) {
        auto& soft = sample.soft[m];
        soft.assign(allowed.size(), 0.0);
        int best = -1;
        double top = -1e300;
        for (std::size_t i = 0; i < allowed.size(); ++i) {
          if (!allowed[i]) continue;
          soft[i] = (gamma[m].logits[i] + gumbel(rng)) ;
          if (soft[i] > top) { top = soft[i]; best = static_cast<int>(i); }
        }
        double sum = 0;
        for (std::size_t i = 0; i < allowed.size(); ++i) {
          const double z = score > 0 ? gamma[m].logits[i] : (soft[i] - top) / tau;
          soft[i] = allowed[i] ? std::exp(z) : 0.0;
          sum += soft[i];
        }
        for (double& v : soft) v /= sum;
        return best;
      });
      sample.cost = trial.evaluate(sample.design);
      const auto& c = sample.cost.chunk_cycles;
      const double most = *std::max_element(c.begin(), c.end());
      double sum = 0;
      for (double v : c) sum += std::pow(v / most, sharp);
      for (double v : c) sample.chunk_weight.push_back(std::pow(v / most, sharp) / sum);
      sample.times = trial.times_on_all_chunks(sample.design);
      samples.push_back(std::move(sample));
    }
    double mean = 0, square = 0;
    for (const Sample& s : samples) { mean += s.cost.log_cost; square += s.cost.log_cost * s.cost.log_cost; }
    mean /= static_cast<double>(samples.size());
    const double sd = std::sqrt(std::max(1e-9, square / static_cast<double>(samples.size()) - mean * mean));
    baseline = have_baseline ? decay * baseline + (1 - decay) * mean : mean;
    have_baseline = true;
    for (auto& g : gamma) std::fill(g.gradient.begin(), g.gradient.end(), 0.0);
    for (const Sample& s : samples) {
      const double n = static_cast<double>(samples.size());
      const double loo = per_step > 1 ? (mean * n - s.cost.log_cost) / (n - 1) : baseline;
      double advantage = s.cost.log_cost - (decay > 0 ? baseline : loo);
      if (norm > 0) advantage /= sd;
      std::vector<int> chunk_at(static_cast<std::size_t>(trial.choices().slots()), -1);
      for (std::size_t k = 0; k < s.design.slots.size(); ++k) chunk_at[static_cast<std::size_t>(s.design.slots[k])] = static_cast<int>(k);
      for (std::size_t m = 0; m < choices.size(); ++m) {
        const int pick = s.design.picks[m];
        if (pick == not_chosen) continue;
        const auto& y = s.soft[m];
        auto& g = gamma[m].gradient;
        if (choices[m].parameter == Parameter::layer_slot && layer_scale >= 0) {
          double bar = 0;
          std::vector<double> cost(y.size(), 0.0);
          for (std::size_t i = 0; i < y.size(); ++i) {
            const int k = chunk_at[static_cast<std::size_t>(choices[m].options[i])];
            if (k < 0) continue;
            const auto kk = static_cast<std::size_t>(k);
            cost[i] = s.chunk_weight[kk] * s.times[static_cast<std::size_t>(choices[m].index)][kk] / s.cost.chunk_cycles[kk];
            bar += y[i] * cost[i];
          }
          for (std::size_t i = 0; i < y.size(); ++i) {
            if (y[i] > 0) g[i] += layer_scale * y[i] * (cost[i] - bar) / tau / n;
          }
          continue;
        }
        const double factor = score > 0 ? 1 : y[static_cast<std::size_t>(pick)] / tau;
        for (std::size_t i = 0; i < y.size(); ++i) {
          g[i] += advantage * factor * ((static_cast<int>(i) == pick ? 1.0 : 0.0) - y[i]) / n;
        }
      }
    }
    for (auto& g : gamma) {
      double top = *std::max_element(g.logits.begin(), g.logits.end()), sum = 0, h = 0;
      for (double v : g.logits) sum += std::exp(v - top);
      for (double v : g.logits) { const double p = std::exp(v - top) / sum; h -= p * std::log(std::max(p, 1e-30)); }
      for (std::size_t i = 0; i < g.logits.size(); ++i) {
        const double p = std::exp(g.logits[i] - top) / sum;
        g.gradient[i] += entropy * p * (std::log(std::max(p, 1e-30)) + h);
        g.first[i] = beta1 * g.first[i] + (1 - beta1) * g.gradient[i];
        g.second[i] = beta2 * g.second[i] + (1 - beta2) * g.gradient[i] * g.gradient[i];
        const double m1 = g.first[i] / (1 - std::pow(beta1, step)), m2 = g.second[i] / (1 - std::pow(beta2, step));
        g.logits[i] -= lr * m1 / (std::sqrt(m2) + 1e-8);
      }
    }
    if (env("VERBOSE", 0) > 0 && step % 50 == 0) {
      double h = 0; int feas = 0;
      for (auto& g : gamma) { double top = *std::max_element(g.logits.begin(), g.logits.end()), sum = 0;
        for (double v : g.logits) sum += std::exp(v - top);
        for (double v : g.logits) { const double p = std::exp(v - top) / sum; h -= p * std::log(std::max(p, 1e-30)); } }
      for (auto& s : samples) feas += feasible(s.cost);
      std::fprintf(stderr, "%6ld base %.3f H %.2f feas %d best %.1f\n", trial.evaluations(), baseline, h, feas, 1 / trial.best_value());
    }
  }
  (void)attrib;
}

}  // namespace autonba
