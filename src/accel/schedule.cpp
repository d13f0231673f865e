#include "accel/schedule.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

#include "accel/fewer_words.hpp"
#include "accel/round_starts.hpp"
#include "accel/rounds.hpp"
#include "accel/store_addresses.hpp"
#include "base/random.hpp"

namespace autonba {
namespace {

// Orders by priorities: the first are drawn anew, the others change the best one.
constexpr int priorities_tried = 3200;
constexpr int priorities_drawn = 200;
// With slots to count, which takes longer: a few before every run of changes.
constexpr int priorities_before_run = 10;
constexpr int first_run = 10;

/// Copies of each map that the host writes, the network's input last: it writes in the round before that of the first
/// reader.
std::vector<int> slots_written_by_host(const Network& network, const Schedule& schedule) {
  const std::size_t input = network.host_ops.size();
  std::vector<int> first(input + 1, schedule.stages);  // stages of the readers
  std::vector<int> last(input + 1, -1);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    for (const int writer : writers_read(network.layers[i])) {
      if (writer <= network_input) {
        const std::size_t map = writer == network_input ? input : host_op_of(writer);
        first[map] = std::min(first[map], schedule.layers[i].stage);
        last[map] = std::max(last[map], schedule.layers[i].stage);
      }
    }
  }
  std::vector<int> slots;
  for (std::size_t map = 0; map <= input; ++map) {
    slots.push_back(last[map] < 0 ? 0 : last[map] - first[map] + 2);
  }
  return slots;
}

std::vector<MapLife> map_lives(const Schedule& schedule, std::span<const std::int64_t> slot_words) {
  std::vector<MapLife> maps;
  for (std::size_t i = 0; i < slot_words.size(); ++i) {
    maps.push_back({slot_words[i], schedule.slots[i], schedule.layers[i].start_cycle, schedule.alive[i]});
  }
  return maps;
}

/// The schedule of a round without slots: stages and latency follow from the starts.
Schedule schedule_of(const Round& round, std::span<const std::int64_t> starts) {
  Schedule schedule;
  std::vector<int> stages;
  find_stages(round, starts, stages);
  schedule.ii_cycles = round.ii_cycles;
  std::int64_t first_start = round.ii_cycles;
  std::int64_t last_end = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t begin = starts[i] + stages[i] * round.ii_cycles;
    schedule.layers.push_back({starts[i], round.cycles[i], stages[i]});
    schedule.stages = std::max(schedule.stages, stages[i] + 1);
    first_start = std::min(first_start, begin);
    last_end = std::max(last_end, begin + round.cycles[i]);
  }
  schedule.latency_cycles = last_end - first_start;
  find_alive_cycles(round, starts, stages, schedule.alive);
  return schedule;
}

void add_host_slots(const Network& network, Schedule& schedule) {
  schedule.host_slots = slots_written_by_host(network, schedule);
  schedule.input_slots = schedule.host_slots.back();
  schedule.host_slots.pop_back();
}

/// Calls see(order, waits) with every order of so many layers and every set of layers that wait.
template <typename See>
void for_every_order(std::size_t layers, See see) {
  std::vector<std::size_t> order(layers);
  std::iota(order.begin(), order.end(), std::size_t{0});
  do {
    for (unsigned waits = 0; waits < 1U << layers; ++waits) {
      see(std::span<const std::size_t>(order), waits);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

/// Makes schedules of a network's rounds.
class Scheduler {
 public:
  /// References are kept. `slot_words` as in make_schedule.
  Scheduler(const Network& network, const Accelerator& accelerator, std::span<const std::int64_t> layer_cycles,
            std::span<const std::int64_t> slot_words)
      : network_(network),
        slot_words_(slot_words),
        round_(round_of(network, accelerator, layer_cycles)),
        has_store_(std::any_of(slot_words.begin(), slot_words.end(), [](std::int64_t words) { return words > 0; })) {}

  Schedule with(const std::vector<std::int64_t>& starts) {
    see(starts);
    return finished();
  }

  Schedule best(int changes) {
    see(starts_in_network_order(round_));
    if (!has_store_) {
      try_priorities(priorities_tried);
      return finished();
    }
    if (are_few()) {
      for_every_order(round_.cycles.size(), [&](std::span<const std::size_t> order, unsigned waits) {
        see(starts_in_order(round_, order, waits));
      });
    }
    make_words_few(changes);
    return finished();
  }

 private:
  using Rank = std::tuple<std::int64_t, int, std::int64_t>;
  static Rank rank(const Schedule& of) { return {of.store_words, of.stages, of.latency_cycles}; }
  bool are_few() const { return round_.cycles.size() <= layers_of_every_order; }

  /// Slots and addresses only where maps lie in the store. Whether they are no worse than the best ones so far.
  bool see(std::vector<std::int64_t> starts) {
    Schedule schedule = schedule_of(round_, starts);
    if (has_store_) {
      schedule.slots = slots_needed(round_, schedule.alive);
      StoreAddresses store = best_store_addresses(map_lives(schedule, slot_words_), round_.ii_cycles);
      schedule.store_addresses = std::move(store.addresses);
      schedule.store_words = store.words;
    }
    if (!starts_.empty() && rank(schedule) > rank(best_)) {
      return false;
    }
    best_ = std::move(schedule);
    starts_ = std::move(starts);
    return true;
  }

  void try_priorities(int tries) {
    Rng rng = make_rng(0, "schedule");
    Priorities best = random_priorities(round_, rng);
    for (int i = 0; i < tries; ++i) {
      Priorities priorities = i < priorities_drawn ? random_priorities(round_, rng) : changed(best, rng);
      if (see(starts_by_priorities(round_, priorities))) {
        best = std::move(priorities);
      }
    }
  }

  /// In runs, each ten times as long as the one before: more changes begin like fewer, and lead to no more words.
  void make_words_few(int changes) {
    Rng rng = make_rng(0, "fewer words");
    for (int run = first_run; run <= changes; run *= 10) {
      for (int i = 0; i < priorities_before_run; ++i) {
        see(starts_by_priorities(round_, random_priorities(round_, rng)));
      }
      see(starts_with_fewer_words(round_, slot_words_, starts_, run, rng));
    }
  }

  Schedule finished() const {
    Schedule schedule = best_;
    schedule.slots = slots_needed(round_, schedule.alive);
    add_host_slots(network_, schedule);
    schedule.store_addresses.resize(round_.cycles.size(), 0);
    return schedule;
  }

  const Network& network_;
  std::span<const std::int64_t> slot_words_;
  Round round_;
  bool has_store_;
  Schedule best_;
  std::vector<std::int64_t> starts_;  // of the best schedule
};

}  // namespace

Schedule make_schedule(const Network& network, const Accelerator& accelerator,
                       std::span<const std::int64_t> layer_cycles, std::span<const std::int64_t> slot_words,
                       int changes) {
  Scheduler scheduler(network, accelerator, layer_cycles, slot_words);
  return accelerator.starts.empty() ? scheduler.best(changes) : scheduler.with(accelerator.starts);
}

}  // namespace autonba
