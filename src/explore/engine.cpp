#include "explore/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "explore/annealing.hpp"
#include "explore/das.hpp"
#include "explore/evolution.hpp"
#include "explore/exact/exact.hpp"
#include "explore/random.hpp"
#include "explore/reinforce.hpp"
#include "explore/trial.hpp"

namespace autonba {
namespace {

/// Engines that make trials until the evaluations are spent. `start`: picks to begin around, or none.
struct TrialEngine {
  const char* name;
  void (*search)(Trial& trial, Rng rng, const std::vector<int>& start);
};

constexpr const char* exact_engine = "exact";

using Picks = std::vector<int>;
constexpr std::array trial_engines = {
    TrialEngine{"annealing", [](Trial& trial, Rng rng, const Picks& start) { search_annealing(trial, rng, start); }},
    TrialEngine{"das", [](Trial& trial, Rng rng, const Picks& start) { search_das(trial, rng, start); }},
    TrialEngine{"evolution", [](Trial& trial, Rng rng, const Picks& start) { search_evolution(trial, rng, start); }},
    TrialEngine{"random", [](Trial& trial, Rng rng, const Picks&) { search_random(trial, rng); }},
    TrialEngine{"reinforce", [](Trial& trial, Rng rng, const Picks& start) { search_reinforce(trial, rng, start); }},
};

/// A design for `exact` to begin with where its own first ones are far from the best: those of energy and area.
std::optional<Accelerator> first_design(const Problem& problem, const Budget& budget, std::uint64_t seed,
                                        Mapper& mapper) {
  constexpr std::int64_t trials = 5000;
  if (!needs_tables(problem.objective)) {
    return std::nullopt;
  }
  const std::int64_t most = budget.evaluations > 0 ? std::min(budget.evaluations, trials) : trials;
  return explore("annealing", problem, {.evaluations = most, .stop = budget.stop}, seed, mapper).accelerator;
}

}  // namespace

PlacementGroups groups_to_place(const Problem& problem) {
  PlacementGroups none;
  none.layers.resize(problem.network.layers.size());
  return problem.space.store && may_use_store(problem.objective) ? placement_groups(problem.network) : none;
}

double gap_of(double value, double bound) {
  return 1 - bound / value;
}

Solution explore(const std::string& engine, const Problem& problem, const Budget& budget, std::uint64_t seed,
                 Mapper& mapper, const std::optional<Accelerator>& start, const Watch& watch) {
  const auto found = std::find_if(trial_engines.begin(), trial_engines.end(),
                                  [&](const TrialEngine& candidate) { return candidate.name == engine; });
  if (found == trial_engines.end() && engine != exact_engine) {
    throw input_error("there is no engine {}; engines are {}", engine, any_of(engine_names()));
  }
  if (needs_tables(problem.objective) && !problem.platform.asic) {
    throw input_error("platform {}: has no tables of area and energy, which the objective needs; ASICs have them",
                      problem.platform.name);
  }
  if (engine == exact_engine) {
    return solve_exactly(problem, budget, mapper, start ? start : first_design(problem, budget, seed, mapper), watch);
  }
  Trial trial(problem, budget, mapper);
  Picks start_picks;
  if (start && !trial.done()) {
    start_picks = trial.evaluate_start(*start);
  }
  found->search(trial, make_rng(seed, found->name), start_picks);
  return trial.finish();
}

std::vector<std::string> engine_names() {
  std::vector<std::string> names = {exact_engine};
  for (const TrialEngine& engine : trial_engines) {
    names.emplace_back(engine.name);
  }
  return names;
}

}  // namespace autonba
