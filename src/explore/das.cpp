#include "explore/das.hpp"

#include <algorithm>
#include <array>
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
  std::vector<double> weight;  // by chunk
  std::vector<std::vector<double>> times;
  std::vector<double> log_time;  // by chunk, expected
};

using Five = std::array<double, 5>;
Five shares(const Resources& r, const Platform& p) {
  const auto f = [](std::int64_t used, int available) {
    const double x = static_cast<double>(used) / std::max(available, 1);
    return x;
  };
  return {f(r.dsp, p.dsp), f(r.bram18, p.bram18), f(r.lut, p.lut), f(r.ff, p.ff), f(r.port_bits, p.memory_bits_per_cycle)};
}
double soften(double x) { return x <= 1 ? x : 1 + std::log(x); }

double entropy_of(const std::vector<double>& logits, double scale) {
  double top = *std::max_element(logits.begin(), logits.end()), sum = 0, h = 0;
  for (double v : logits) sum += std::exp(scale * (v - top));
  for (double v : logits) { const double p = std::exp(scale * (v - top)) / sum; h -= p > 0 ? p * std::log(p) : 0; }
  return h;
}

}  // namespace

void search_das(Trial& trial, Rng rng, const std::vector<int>& start) {
  const double lr = env("LR", 0.05), beta1 = env("B1", 0.9), beta2 = env("B2", 0.99);
  const double tau = env("TAU", 5);
  const double floor0 = env("F0", 0.9), floor_power = env("FP", 1), layer_floor = env("FL", 0.2);
  const int per_step = static_cast<int>(env("S", 8));
  const double sharp = env("SHARP", 8);
  const bool attrib = env("ATTR", 1) > 0;
  const double decay = env("DECAY", 0.9);
  const double price_rate = env("ETA", 0.05), over_share = env("OVER", 0.2);
  const double kernel = env("KERNEL", 0);
  const auto& choices = trial.choices().choices();
  const Platform& platform = trial.platform();
  const auto slots = static_cast<std::size_t>(trial.choices().slots());
  std::vector<Vector> gamma(choices.size());
  for (std::size_t m = 0; m < choices.size(); ++m) {
    const auto n = choices[m].options.size();
    gamma[m] = {std::vector<double>(n), std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
    if (!start.empty() && start[m] != not_chosen) gamma[m].logits[static_cast<std::size_t>(start[m])] = env("WARM", 3);
  }
  const std::int64_t total = trial.budget().evaluations;
  Five price{};
  std::vector<double> weight(slots, 0.5), base(slots, 0), dev(slots, 0), seen(slots, 0);
  double all_base = 0, all_dev = 0, all_seen = 0;
  for (std::int64_t step = 1; !trial.done(); ++step) {
    const double share = static_cast<double>(trial.evaluations()) / static_cast<double>(total);
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
          soft[i] = allowed[i] ? std::exp((soft[i] - top) / tau) : 0.0;
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
      for (double v : c) sample.weight.push_back(std::pow(v / most, sharp) / sum);
      sample.times = trial.times_on_all_chunks(sample.design);
      sample.log_time.assign(c.size(), 0);
      if (env("EXPECT", 1) > 0) {
        // Expected time with the layers' probabilities over the slots that are there.
        std::vector<double> expected(c.size(), 0);
        for (std::size_t m = 0; m < choices.size(); ++m) {
          if (choices[m].parameter != Parameter::layer_slot) continue;
          double z = 0;
          std::vector<double> p(c.size(), 0);
          for (std::size_t k = 0; k < c.size(); ++k) {
            for (std::size_t i = 0; i < choices[m].options.size(); ++i) {
              if (choices[m].options[i] == sample.design.slots[k] && sample.soft[m][i] > 0) z += p[k] = std::exp(gamma[m].logits[i]);
            }
          }
          for (std::size_t k = 0; k < c.size(); ++k) if (p[k] > 0) expected[k] += p[k] / z * sample.times[static_cast<std::size_t>(choices[m].index)][k];
        }
        for (std::size_t k = 0; k < c.size(); ++k) sample.log_time[k] = std::log(expected[k] / sample.design.batch);
      } else {
        for (std::size_t k = 0; k < c.size(); ++k) sample.log_time[k] = std::log(c[k] / sample.design.batch);
      }
      samples.push_back(std::move(sample));
    }
    const double n = static_cast<double>(samples.size());
    Five over{};
    for (const Sample& s : samples) {
      Resources used;
      for (const Resources& r : s.cost.chunk_resources) used = used + r;
      const Five u = shares(used, platform);
      for (int r = 0; r < 5; ++r) over[r] += u[r] > 1 ? 1 / n : 0;
      for (std::size_t k = 0; k < s.weight.size(); ++k) {
        double& w = weight[static_cast<std::size_t>(s.design.slots[k])];
        w += (1 - decay) / n * (s.weight[k] - w);
      }
    }
    for (int r = 0; r < 5; ++r) price[r] = std::max(0.0, price[r] + price_rate * (over[r] - over_share));
    for (auto& g : gamma) std::fill(g.gradient.begin(), g.gradient.end(), 0.0);
    // losses
    std::vector<std::vector<double>> chunk_loss(samples.size());
    std::vector<double> loss(samples.size());
    for (std::size_t s = 0; s < samples.size(); ++s) {
      const Sample& sample = samples[s];
      Resources used;
      for (std::size_t k = 0; k < sample.weight.size(); ++k) {
        const auto slot = static_cast<std::size_t>(sample.design.slots[k]);
        double l = weight[slot] * sample.log_time[k];
        const Five u = shares(sample.cost.chunk_resources[k], platform);
        for (int r = 0; r < 5; ++r) l += price[r] * soften(u[r]);
        chunk_loss[s].push_back(l);
        used = used + sample.cost.chunk_resources[k];
      }
      const Five u = shares(used, platform);
      loss[s] = std::log(sample.cost.value);
      for (int r = 0; r < 5; ++r) loss[s] += price[r] * soften(u[r]);
    }
    const auto update = [&](double& b, double& d, double& count, double value) {
      count += 1;
      const double rate = std::max(1 / count, (1 - decay) / per_step);
      const double delta = value - b;
      b += rate * delta;
      d += rate * (delta * delta - d);
    };
    for (std::size_t s = 0; s < samples.size(); ++s) {
      update(all_base, all_dev, all_seen, loss[s]);
      for (std::size_t k = 0; k < chunk_loss[s].size(); ++k) {
        const auto slot = static_cast<std::size_t>(samples[s].design.slots[k]);
        update(base[slot], dev[slot], seen[slot], chunk_loss[s][k]);
      }
    }
    for (std::size_t q = 0; q < samples.size(); ++q) {
      const Sample& s = samples[q];
      std::vector<int> chunk_at(slots, -1);
      for (std::size_t k = 0; k < s.design.slots.size(); ++k) chunk_at[static_cast<std::size_t>(s.design.slots[k])] = static_cast<int>(k);
      for (std::size_t m = 0; m < choices.size(); ++m) {
        const int pick = s.design.picks[m];
        if (pick == not_chosen) continue;
        const auto& y = s.soft[m];
        auto& g = gamma[m].gradient;
        if (choices[m].parameter == Parameter::layer_slot) {
          double bar = 0;
          std::vector<double> cost(y.size(), 0.0);
          for (std::size_t i = 0; i < y.size(); ++i) {
            const int k = chunk_at[static_cast<std::size_t>(choices[m].options[i])];
            if (k < 0) continue;
            const auto kk = static_cast<std::size_t>(k);
            cost[i] = s.weight[kk] * s.times[static_cast<std::size_t>(choices[m].index)][kk] / s.cost.chunk_cycles[kk];
            bar += y[i] * cost[i];
          }
          for (std::size_t i = 0; i < y.size(); ++i) {
            if (y[i] > 0) g[i] += y[i] * (cost[i] - bar) / tau / n;
          }
          continue;
        }
        double advantage = (loss[q] - all_base) / std::sqrt(all_dev + 1e-9);
        if (attrib && choices[m].parameter != Parameter::batch && choices[m].parameter != Parameter::chunk_count) {
          const auto slot = static_cast<std::size_t>(choices[m].index);
          if (chunk_at[slot] < 0) continue;
          const auto k = static_cast<std::size_t>(chunk_at[slot]);
          advantage = (chunk_loss[q][k] - base[slot]) / std::sqrt(dev[slot] + 1e-9);
        }
        const double factor = y[static_cast<std::size_t>(pick)] / tau;
        for (std::size_t i = 0; i < y.size(); ++i) {
          g[i] += advantage * factor * ((static_cast<int>(i) == pick ? 1.0 : 0.0) - y[i]) / n;
        }
      }
    }
    (void)kernel;
    for (std::size_t m = 0; m < choices.size(); ++m) {
      auto& g = gamma[m];
      if (g.logits.size() < 2) continue;
      for (std::size_t i = 0; i < g.logits.size(); ++i) {
        g.first[i] = beta1 * g.first[i] + (1 - beta1) * g.gradient[i];
        g.second[i] = beta2 * g.second[i] + (1 - beta2) * g.gradient[i] * g.gradient[i];
        const double m1 = g.first[i] / (1 - std::pow(beta1, step)), m2 = g.second[i] / (1 - std::pow(beta2, step));
        g.logits[i] -= lr * m1 / (std::sqrt(m2) + 1e-8);
      }
      const double lowest = (choices[m].parameter == Parameter::layer_slot ? layer_floor : floor0) * std::pow(1 - share, floor_power) * std::log(g.logits.size());
      double mean = 0;
      for (double v : g.logits) mean += v / static_cast<double>(g.logits.size());
      for (double& v : g.logits) v -= mean;
      while (entropy_of(g.logits, 1) < lowest) for (double& v : g.logits) v *= 0.95;
    }
    if (env("VERBOSE", 0) > 0 && step % 50 == 0) {
      double h = 0, hl = 0; int feas = 0;
      for (std::size_t m = 0; m < choices.size(); ++m) (choices[m].parameter == Parameter::layer_slot ? hl : h) += entropy_of(gamma[m].logits, 1);
      for (auto& s : samples) feas += feasible(s.cost);
      std::fprintf(stderr, "%6ld loss %.3f H %.2f layers %.2f feas %d best %.1f price %.2f %.2f %.2f %.2f %.2f w", trial.evaluations(), all_base, h, hl, feas, 1 / trial.best_value(), price[0], price[1], price[2], price[3], price[4]);
      for (double w : weight) std::fprintf(stderr, " %.2f", w);
      std::fprintf(stderr, "\n");
    }
  }
}

}  // namespace autonba
