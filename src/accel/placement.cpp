#include "accel/placement.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "accel/cost.hpp"
#include "accel/fewer_words.hpp"
#include "accel/layout.hpp"
#include "base/error.hpp"

namespace autonba {

std::vector<bool> storable_maps(const Network& network) {
  constexpr std::size_t told_apart = 63;  // maps that one layer reads, see map_bit
  std::vector<bool> read(network.layers.size(), false);
  std::vector<bool> barred(network.layers.size(), false);
  for (const Layer& layer : network.layers) {
    const std::vector<int> writers = maps_read(layer);
    for (std::size_t i = 0; i < writers.size(); ++i) {
      if (writers[i] >= 0) {
        const auto writer = static_cast<std::size_t>(writers[i]);
        read[writer] = true;
        barred[writer] = barred[writer] || i >= told_apart;
      }
    }
    if (layer.residual.value_or(network_input) >= 0) {
      read[static_cast<std::size_t>(*layer.residual)] = true;
    }
  }
  for (const HostOp& op : network.host_ops) {
    for (const int writer : op.reads) {
      if (writer >= 0) {
        barred[static_cast<std::size_t>(writer)] = true;
      }
    }
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    read[i] = read[i] && !barred[i];
  }
  return read;
}

namespace {

/// Sets of maps by writer; the last set is that of external memory.
class MapSets {
 public:
  explicit MapSets(std::size_t layers) : parent_(layers + 1) { std::iota(parent_.begin(), parent_.end(), 0U); }
  std::size_t external() const { return parent_.size() - 1; }
  std::size_t of(int writer) { return find(writer < 0 ? external() : static_cast<std::size_t>(writer)); }
  bool is_external(int writer) { return of(writer) == find(external()); }
  void join(std::size_t a, std::size_t b) { parent_[find(a)] = find(b); }

 private:
  std::size_t find(std::size_t map) {
    while (parent_[map] != map) {
      map = parent_[map] = parent_[parent_[map]];
    }
    return map;
  }
  std::vector<std::size_t> parent_;
};

/// Leaves groups out, the last ones first, until no more than groups_at_once are alive at once.
void keep_few_alive(PlacementGroups& groups) {
  std::vector<std::size_t> last(groups.count, 0);
  for (std::size_t layer = 0; layer < groups.layers.size(); ++layer) {
    for (const int group : groups.layers[layer].all()) {
      if (group != always_external) {
        last[static_cast<std::size_t>(group)] = layer;
      }
    }
  }
  std::vector<int> new_number(groups.count, always_external);
  std::vector<char> seen(groups.count, 0);
  std::size_t kept = 0;
  std::vector<std::size_t> alive;
  for (std::size_t layer = 0; layer < groups.layers.size(); ++layer) {
    std::erase_if(alive, [&](std::size_t group) { return last[group] < layer; });
    LayerGroups& of = groups.layers[layer];
    for (int* group : {&of.input, &of.residual, &of.output}) {
      if (*group == always_external) {
        continue;
      }
      const auto number = static_cast<std::size_t>(*group);
      if (seen[number] == 0 && alive.size() < groups_at_once) {
        new_number[number] = static_cast<int>(kept++);
        alive.push_back(number);
      }
      seen[number] = 1;
      *group = new_number[number];
    }
  }
  groups.count = kept;
}

}  // namespace

PlacementGroups placement_groups(const Network& network) {
  const std::vector<bool> storable = storable_maps(network);
  MapSets sets(network.layers.size());
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    if (!storable[layer]) {
      sets.join(layer, sets.external());
    }
    const std::vector<int> read = maps_read(network.layers[layer]);
    for (const int writer : read) {
      sets.join(sets.of(writer), sets.of(read.front()));
    }
  }
  std::vector<int> numbers(network.layers.size() + 1, always_external);
  PlacementGroups groups;
  const auto group_of = [&](int writer) {
    if (sets.is_external(writer)) {
      return always_external;
    }
    int& number = numbers[sets.of(writer)];
    return number = number == always_external ? static_cast<int>(groups.count++) : number;
  };
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    const Layer& of = network.layers[layer];
    LayerGroups& found = groups.layers.emplace_back();
    found.input = group_of(maps_read(of).front());
    found.residual = group_of(of.residual.value_or(network_input));
    found.output = group_of(static_cast<int>(layer));
  }
  keep_few_alive(groups);
  return groups;
}

std::vector<std::int64_t> slot_words(const Network& network, const Accelerator& accelerator) {
  std::vector<std::int64_t> words(network.layers.size(), 0);
  if (!accelerator.store) {
    return words;
  }
  const int word_bits = store_word_bits(*accelerator.store, accelerator.chunks.size());
  std::size_t layer = 0;
  visit_layer_shapes(network, [&](const LayerShape& shape) {
    words[layer] = accelerator.places[layer].writes_store ? store_words(shape.output, accelerator.batch, word_bits) : 0;
    ++layer;
  });
  return words;
}

void fit_store(const Network& network, const Platform& platform, Accelerator& accelerator) {
  const std::vector<std::int64_t> known = std::exchange(accelerator.starts, {});
  if (!accelerator.store) {
    return;
  }
  const std::vector<std::int64_t> words = slot_words(network, accelerator);
  const Cost cost = evaluate(network, accelerator, platform);
  Schedule schedule = make_schedule(network, accelerator, cost.layer_cycles, words);
  if (!known.empty()) {
    accelerator.starts = fitting_starts(round_of(network, accelerator, cost.layer_cycles), known);
    Schedule other = make_schedule(network, accelerator, cost.layer_cycles, words);
    schedule = other.store_words < schedule.store_words ? std::move(other) : std::move(schedule);
    accelerator.starts.clear();
  }
  if (schedule.store_words == 0) {
    accelerator.store.reset();
    return;
  }
  accelerator.store->depth = least_store_depth(schedule.store_words, platform.asic.has_value());
  for (const ScheduledLayer& layer : schedule.layers) {
    accelerator.starts.push_back(layer.start_cycle);
  }
}

void check_placement(const Network& network, const Accelerator& accelerator, const Schedule& schedule,
                     const std::string& where) {
  const std::vector<bool> storable = storable_maps(network);
  const std::vector<std::int64_t> words = slot_words(network, accelerator);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!accelerator.places[i].writes_store) {
      continue;
    }
    const std::string& id = network.layers[i].id;
    if (!accelerator.store) {
      throw input_error("{}: the map of layer {} is placed in the store, but there is none", where, id);
    }
    if (!storable[i]) {
      throw input_error(
          "{}: the map of layer {} cannot lie in the store: only what layers read, and the host does not, can", where,
          id);
    }
    const std::int64_t end = schedule.store_addresses[i] + schedule.slots[i] * words[i];
    if (end > accelerator.store->depth) {
      throw input_error(
          "{}: the store is too small for the map of layer {}: {} of {} words from word {} on end at {} of {}", where,
          id, schedule.slots[i] == 1 ? "a slot" : fmt::format("{} slots", schedule.slots[i]), words[i],
          schedule.store_addresses[i], end, accelerator.store->depth);
    }
  }
}

}  // namespace autonba
