#include "explore/random.hpp"

#include "explore/neighbours.hpp"

namespace autonba {

void search_random(Trial& trial, Rng rng) {
  const Neighbours neighbours(trial.choices());
  while (!trial.done()) {
    trial.evaluate_for_best(neighbours.random(rng));
  }
}

}  // namespace autonba
