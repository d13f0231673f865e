#include "explore/random.hpp"

#include <algorithm>

namespace autonba {

void search_random(Trial& trial, Rng rng) {
  const auto pick = [&](std::size_t, const std::vector<char>& allowed) {
    auto left = uniform_index(rng, static_cast<std::uint64_t>(std::count(allowed.begin(), allowed.end(), 1)));
    std::size_t option = 0;
    while (allowed[option] == 0 || left-- > 0) {
      ++option;
    }
    return static_cast<int>(option);
  };
  while (!trial.done()) {
    trial.evaluate_for_best(trial.choices().make(pick));
  }
}

}  // namespace autonba
