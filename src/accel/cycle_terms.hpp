#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace autonba {

/// The cycles of a layer, or of a part of it, by what they are spent on. While a step computes, the port, and
/// the store, work for its neighbours: the step counts for whichever takes longest (docs/cost-model.md, Cycles).
struct CycleTerms {
  std::int64_t compute = 0;  // steps whose arithmetic takes at least as long as what is moved meanwhile
  // What is moved in all other steps, before the first and after the last: by the port
  std::int64_t input = 0;
  std::int64_t weights = 0;  // and requantisation parameters
  std::int64_t residual = 0;
  std::int64_t output = 0;
  std::int64_t latency = 0;   // λ_r and λ_w of these transfers
  std::int64_t store = 0;     // and to and from the feature store, with λ_f
  std::int64_t handover = 0;  // of the buffers, one for each step
  std::int64_t ends = 0;      // C0 and C_B
  friend bool operator==(const CycleTerms&, const CycleTerms&) = default;
};

/// The terms with their names, in the order in which they are shown.
struct NamedTerm {
  std::string_view name;
  std::int64_t CycleTerms::*cycles;
};
inline constexpr std::array<NamedTerm, 9> cycle_terms = {{
    {"compute", &CycleTerms::compute},
    {"input", &CycleTerms::input},
    {"weights", &CycleTerms::weights},
    {"residual", &CycleTerms::residual},
    {"output", &CycleTerms::output},
    {"latency", &CycleTerms::latency},
    {"store", &CycleTerms::store},
    {"handover", &CycleTerms::handover},
    {"ends", &CycleTerms::ends},
}};

inline CycleTerms operator+(const CycleTerms& a, const CycleTerms& b) {
  CycleTerms sum;
  for (const NamedTerm& term : cycle_terms) {
    sum.*term.cycles = a.*term.cycles + b.*term.cycles;
  }
  return sum;
}
inline CycleTerms& operator+=(CycleTerms& a, const CycleTerms& b) {
  return a = a + b;
}
inline CycleTerms operator*(std::int64_t times, const CycleTerms& a) {
  CycleTerms product;
  for (const NamedTerm& term : cycle_terms) {
    product.*term.cycles = times * a.*term.cycles;
  }
  return product;
}

inline std::int64_t total(const CycleTerms& terms) {
  std::int64_t sum = 0;
  for (const NamedTerm& term : cycle_terms) {
    sum += terms.*term.cycles;
  }
  return sum;
}

/// What most of the cycles are spent on: what binds the layer.
inline const NamedTerm& largest_term(const CycleTerms& terms) {
  const NamedTerm* largest = cycle_terms.begin();
  for (const NamedTerm& term : cycle_terms) {
    if (terms.*term.cycles > terms.*largest->cycles) {
      largest = &term;
    }
  }
  return *largest;
}

}  // namespace autonba
