#include "explore/least_energy.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace autonba {
namespace {

/// From one corner of a layer's hull to the next: slower, with less energy.
struct Step {
  std::size_t layer = 0;
  std::size_t pick = 0;  // that it leads to
  double cycles = 0;     // that it adds
  double saved_pj = 0;
};

/// A chunk whose layers take these steps one after the other, those that save most for each cycle first.
struct ChunkSteps {
  std::vector<Step> steps;
  std::size_t taken = 0;
  double cycles = 0;
  double pj = 0;

  double next_cycles() const {
    return taken < steps.size() ? cycles + steps[taken].cycles : std::numeric_limits<double>::infinity();
  }
  void take_within(double most_cycles) {
    while (next_cycles() <= most_cycles) {
      cycles += steps[taken].cycles;
      pj -= steps[taken].saved_pj;
      ++taken;
    }
  }
};

std::vector<ChunkSteps> steps_of(std::span<const FrontOnChunk> layers, std::size_t chunks) {
  std::vector<ChunkSteps> all(chunks);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const EnergyFront& front = *layers[layer].front;
    ChunkSteps& chunk = all[layers[layer].chunk];
    chunk.cycles += static_cast<double>(front.front().cycles);
    chunk.pj += front.front().energy_pj;
    const std::vector<std::size_t> hull = hull_of(front);
    for (std::size_t corner = 1; corner < hull.size(); ++corner) {
      const PricedMapping& from = front[hull[corner - 1]];
      const PricedMapping& to = front[hull[corner]];
      chunk.steps.push_back(
          {layer, hull[corner], static_cast<double>(to.cycles - from.cycles), from.energy_pj - to.energy_pj});
    }
  }
  for (ChunkSteps& chunk : all) {
    std::stable_sort(chunk.steps.begin(), chunk.steps.end(),
                     [](const Step& a, const Step& b) { return a.saved_pj * b.cycles > b.saved_pj * a.cycles; });
  }
  return all;
}

double largest_cycles(const std::vector<ChunkSteps>& chunks) {
  const auto slower = [](const ChunkSteps& a, const ChunkSteps& b) { return a.cycles < b.cycles; };
  return std::max_element(chunks.begin(), chunks.end(), slower)->cycles;
}

double value_of(const std::vector<ChunkSteps>& chunks, double leakage_pj_per_cycle, bool times_cycles) {
  const double cycles = largest_cycles(chunks);
  double pj = leakage_pj_per_cycle * cycles;
  for (const ChunkSteps& chunk : chunks) {
    pj += chunk.pj;
  }
  return times_cycles ? pj * cycles : pj;
}

}  // namespace

EnergyChoice least_energy(std::span<const FrontOnChunk> layers, std::size_t chunks, double leakage_pj_per_cycle,
                          bool times_cycles) {
  std::vector<ChunkSteps> now = steps_of(layers, chunks);
  std::vector<ChunkSteps> best = now;
  double least = std::numeric_limits<double>::infinity();
  // II grows from the fastest mappings on; within it every chunk saves what it can.
  for (double most_cycles = largest_cycles(now); most_cycles < std::numeric_limits<double>::infinity();) {
    double next = std::numeric_limits<double>::infinity();
    for (ChunkSteps& chunk : now) {
      chunk.take_within(most_cycles);
      next = std::min(next, chunk.next_cycles());
    }
    const double value = value_of(now, leakage_pj_per_cycle, times_cycles);
    if (value < least) {
      least = value;
      best = now;
    }
    most_cycles = next;
  }
  EnergyChoice choice;
  choice.picks.assign(layers.size(), 0);
  for (const ChunkSteps& chunk : best) {
    for (std::size_t i = 0; i < chunk.taken; ++i) {
      choice.picks[chunk.steps[i].layer] = chunk.steps[i].pick;
    }
    choice.chunk_cycles.push_back(chunk.cycles);
    choice.chunk_pj.push_back(chunk.pj);
  }
  return choice;
}

}  // namespace autonba
