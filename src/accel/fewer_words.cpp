#include "accel/fewer_words.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "accel/store_addresses.hpp"

namespace autonba {
namespace {

constexpr double first_temperature = 0.02;  // of the words at the start
constexpr double last_temperature = 0.001;
constexpr double waiting_weight = 0.1;  // of words in the mean over the round, beside the most at once
constexpr double near_best = 1.03;      // where addresses are given, which takes longer

/// The layers of each chunk in the order of their wishes, none before its own unless the rest leaves no time to wait.
void lay_out(const Round& round, std::span<const std::int64_t> wishes, std::vector<std::int64_t>& starts) {
  for (std::vector<std::size_t> order : round.layers_of) {
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return std::pair(wishes[a], a) < std::pair(wishes[b], b); });
    std::int64_t latest = round.ii_cycles;
    for (const std::size_t layer : order) {
      latest -= round.cycles[layer];
    }
    std::int64_t now = 0;
    for (const std::size_t layer : order) {
      starts[layer] = std::max(now, std::min(wishes[layer], latest));
      now = starts[layer] + round.cycles[layer];
      latest += round.cycles[layer];
    }
  }
}

/// A round that is changed step by step.
class ChangingRound {
 public:
  ChangingRound(const Round& round, std::span<const std::int64_t> slot_words, std::vector<std::int64_t> starts)
      : round_(round), starts_(std::move(starts)), readers_(starts_.size()) {
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      maps_.push_back({.words = slot_words[i]});
      for (const int read : round.waits.layers[i]) {
        readers_[static_cast<std::size_t>(read)].push_back(i);
      }
    }
    look_at_starts();
  }

  const std::vector<std::int64_t>& starts() const { return starts_; }

  /// The most words that are alive at once, and a little for those that are alive in the mean.
  double cost() const {
    double mean = 0;
    for (const MapLife& map : maps_) {
      mean += static_cast<double>(map.words) * static_cast<double>(map.cycles);
    }
    return static_cast<double>(words_alive(maps_, round_.ii_cycles)) +
           waiting_weight * mean / static_cast<double>(round_.ii_cycles);
  }

  std::int64_t words() const { return store_addresses(maps_, round_.ii_cycles).words; }

  /// A layer to when what it reads is written or what reads it starts, to some other time, or several layers one behind
  /// the other by the same time.
  void change(Rng& rng) {
    wishes_ = starts_;
    kept_ = starts_;
    const std::size_t layer = uniform_index(rng, starts_.size());
    const double kind = uniform(rng);
    if (kind < 0.3) {
      wish(layer, last_written(layer));
    } else if (kind < 0.4) {
      wish(layer, first_read(layer) - round_.cycles[layer]);
    } else if (kind < 0.8) {
      wish(layer, starts_[layer] + time(rng));
    } else {
      const std::int64_t by = time(rng);
      const std::size_t end = std::min(starts_.size(), layer + 2 + uniform_index(rng, 8));
      for (std::size_t i = layer; i < end; ++i) {
        wish(i, starts_[i] + by);
      }
    }
    lay_out(round_, wishes_, starts_);
    look_at_starts();
  }

  void undo() {
    starts_ = kept_;
    look_at_starts();
  }

 private:
  /// Of the batch whose layer it is: cycles from the start of the round in which its first layers run.
  std::int64_t begin(std::size_t layer) const { return starts_[layer] + stages_[layer] * round_.ii_cycles; }

  std::int64_t last_written(std::size_t layer) const {
    std::int64_t last = 0;
    for (const int read : round_.waits.layers[layer]) {
      const auto d = static_cast<std::size_t>(read);
      last = std::max(last, begin(d) + round_.cycles[d]);
    }
    return last;
  }

  std::int64_t first_read(std::size_t layer) const {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for (const std::size_t reader : readers_[layer]) {
      first = std::min(first, begin(reader));
    }
    return readers_[layer].empty() ? begin(layer) + round_.cycles[layer] : first;
  }

  /// Forwards or back by up to half a round, short times as often as long ones.
  std::int64_t time(Rng& rng) const {
    constexpr double log_range = 5.3;
    const double share = 0.5 * std::exp(-log_range * uniform(rng));
    const auto cycles = static_cast<std::int64_t>(share * static_cast<double>(round_.ii_cycles));
    return uniform(rng) < 0.5 ? cycles : -cycles;
  }

  /// In whatever round.
  void wish(std::size_t layer, std::int64_t cycle) {
    const std::int64_t in_round = cycle % round_.ii_cycles;
    wishes_[layer] = in_round < 0 ? in_round + round_.ii_cycles : in_round;
  }

  void look_at_starts() {
    find_stages(round_, starts_, stages_);
    find_alive_cycles(round_, starts_, stages_, alive_);
    const std::vector<int> slots = slots_needed(round_, alive_);
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      maps_[i].slots = slots[i];
      maps_[i].begin = starts_[i];
      maps_[i].cycles = alive_[i];
    }
  }

  const Round& round_;
  std::vector<std::int64_t> starts_;
  std::vector<std::vector<std::size_t>> readers_;
  std::vector<MapLife> maps_;
  std::vector<int> stages_;
  std::vector<std::int64_t> alive_;
  std::vector<std::int64_t> kept_;
  std::vector<std::int64_t> wishes_;
};

}  // namespace

std::vector<std::int64_t> fitting_starts(const Round& round, std::vector<std::int64_t> starts) {
  const std::vector<std::int64_t> wishes = starts;
  lay_out(round, wishes, starts);
  return starts;
}

std::int64_t words_with_starts(const Round& round, std::span<const std::int64_t> slot_words,
                               std::vector<std::int64_t> starts) {
  return ChangingRound(round, slot_words, std::move(starts)).words();
}

std::vector<std::int64_t> starts_with_fewer_words(const Round& round, std::span<const std::int64_t> slot_words,
                                                  std::vector<std::int64_t> starts, int steps, Rng& rng) {
  ChangingRound changing(round, slot_words, starts);
  double cost = changing.cost();
  double least_cost = cost;
  std::int64_t least_words = changing.words();
  const double first = first_temperature * cost;
  for (int step = 0; step < steps; ++step) {
    const double temperature =
        first * std::pow(last_temperature / first_temperature, static_cast<double>(step) / steps);
    changing.change(rng);
    const double next = changing.cost();
    if (next > cost && uniform(rng) >= std::exp((cost - next) / temperature)) {
      changing.undo();
      continue;
    }
    cost = next;
    if (cost <= near_best * least_cost) {
      least_cost = std::min(least_cost, cost);
      if (const std::int64_t words = changing.words(); words < least_words) {
        least_words = words;
        starts = changing.starts();
      }
    }
  }
  return starts;
}

}  // namespace autonba
