#include "explore/evolution.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace autonba {
namespace {

struct Individual {
  Design design;
  DesignCost cost;
};

Individual born(Trial& trial, Design design) {
  DesignCost cost = trial.evaluate(design);
  return {std::move(design), std::move(cost)};
}

/// The best of `entrants`, drawn with replacement.
const Individual& tournament(const std::deque<Individual>& population, int entrants, Rng& rng) {
  const Individual* best = nullptr;
  for (int i = 0; i < entrants; ++i) {
    const Individual& entrant = population[static_cast<std::size_t>(uniform_index(rng, population.size()))];
    if (best == nullptr || entrant.cost.log_cost < best->cost.log_cost) {
      best = &entrant;
    }
  }
  return *best;
}

}  // namespace

void search_evolution(Trial& trial, Rng rng, const std::vector<int>& start, const EvolutionOptions& options) {
  const Neighbours neighbours(trial.choices());
  const auto size =
      static_cast<std::size_t>(std::clamp<std::int64_t>(trial.evaluations() / 10, 1, std::max(options.population, 1)));
  const int entrants = std::max(1, static_cast<int>(options.tournament * static_cast<double>(size)));
  std::deque<Individual> population;  // oldest first
  while (population.size() < size && !trial.done()) {
    if (start.empty()) {
      population.push_back(born(trial, neighbours.random(rng)));
    } else if (population.empty()) {
      population.push_back(born(trial, neighbours.near(start, rng)));
    } else {
      const Individual& first = population.front();
      population.push_back(born(trial, neighbours.neighbour(first.design, first.cost, options.moves, rng)));
    }
  }
  while (!trial.done()) {
    const Individual* parent = &tournament(population, entrants, rng);
    Individual child{parent->design, parent->cost};
    if (uniform(rng) < options.crossover) {
      child.design = neighbours.crossed(parent->design, tournament(population, entrants, rng).design, rng);
    }
    population.push_back(born(trial, neighbours.neighbour(child.design, child.cost, options.moves, rng)));
    population.pop_front();
  }
}

}  // namespace autonba
