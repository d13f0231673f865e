#include "explore/annealing.hpp"

#include <cmath>
#include <utility>

namespace autonba {

void search_annealing(Trial& trial, Rng rng, const std::vector<int>& start, const AnnealingOptions& options) {
  if (trial.done()) {
    return;
  }
  const Neighbours neighbours(trial.choices());
  Design design = start.empty() ? neighbours.random(rng) : neighbours.near(start, rng);
  DesignCost cost = trial.evaluate(design);
  const auto move_to = [&](Design&& other, DesignCost&& its_cost) {
    design = std::move(other);
    cost = std::move(its_cost);
  };
  while (start.empty() && !trial.done() && trial.share_left() > 1 - options.random_share) {
    Design other = neighbours.random(rng);
    DesignCost its_cost = trial.evaluate(other);
    if (its_cost.log_cost < cost.log_cost) {
      move_to(std::move(other), std::move(its_cost));
    }
  }
  const double hottest = start.empty() ? options.hottest : options.hottest_warm;
  while (!trial.done()) {
    const double temperature = options.coldest * std::pow(hottest / options.coldest, trial.share_left());
    Design other = neighbours.neighbour(design, cost, options.moves, rng);
    DesignCost its_cost = trial.evaluate(other);
    const double rise = its_cost.log_cost - cost.log_cost;
    if (rise <= 0 || uniform(rng) < std::exp(-rise / temperature)) {
      move_to(std::move(other), std::move(its_cost));
    }
  }
}

}  // namespace autonba
