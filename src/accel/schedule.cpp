#include "accel/schedule.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

#include "accel/store_addresses.hpp"
#include "base/random.hpp"

namespace autonba {
namespace {

// The first orders are starts of their own, the others change the best one. With slots to count, which takes longer,
// fewer: so that some hundred tries are enough, and more tries begin with the same.
constexpr int random_tries = 200;
constexpr int random_tries_for_slots = 40;

/// What decides between layers that could start next: the highest goes first. In rounds, so that they mean something
/// for every network: of `ready`, a layer's cycles and those of the longest path behind it; `unready`, chance.
struct Priorities {
  std::vector<double> ready;
  std::vector<double> unready;
};

/// Layers of which each layer reads a map.
using Dependencies = std::vector<std::vector<int>>;

/// What a layer waits for. What the host makes of a layer's map takes a round: it reads a map in the round after its
/// writer's and has written its own before the round of the first reader begins.
struct Waits {
  Dependencies layers;                                // whose maps the layer reads
  std::vector<std::vector<std::size_t>> host_ops;     // whose maps the layer reads
  std::vector<std::vector<std::size_t>> known_after;  // operations that need no layer behind this one, in their order
};

void sort_once(std::vector<int>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::vector<int> writers_read(const Layer& layer) {
  std::vector<int> writers;
  for (const MapSlice& slice : layer.inputs) {
    writers.push_back(slice.writer);
  }
  if (layer.residual) {
    writers.push_back(*layer.residual);
  }
  sort_once(writers);
  return writers;
}

Waits waits_of(const Network& network) {
  Waits waits;
  waits.known_after.resize(network.layers.size());
  std::vector<int> last;  // layer that an operation needs, through others too
  for (std::size_t op = 0; op < network.host_ops.size(); ++op) {
    last.push_back(network_input);
    for (const int writer : network.host_ops[op].reads) {
      last[op] = std::max(last[op], writer < network_input ? last[host_op_of(writer)] : writer);
    }
    if (last[op] >= 0) {
      waits.known_after[static_cast<std::size_t>(last[op])].push_back(op);
    }
  }
  for (const Layer& layer : network.layers) {
    waits.layers.emplace_back();
    waits.host_ops.emplace_back();
    for (const int writer : writers_read(layer)) {
      if (writer >= 0) {
        waits.layers.back().push_back(writer);
      } else if (writer < network_input && last[host_op_of(writer)] >= 0) {
        waits.host_ops.back().push_back(host_op_of(writer));
      }
    }
  }
  return waits;
}

/// The last stage of the layers that an operation of the host needs, for all that `layer` was the last one of.
void note_stages(const Network& network, const std::vector<std::size_t>& ops, const std::vector<ScheduledLayer>& layers,
                 std::vector<int>& stages) {
  for (const std::size_t op : ops) {
    for (const int writer : network.host_ops[op].reads) {
      if (writer != network_input) {
        const int stage = writer < 0 ? stages[host_op_of(writer)] : layers[static_cast<std::size_t>(writer)].stage;
        stages[op] = std::max(stages[op], stage);
      }
    }
  }
}

std::int64_t ceil_div_signed(std::int64_t value, std::int64_t by) {
  return value > 0 ? (value + by - 1) / by : -(-value / by);
}

/// One round: where every layer starts. Any order of a chunk's layers is a valid round, because a layer may work on an
/// earlier batch than the layers that it reads from; every such step back is a stage more. So a layer is started, if
/// possible, after the layers that it reads from have ended in the same round. Where none is ready the chunk waits
/// while it has time to spare, else it starts one that is not.
class RoundBuilder {
 public:
  RoundBuilder(const Dependencies& reads, const Accelerator& accelerator, std::span<const std::int64_t> cycles,
               std::int64_t ii_cycles)
      : reads_(reads), accelerator_(accelerator), cycles_(cycles), ii_cycles_(ii_cycles) {}

  Priorities random_priorities(Rng& rng) const {
    Priorities priorities{std::vector<double>(cycles_.size(), 0), {}};
    for (std::size_t i = cycles_.size(); i-- > 0;) {
      priorities.ready[i] += static_cast<double>(cycles_[i]) / static_cast<double>(ii_cycles_);
      for (const int read : reads_[i]) {
        double& before = priorities.ready[static_cast<std::size_t>(read)];
        before = std::max(before, priorities.ready[i]);
      }
      priorities.unready.push_back(uniform(rng));
    }
    return priorities;
  }

  /// The layers of each chunk in the network's order, one after the other.
  std::vector<std::int64_t> in_network_order() const {
    std::vector<std::int64_t> starts;
    std::vector<std::int64_t> time(accelerator_.chunks.size(), 0);
    for (std::size_t i = 0; i < cycles_.size(); ++i) {
      std::int64_t& now = time[chunk_of(i)];
      starts.push_back(now);
      now += cycles_[i];
    }
    return starts;
  }

  /// Layers in this order, each as soon as its chunk is free, or, where its bit in `waits` is set, when what it reads
  /// has been written in the same round, if the chunk has time to spare.
  std::vector<std::int64_t> in_order(std::span<const std::size_t> order, unsigned waits) const {
    std::vector<std::int64_t> starts(cycles_.size(), -1);
    std::vector<std::int64_t> now(accelerator_.chunks.size(), 0);
    std::vector<std::int64_t> spare(accelerator_.chunks.size(), ii_cycles_);
    for (std::size_t i = 0; i < cycles_.size(); ++i) {
      spare[chunk_of(i)] -= cycles_[i];
    }
    for (const std::size_t layer : order) {
      const std::size_t chunk = chunk_of(layer);
      std::int64_t wait = 0;
      for (const int read : reads_[layer]) {
        const auto d = static_cast<std::size_t>(read);
        if ((waits >> layer & 1U) != 0 && starts[d] >= 0) {
          wait = std::max(wait, starts[d] + cycles_[d] - now[chunk]);
        }
      }
      wait = wait <= spare[chunk] ? wait : 0;
      spare[chunk] -= wait;
      starts[layer] = now[chunk] + wait;
      now[chunk] = starts[layer] + cycles_[layer];
    }
    return starts;
  }

  std::vector<std::int64_t> greedy(const Priorities& priorities) const {
    std::vector<std::int64_t> starts(cycles_.size(), -1);
    std::vector<std::vector<std::size_t>> waiting(accelerator_.chunks.size());
    std::vector<std::int64_t> now(accelerator_.chunks.size(), 0);
    std::vector<std::int64_t> spare(accelerator_.chunks.size(), ii_cycles_);
    for (std::size_t i = 0; i < cycles_.size(); ++i) {
      waiting[chunk_of(i)].push_back(i);
      spare[chunk_of(i)] -= cycles_[i];
    }
    while (const auto chunk = earliest(now, waiting)) {
      std::optional<std::size_t> layer = first_ready(waiting[*chunk], starts, now[*chunk], priorities.ready);
      if (!layer) {
        const std::int64_t wait = next_event(starts, now[*chunk]) - now[*chunk];
        if (wait > 0 && wait <= spare[*chunk]) {
          now[*chunk] += wait;
          spare[*chunk] -= wait;
          continue;
        }
        layer = *std::max_element(waiting[*chunk].begin(), waiting[*chunk].end(), [&](std::size_t a, std::size_t b) {
          return priorities.unready[a] < priorities.unready[b];
        });
      }
      starts[*layer] = now[*chunk];
      now[*chunk] += cycles_[*layer];
      std::erase(waiting[*chunk], *layer);
    }
    return starts;
  }

 private:
  std::size_t chunk_of(std::size_t layer) const { return static_cast<std::size_t>(accelerator_.places[layer].chunk); }

  static std::optional<std::size_t> earliest(const std::vector<std::int64_t>& now,
                                             const std::vector<std::vector<std::size_t>>& waiting) {
    std::optional<std::size_t> found;
    for (std::size_t c = 0; c < now.size(); ++c) {
      if (!waiting[c].empty() && (!found || now[c] < now[*found])) {
        found = c;
      }
    }
    return found;
  }

  std::optional<std::size_t> first_ready(const std::vector<std::size_t>& waiting,
                                         const std::vector<std::int64_t>& starts, std::int64_t now,
                                         const std::vector<double>& priorities) const {
    std::optional<std::size_t> found;
    for (const std::size_t layer : waiting) {
      const bool ready = std::all_of(reads_[layer].begin(), reads_[layer].end(), [&](int read) {
        const auto d = static_cast<std::size_t>(read);
        return starts[d] >= 0 && starts[d] + cycles_[d] <= now;
      });
      if (ready && (!found || priorities[layer] > priorities[*found])) {
        found = layer;
      }
    }
    return found;
  }

  /// When the next of the started layers ends; `now` if none is running.
  std::int64_t next_event(const std::vector<std::int64_t>& starts, std::int64_t now) const {
    std::int64_t next = now;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const std::int64_t end = starts[i] + cycles_[i];
      if (starts[i] >= 0 && end > now && (next == now || end < next)) {
        next = end;
      }
    }
    return next;
  }

  const Dependencies& reads_;
  const Accelerator& accelerator_;
  std::span<const std::int64_t> cycles_;
  std::int64_t ii_cycles_;
};

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

/// Cycles from the start of each layer to the end of the last reader of its map; 0 where no layer reads it.
std::vector<std::int64_t> alive_cycles(const Waits& waits, const Schedule& schedule) {
  std::vector<std::int64_t> alive(schedule.layers.size(), 0);
  for (std::size_t i = 0; i < alive.size(); ++i) {
    const ScheduledLayer& reader = schedule.layers[i];
    for (const int read : waits.layers[i]) {
      const ScheduledLayer& writer = schedule.layers[static_cast<std::size_t>(read)];
      std::int64_t& cycles = alive[static_cast<std::size_t>(read)];
      cycles = std::max(cycles, reader.start_cycle + reader.cycles - writer.start_cycle +
                                    (reader.stage - writer.stage) * schedule.ii_cycles);
    }
  }
  return alive;
}

/// Copies of each layer's map.
std::vector<int> slots_of_layers(const Network& network, const Schedule& schedule) {
  constexpr int read_by_host = 2;  // one that is written, one that the host reads
  std::vector<int> needed;
  for (const std::int64_t cycles : schedule.alive) {
    needed.push_back(static_cast<int>(ceil_div_signed(cycles, schedule.ii_cycles)));
  }
  for (const HostOp& op : network.host_ops) {
    for (const int writer : op.reads) {
      if (writer >= 0) {
        int& slots = needed[static_cast<std::size_t>(writer)];
        slots = std::max(slots, read_by_host);
      }
    }
  }
  for (int& slots : needed) {
    slots = slots == 0 ? read_by_host : slots;  // an output
  }
  return needed;
}

std::vector<MapLife> map_lives(const Schedule& schedule, std::span<const std::int64_t> slot_words) {
  std::vector<MapLife> maps;
  for (std::size_t i = 0; i < slot_words.size(); ++i) {
    maps.push_back({slot_words[i], schedule.slots[i], schedule.layers[i].start_cycle, schedule.alive[i]});
  }
  return maps;
}

/// The schedule of a round without slots: stages and latency follow from the starts.
Schedule schedule_of(const Network& network, const Waits& waits, std::span<const std::int64_t> starts,
                     std::span<const std::int64_t> cycles, std::int64_t ii) {
  Schedule schedule;
  std::vector<int> host_stages(network.host_ops.size(), -1);
  schedule.ii_cycles = ii;
  std::int64_t first_start = ii;
  std::int64_t last_end = 0;
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    ScheduledLayer layer{starts[i], cycles[i], 0};
    for (const int read : waits.layers[i]) {
      const ScheduledLayer& d = schedule.layers[static_cast<std::size_t>(read)];
      const std::int64_t rounds = ceil_div_signed(d.start_cycle + d.cycles - layer.start_cycle, ii);
      layer.stage = std::max(layer.stage, d.stage + static_cast<int>(rounds));
    }
    for (const std::size_t op : waits.host_ops[i]) {
      layer.stage = std::max(layer.stage, host_stages[op] + 2);
    }
    schedule.stages = std::max(schedule.stages, layer.stage + 1);
    first_start = std::min(first_start, layer.start_cycle + layer.stage * ii);
    last_end = std::max(last_end, layer.start_cycle + layer.cycles + layer.stage * ii);
    schedule.layers.push_back(layer);
    note_stages(network, waits.known_after[i], schedule.layers, host_stages);
  }
  schedule.latency_cycles = last_end - first_start;
  return schedule;
}

void add_slots(const Network& network, const Waits& waits, Schedule& schedule) {
  schedule.alive = alive_cycles(waits, schedule);
  schedule.slots = slots_of_layers(network, schedule);
}

void add_host_slots(const Network& network, Schedule& schedule) {
  schedule.host_slots = slots_written_by_host(network, schedule);
  schedule.input_slots = schedule.host_slots.back();
  schedule.host_slots.pop_back();
}

/// II: cycles of the chunk whose layers take the longest together.
std::int64_t busiest_chunk(const Accelerator& accelerator, std::span<const std::int64_t> layer_cycles) {
  std::vector<std::int64_t> chunk_cycles(accelerator.chunks.size(), 0);
  for (std::size_t i = 0; i < layer_cycles.size(); ++i) {
    chunk_cycles[static_cast<std::size_t>(accelerator.places[i].chunk)] += layer_cycles[i];
  }
  return *std::max_element(chunk_cycles.begin(), chunk_cycles.end());
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

/// One layer's priorities drawn anew.
Priorities changed(Priorities priorities, Rng& rng) {
  const std::size_t layer = uniform_index(rng, priorities.ready.size());
  const double longest = *std::max_element(priorities.ready.begin(), priorities.ready.end());
  (uniform_index(rng, 2) == 0 ? priorities.unready : priorities.ready)[layer] = uniform(rng) * longest;
  return priorities;
}

/// Makes schedules of a network's rounds.
class Scheduler {
 public:
  /// References are kept. `slot_words` as in make_schedule.
  Scheduler(const Network& network, const Accelerator& accelerator, std::span<const std::int64_t> layer_cycles,
            std::span<const std::int64_t> slot_words)
      : network_(network),
        layer_cycles_(layer_cycles),
        slot_words_(slot_words),
        ii_cycles_(busiest_chunk(accelerator, layer_cycles)),
        waits_(waits_of(network)),
        rounds_(waits_.layers, accelerator, layer_cycles, ii_cycles_),
        has_store_(std::any_of(slot_words.begin(), slot_words.end(), [](std::int64_t words) { return words > 0; })) {}

  Schedule best(int tries) {
    best_ = of(rounds_.in_network_order());
    if (has_store_ && are_few()) {
      for_every_order(layer_cycles_.size(), [&](std::span<const std::size_t> order, unsigned waiting) {
        if (Schedule other = of(rounds_.in_order(order, waiting)); rank(other) < rank(best_)) {
          best_ = std::move(other);
        }
      });
    }
    try_priorities(tries);
    return finished();
  }

 private:
  using Rank = std::tuple<std::int64_t, int, std::int64_t>;
  static Rank rank(const Schedule& of) { return {of.store_words, of.stages, of.latency_cycles}; }
  bool are_few() const { return layer_cycles_.size() <= layers_of_every_order; }

  /// From the starts in a round; slots and addresses only where maps lie in the store.
  Schedule of(std::span<const std::int64_t> starts) const {
    Schedule found = schedule_of(network_, waits_, starts, layer_cycles_, ii_cycles_);
    if (has_store_) {
      add_slots(network_, waits_, found);
      const std::vector<MapLife> maps = map_lives(found, slot_words_);
      add_addresses(are_few() ? best_store_addresses(maps, ii_cycles_) : store_addresses(maps, ii_cycles_), found);
    }
    return found;
  }

  static void add_addresses(StoreAddresses store, Schedule& schedule) {
    schedule.store_addresses = std::move(store.addresses);
    schedule.store_words = store.words;
  }

  void try_priorities(int tries) {
    Rng rng = make_rng(0, "schedule");
    Priorities best_priorities = rounds_.random_priorities(rng);
    const int first = has_store_ ? random_tries_for_slots : random_tries;
    for (int i = 0; i < tries; ++i) {
      Priorities priorities = i < first ? rounds_.random_priorities(rng) : changed(best_priorities, rng);
      if (Schedule other = of(rounds_.greedy(priorities)); rank(other) <= rank(best_)) {
        best_ = std::move(other);
        best_priorities = std::move(priorities);
      }
    }
  }

  Schedule finished() const {
    Schedule schedule = best_;
    add_slots(network_, waits_, schedule);
    add_host_slots(network_, schedule);
    schedule.store_addresses.resize(layer_cycles_.size(), 0);
    if (has_store_) {
      add_addresses(best_store_addresses(map_lives(schedule, slot_words_), ii_cycles_), schedule);
    }
    return schedule;
  }

  const Network& network_;
  std::span<const std::int64_t> layer_cycles_;
  std::span<const std::int64_t> slot_words_;
  std::int64_t ii_cycles_;
  Waits waits_;
  RoundBuilder rounds_;
  bool has_store_;
  Schedule best_;
};

}  // namespace

Schedule make_schedule(const Network& network, const Accelerator& accelerator,
                       std::span<const std::int64_t> layer_cycles, std::span<const std::int64_t> slot_words,
                       int tries) {
  return Scheduler(network, accelerator, layer_cycles, slot_words).best(tries);
}

}  // namespace autonba
