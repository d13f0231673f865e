#pragma once

#include "cosearch/config.hpp"
#include "cosearch/logits.hpp"
#include "cosearch/pricing.hpp"

namespace autonba {

/// The network that the search ends with, and the accelerator that runs it.
struct Derived {
  Architecture architecture;
  Network network;
  Solution solution;
  double seconds = 0;     // the objective's value
  int substitutions = 0;  // choices that are not the likeliest, to meet the target
};

/// argmax over α and β with the best accelerator for it; while that misses the target, the substitution in one block
/// that loses least log p for each second that it saves on γ*, which is solved again when the target is met there or
/// nothing saves time there; at last cheapest_architecture(). Throws WorkError (with the best found) if that misses
/// too.
Derived derive(const Logits& logits, Pricing& pricing, const Config& config, std::uint64_t seed);

/// The least that a block of the space can be: the operator with the fewest multiply-accumulates at the fewest bits.
Architecture cheapest_architecture(const SearchSpace& space);

/// Tries the cheapest network of the space. Throws InputError, with the best found, if it misses the target: the
/// network that derive() ends with if nothing likelier meets it.
void check_target(Pricing& pricing, const Config& config, std::uint64_t seed);

}  // namespace autonba
