#include "explore/engine.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "explore/das.hpp"
#include "explore/random.hpp"
#include "explore/trial.hpp"

namespace autonba {

Solution explore(const std::string& engine, const Problem& problem, const Budget& budget, std::uint64_t seed,
                 Mapper& mapper, const std::optional<Accelerator>& start) {
  Trial trial(problem, budget, mapper);
  std::vector<int> start_picks;
  if (start && !trial.done()) {
    start_picks = trial.evaluate_start(*start);
  }
  if (engine == "das") {
    search_das(trial, make_rng(seed, "das"), start_picks);
  } else if (engine == "random") {
    search_random(trial, make_rng(seed, "random"));
  } else {
    throw input_error("there is no engine {}; engines are {}", engine, any_of(engine_names()));
  }
  return trial.finish();
}

std::vector<std::string> engine_names() {
  return {"das", "random"};
}

}  // namespace autonba
