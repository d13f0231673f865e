#include "explore/exact/store_annealing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include "accel/fewer_words.hpp"
#include "accel/round_starts.hpp"
#include "accel/rounds.hpp"
#include "explore/exact/constants.hpp"
#include "explore/exact/layer_places.hpp"
#include "explore/exact/makespan.hpp"
#include "explore/exact/store_design.hpp"
#include "explore/exact/store_moves.hpp"

namespace autonba {
namespace {

constexpr double last_temperature = 0.001;
constexpr double excess_weight = 3;
constexpr int steps_between_questions = 64;

/// Σ of what is used beyond the platform, as shares of what it has.
double excess_of(const Resources& used, const Platform& platform) {
  double sum = 0;
  for (const ResourceUse& use : use_of(used, platform)) {
    sum += static_cast<double>(std::max<std::int64_t>(use.used - use.available, 0)) /
           static_cast<double>(std::max<std::int64_t>(use.available, 1));
  }
  return sum;
}

/// What a kind's layers take on each of its chunks, and the sum of the least of these at the chunks' prices: a bound of
/// the slowest chunk.
struct PricedRows {
  std::vector<std::vector<double>> rows;  // [chunk][layer]
  std::span<const double> prices;         // by chunk
  std::vector<double> priced;             // by layer
  double sum = 0;

  void price(std::size_t layer) {
    double least = infinity;
    for (std::size_t chunk = 0; chunk < rows.size(); ++chunk) {
      least = std::min(least, prices[chunk] * rows[chunk][layer]);
    }
    sum += least - priced[layer];
    priced[layer] = least;
  }
};

/// What a candidate's chunks, times and maps come to.
struct Outcome {
  double value = infinity;
  double excess = 0;
  std::vector<std::int64_t> starts;  // of the layers, if maps lie in the store
};

double cost_of(const Outcome& outcome) {
  return std::log(outcome.value) + excess_weight * outcome.excess;
}

class StoreAnnealing {
 public:
  StoreAnnealing(const Instance& instance, StoreCandidate start, double limit, Rng rng)
      : instance_(instance), rng_(rng), here_(std::move(start)), limit_(limit) {
    for (std::size_t layer = 0; layer < instance.groups().layers.size(); ++layer) {
      chance_.push_back(uniform(rng_));
    }
    at_here_ = look(here_, infinity).value_or(Outcome{});
  }

  void step(double temperature) {
    StoreCandidate next = here_;
    if (!change_something(instance_, next, rng_)) {
      return;
    }
    const double most = cost_of(at_here_) - temperature * std::log(1 - uniform(rng_));
    std::optional<Outcome> outcome = look(next, most);
    if (outcome && cost_of(*outcome) <= most) {
      here_ = std::move(next);
      at_here_ = std::move(*outcome);
      keep_if_better();
    }
  }

  std::optional<Found> best() && { return std::move(best_); }

 private:
  /// The words of a good order are fewer than those that are counted on the way, so what seems to fit does.
  void keep_if_better() {
    if (at_here_.excess > 0 || at_here_.value >= limit_) {
      return;
    }
    if (std::optional<Found> found = with_maps(instance_, here_.region, here_.stored, at_here_.starts, limit_)) {
      limit_ = found->value;
      best_ = std::move(found);
    }
  }

  std::size_t mode_of(const StoreCandidate& candidate, const KindPart& part, std::size_t i) const {
    return mode_in(instance_.groups().layers[part.layers[i]], candidate.stored);
  }

  /// In the candidate's placement; where times are not known yet, what they are at least on any chunk of the class.
  PricedRows least_rows(const StoreCandidate& candidate, std::size_t kind) const {
    const Layout& layout = instance_.layout_of(candidate.region);
    const KindPart& part = instance_.kind(kind);
    const std::vector<double>& of_store = part.store_times[layout.store_place];
    const std::size_t layers = part.layers.size();
    PricedRows times{.rows = std::vector(layout.counts[kind], std::vector<double>(layers)),
                     .prices = std::span(candidate.region.prices).subspan(layout.first_slot(kind), layout.counts[kind]),
                     .priced = std::vector<double>(layers, 0)};
    for (std::size_t i = 0; i < layers; ++i) {
      const std::size_t place = part.item_of[i] * modes + mode_of(candidate, part, i);
      for (std::size_t chunk = 0; chunk < times.rows.size(); ++chunk) {
        const std::size_t slot = layout.first_slot(kind) + chunk;
        const double* least = part.least_times_by_mode[layout.batch_place]->row(candidate.region.slots[slot].node);
        const double known = candidate.mode_times[slot][place];
        const double time = std::isnan(known) ? std::max(least[place], of_store[place]) : known;
        times.rows[chunk][i] = time / part.items[part.item_of[i]].count;
      }
      times.price(i);
    }
    return times;
  }

  /// Works out the times that are not known, which may take long: first where most is at stake, and no more once the
  /// slowest chunk takes more than `most_cycles` for sure. Then false.
  bool know_times(StoreCandidate& candidate, std::size_t kind, double most_cycles, PricedRows& times) const {
    const Layout& layout = instance_.layout_of(candidate.region);
    const KindPart& part = instance_.kind(kind);
    std::vector<std::size_t> order(part.layers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(-times.priced[a], a) < std::pair(-times.priced[b], b);
    });
    for (const std::size_t i : order) {
      const std::size_t item = part.item_of[i];
      const std::size_t mode = mode_of(candidate, part, i);
      for (std::size_t chunk = 0; chunk < times.rows.size(); ++chunk) {
        const std::size_t slot = layout.first_slot(kind) + chunk;
        double& time = candidate.mode_times[slot][item * modes + mode];
        if (std::isnan(time)) {
          time = instance_.mode_time(candidate.region, slot, candidate.region.slots[slot].high,
                                     Instance::Lanes::bounded, item, mode);
        }
        times.rows[chunk][i] = time / part.items[item].count;
      }
      times.price(i);
      if (times.sum > most_cycles) {
        return false;
      }
    }
    return true;
  }

  /// Infinity where the ports are too wide together.
  double chunk_excess(const StoreCandidate& candidate) const {
    Resources used;
    int port_bits = 0;
    for (std::size_t slot = 0; slot < instance_.layout_of(candidate.region).slots(); ++slot) {
      used = used + used_by(instance_, candidate.region, slot, candidate.region.slots[slot].high);
      port_bits += instance_.class_of(candidate.region, slot).base.port_bits;
    }
    return port_bits > instance_.platform().memory_bits_per_cycle ? infinity : excess_of(used, instance_.platform());
  }

  /// None if a layer cannot run, or together they take longer than they may.
  std::optional<std::array<PricedRows, kind_count>> all_rows(StoreCandidate& candidate, double most) const {
    const double beyond = excess_weight * chunk_excess(candidate);
    const double most_cycles = instance_.cycles(candidate.region, std::exp(most - beyond));
    std::array<PricedRows, kind_count> times;
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      times[kind] = least_rows(candidate, kind);
      if (times[kind].sum > most_cycles || !(times[kind].sum < infinity)) {
        return std::nullopt;
      }
    }
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      if (!know_times(candidate, kind, most_cycles, times[kind])) {
        return std::nullopt;
      }
    }
    return times;
  }

  /// A kind's layers on its chunks, whose prices follow. The makespan is infinite if one cannot run.
  Assignment place(StoreCandidate& candidate, std::size_t kind, const PricedRows& times) const {
    std::vector<const double*> machines;
    for (const std::vector<double>& row : times.rows) {
      machines.push_back(row.data());
    }
    const std::size_t layers = instance_.kind(kind).layers.size();
    const std::size_t first = instance_.layout_of(candidate.region).first_slot(kind);
    const std::span prices = std::span(candidate.region.prices).subspan(first, machines.size());
    if (instance_.problem().objective == Objective::latency) {
      std::fill(prices.begin(), prices.end(), 1.0);
      return fastest_each(machines, layers);
    }
    return makespan_bound(machines, layers, prices, infinity) < infinity ? assign(machines, layers, prices)
                                                                         : Assignment{.makespan = infinity};
  }

  /// None if a layer cannot run, a chunk would have none, or the cost is more than `most` for sure.
  std::optional<Outcome> look(StoreCandidate& candidate, double most) {
    const auto times = all_rows(candidate, most);
    if (!times) {
      return std::nullopt;
    }
    const Layout& layout = instance_.layout_of(candidate.region);
    Found found{.layout = candidate.region.layout, .slots = candidate.region.slots, .stored = candidate.stored};
    std::vector<std::int64_t> cycles(instance_.groups().layers.size());
    double all_cycles = 0;
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      if (layout.counts[kind] == 0) {
        continue;
      }
      Assignment assignment = place(candidate, kind, (*times)[kind]);
      if (!(assignment.makespan < infinity)) {
        return std::nullopt;
      }
      const bool is_sum = instance_.problem().objective == Objective::latency;
      all_cycles = is_sum ? all_cycles + assignment.makespan : std::max(all_cycles, assignment.makespan);
      const std::vector<std::size_t>& layers = instance_.kind(kind).layers;
      for (std::size_t i = 0; i < layers.size(); ++i) {
        cycles[layers[i]] = std::llround((*times)[kind].rows[assignment.machine_of[i]][i]);
      }
      found.chunk_of[kind] = std::move(assignment.machine_of);
    }
    Outcome outcome{.value = instance_.seconds(candidate.region, all_cycles)};
    if (std::log(outcome.value) > most) {
      return std::nullopt;
    }
    return with_resources(candidate, found, cycles, std::move(outcome));
  }

  /// None if a chunk would have no layer.
  std::optional<Outcome> with_resources(const StoreCandidate& candidate, const Found& found,
                                        std::span<const std::int64_t> cycles, Outcome outcome) {
    Resources used = as_built(instance_, candidate.region, found).used;
    if (std::find(candidate.stored.begin(), candidate.stored.end(), 1) != candidate.stored.end()) {
      const Accelerator accelerator = accelerator_of(instance_, found);
      if (accelerator.chunks.size() != instance_.layout_of(candidate.region).slots()) {
        return std::nullopt;
      }
      used = used + store_used(accelerator, cycles, outcome);
    }
    outcome.excess += excess_of(used, instance_.platform());
    return outcome;
  }

  /// With the words of one order of the layers, the same for all candidates as far as it can be: orders that are
  /// searched for each would be more noise than gain.
  Resources store_used(const Accelerator& accelerator, std::span<const std::int64_t> cycles, Outcome& outcome) {
    if (round_) {
      place_layers(accelerator, cycles, *round_);
    } else {
      round_ = round_of(instance_.problem().network, accelerator, cycles);
    }
    outcome.starts = starts_by_priorities(*round_, priorities_by_path(*round_, chance_));
    const std::int64_t words = words_with_starts(*round_, instance_.slot_words(accelerator), outcome.starts);
    const Store store{least_store_depth(words, instance_.platform().asic.has_value()), accelerator.store->port_bits};
    const double share = static_cast<double>(store.depth) / instance_.problem().space.store->depth_max;
    outcome.excess += std::max(share - 1, 0.0);
    return store_resources(store, accelerator.chunks.size(), instance_.platform());
  }

  const Instance& instance_;
  Rng rng_;
  StoreCandidate here_;
  Outcome at_here_;
  double limit_ = 0;  // values from which on designs do not matter
  std::optional<Found> best_;
  std::optional<Round> round_;
  std::vector<double> chance_;  // Priorities::unready
};

}  // namespace

std::optional<Found> anneal_with_store(const Instance& instance, const Found& start, const Annealing& annealing,
                                       Rng rng, const std::function<bool()>& is_stopped) {
  std::optional<StoreCandidate> candidate = candidate_of(instance, start);
  if (!candidate) {
    return std::nullopt;
  }
  StoreAnnealing designs(instance, std::move(*candidate), start.value, rng);
  for (int step = 0; step < annealing.steps && (step % steps_between_questions > 0 || !is_stopped()); ++step) {
    const double share = static_cast<double>(step) / annealing.steps;
    designs.step(annealing.first_temperature * std::pow(last_temperature / annealing.first_temperature, share));
  }
  return std::move(designs).best();
}

}  // namespace autonba
