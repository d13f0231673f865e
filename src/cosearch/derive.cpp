#include "cosearch/derive.hpp"

#include <limits>

#include "base/error.hpp"

namespace autonba {
namespace {

double seconds_of(const Solution& solution, const Pricing& pricing) {
  return value_of(pricing.objective(), solution.cost, solution.accelerator->batch, pricing.platform());
}

/// A change of one block's choice.
struct Substitution {
  std::size_t block = 0;
  BlockChoice choice;
  double price = std::numeric_limits<double>::infinity();  // log p lost for each second saved
};

/// The cheapest change that saves time on γ*; its price is infinite if none does.
Substitution best_substitution(const Logits& logits, Pricing& pricing, const Architecture& architecture) {
  const SearchSpace& space = pricing.space();
  const double now = pricing.objective_seconds(pricing.chunk_seconds(architecture));
  Substitution best;
  for (std::size_t block = 0; block < architecture.size(); ++block) {
    const double log_p = log_probability(logits, block, architecture[block]);
    for (int op = 0; op < static_cast<int>(space.operators.size()); ++op) {
      for (int bits = 0; bits < static_cast<int>(space.bits.size()); ++bits) {
        Architecture changed = architecture;
        changed[block] = {op, bits};
        const double saved = now - pricing.objective_seconds(pricing.chunk_seconds(changed));
        if (saved <= 0) {
          continue;
        }
        // Likelier and faster at once has a price below zero, and the larger the gain the better.
        const double lost = log_p - log_probability(logits, block, changed[block]);
        const double price = lost > 0 ? lost / saved : lost * saved;
        if (price < best.price) {
          best = {block, changed[block], price};
        }
      }
    }
  }
  return best;
}

/// Substitutes on γ* until the target is met there, or nothing saves time there any more.
Architecture with_substitutions(const Logits& logits, Pricing& pricing, Architecture architecture, double limit) {
  do {
    const Substitution substitution = best_substitution(logits, pricing, architecture);
    if (substitution.price == std::numeric_limits<double>::infinity()) {
      break;
    }
    architecture[substitution.block] = substitution.choice;
  } while (pricing.objective_seconds(pricing.chunk_seconds(architecture)) > limit);
  return architecture;
}

int differing_blocks(const Architecture& a, const Architecture& b) {
  int count = 0;
  for (std::size_t block = 0; block < a.size(); ++block) {
    count += a[block] == b[block] ? 0 : 1;
  }
  return count;
}

}  // namespace

Derived derive(const Logits& logits, Pricing& pricing, const Config& config, std::uint64_t seed) {
  const Target& target = config.target;
  const double limit = limit_of(target);
  const Budget budget = final_budget(config, pricing.design_space());
  Derived derived{most_likely(logits), {}, {}, std::numeric_limits<double>::infinity(), 0};
  const Architecture likeliest = derived.architecture;
  const Architecture cheapest = cheapest_architecture(pricing.space());
  double best_seconds = derived.seconds;
  // Substitutions can come back to where they were, as γ* changes with the network.
  const std::size_t most_rounds = 4 * likeliest.size() + 4;
  for (std::size_t round = 0;; ++round) {
    derived.solution = pricing.refresh(derived.architecture, config.accelerator.engine, budget, seed);
    derived.seconds = seconds_of(derived.solution, pricing);
    best_seconds = std::min(best_seconds, derived.seconds);
    if (derived.seconds <= limit) {
      break;
    }
    if (derived.architecture == cheapest) {
      throw work_error("no network of the space was found to meet the target of {}; the best found reaches {}",
                       in_words(target), in_words(target.metric, best_seconds));
    }
    const Architecture substituted = with_substitutions(logits, pricing, derived.architecture, limit);
    const bool stuck = substituted == derived.architecture || round >= most_rounds;
    derived.architecture = stuck ? cheapest : substituted;
  }
  derived.network = pricing.network(derived.architecture);
  derived.substitutions = differing_blocks(likeliest, derived.architecture);
  return derived;
}

Architecture cheapest_architecture(const SearchSpace& space) {
  Architecture architecture(space.blocks.size());
  for (std::size_t block = 0; block < architecture.size(); ++block) {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (int op = 0; op < static_cast<int>(space.operators.size()); ++op) {
      Architecture changed = architecture;
      changed[block].op = op;
      const std::int64_t count = macs(make_network(space, changed, 1));
      if (count < least) {
        least = count;
        architecture[block].op = op;
      }
    }
  }
  return architecture;
}

void check_target(Pricing& pricing, const Config& config, std::uint64_t seed) {
  const Architecture cheapest = cheapest_architecture(pricing.space());
  const double limit = limit_of(config.target);
  double seconds = std::numeric_limits<double>::infinity();
  // A design that meets the target is soon found; that there is none takes what the derived network would get.
  for (const Budget& budget : {refresh_budget(config), final_budget(config, pricing.design_space())}) {
    seconds = seconds_of(pricing.refresh(cheapest, config.accelerator.engine, budget, seed), pricing);
    if (seconds <= limit) {
      return;
    }
  }
  throw input_error("target.value: {} is out of reach on {}: the cheapest network of the space reaches {}",
                    in_words(config.target), pricing.platform().name, in_words(config.target.metric, seconds));
}

}  // namespace autonba
