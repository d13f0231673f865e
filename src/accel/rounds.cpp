#include "accel/rounds.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"

namespace autonba {
namespace {

void sort_once(std::vector<int>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// By operation of the host: the layers whose maps it needs, through other operations too.
std::vector<std::vector<int>> layers_behind_host(const Network& network) {
  std::vector<std::vector<int>> layers;
  for (const HostOp& op : network.host_ops) {
    std::vector<int> needed;
    for (const int writer : op.reads) {
      if (writer >= 0) {
        needed.push_back(writer);
      } else if (writer < network_input) {
        const std::vector<int>& earlier = layers[host_op_of(writer)];
        needed.insert(needed.end(), earlier.begin(), earlier.end());
      }
    }
    sort_once(needed);
    layers.push_back(std::move(needed));
  }
  return layers;
}

Waits waits_of(const Network& network) {
  const std::vector<std::vector<int>> behind_host = layers_behind_host(network);
  Waits waits;
  for (const Layer& layer : network.layers) {
    std::vector<int>& layers = waits.layers.emplace_back();
    std::vector<int>& through_host = waits.through_host.emplace_back();
    for (const int writer : writers_read(layer)) {
      if (writer >= 0) {
        layers.push_back(writer);
      } else if (writer < network_input) {
        const std::vector<int>& behind = behind_host[host_op_of(writer)];
        through_host.insert(through_host.end(), behind.begin(), behind.end());
      }
    }
    sort_once(through_host);
  }
  return waits;
}

/// One that is written and one that the host reads; it reads outputs too.
std::vector<int> least_slots(const Network& network, const Waits& waits) {
  constexpr int read_by_host = 2;
  std::vector<int> slots(network.layers.size(), read_by_host);
  for (const std::vector<int>& layers : waits.layers) {
    for (const int read : layers) {
      slots[static_cast<std::size_t>(read)] = 1;
    }
  }
  for (const HostOp& op : network.host_ops) {
    for (const int writer : op.reads) {
      if (writer >= 0) {
        slots[static_cast<std::size_t>(writer)] = read_by_host;
      }
    }
  }
  return slots;
}

}  // namespace

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

Round round_of(const Network& network, const Accelerator& accelerator, std::span<const std::int64_t> layer_cycles) {
  Round round{.waits = waits_of(network)};
  round.least_slots = least_slots(network, round.waits);
  place_layers(accelerator, layer_cycles, round);
  return round;
}

void place_layers(const Accelerator& accelerator, std::span<const std::int64_t> layer_cycles, Round& round) {
  round.cycles.assign(layer_cycles.begin(), layer_cycles.end());
  round.chunk_of.clear();
  round.layers_of.assign(accelerator.chunks.size(), {});
  std::vector<std::int64_t> chunk_cycles(accelerator.chunks.size(), 0);
  for (std::size_t i = 0; i < layer_cycles.size(); ++i) {
    const auto chunk = static_cast<std::size_t>(accelerator.places[i].chunk);
    round.chunk_of.push_back(chunk);
    round.layers_of[chunk].push_back(i);
    chunk_cycles[chunk] += layer_cycles[i];
  }
  round.ii_cycles = *std::max_element(chunk_cycles.begin(), chunk_cycles.end());
}

void find_stages(const Round& round, std::span<const std::int64_t> starts, std::vector<int>& stages) {
  stages.assign(starts.size(), 0);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    int& stage = stages[i];
    for (const int read : round.waits.layers[i]) {
      const auto d = static_cast<std::size_t>(read);
      const bool is_in_time = starts[d] + round.cycles[d] <= starts[i];  // in the same round
      stage = std::max(stage, stages[d] + (is_in_time ? 0 : 1));
    }
    for (const int read : round.waits.through_host[i]) {
      stage = std::max(stage, stages[static_cast<std::size_t>(read)] + 2);
    }
  }
}

void find_alive_cycles(const Round& round, std::span<const std::int64_t> starts, std::span<const int> stages,
                       std::vector<std::int64_t>& alive) {
  alive.assign(starts.size(), 0);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t end = starts[i] + round.cycles[i] + stages[i] * round.ii_cycles;
    for (const int read : round.waits.layers[i]) {
      const auto d = static_cast<std::size_t>(read);
      alive[d] = std::max(alive[d], end - starts[d] - stages[d] * round.ii_cycles);
    }
  }
}

std::vector<int> slots_needed(const Round& round, std::span<const std::int64_t> alive) {
  std::vector<int> slots = round.least_slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i] = std::max(slots[i], static_cast<int>(ceil_div(alive[i], round.ii_cycles)));
  }
  return slots;
}

}  // namespace autonba
