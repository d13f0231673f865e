#include "explore/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"

namespace autonba {
namespace {

constexpr std::array all_words = {
    ObjectiveWords{Objective::fps, "fps", "throughput", "images/s", true},
    ObjectiveWords{Objective::latency, "latency", "latency", "ms", false},
    ObjectiveWords{Objective::energy, "energy", "energy", "mJ/image", false},
    ObjectiveWords{Objective::edp, "edp", "energy-delay product", "mJ·ms", false},
    ObjectiveWords{Objective::area, "area", "area", "mm²", false},
};

/// Shown units in one unit of value_of(): seconds, joules, joule-seconds, mm².
double units_in_one(Objective objective) {
  switch (objective) {
    case Objective::latency:
    case Objective::energy:
      return 1e3;
    case Objective::edp:
      return 1e6;
    case Objective::fps:
    case Objective::area:
      break;
  }
  return 1;
}

std::string number_and_unit(double shown, const char* unit) {
  const std::string number = std::abs(shown) >= 1000 ? grouped(std::llround(shown)) : fmt::format("{:.4g}", shown);
  return number + " " + unit;
}

}  // namespace

const ObjectiveWords& words_of(Objective objective) {
  return *std::find_if(all_words.begin(), all_words.end(),
                       [&](const ObjectiveWords& words) { return words.objective == objective; });
}

std::vector<std::string> objective_names() {
  std::vector<std::string> names;
  for (const ObjectiveWords& words : all_words) {
    names.emplace_back(words.name);
  }
  return names;
}

Objective objective_named(const std::string& name) {
  const auto found =
      std::find_if(all_words.begin(), all_words.end(), [&](const ObjectiveWords& words) { return words.name == name; });
  if (found == all_words.end()) {
    throw input_error("there is no objective {}; objectives are {}", name, any_of(objective_names()));
  }
  return found->objective;
}

double in_unit(Objective objective, double value) {
  return objective == Objective::fps ? 1 / value : value * units_in_one(objective);
}

double from_unit(Objective objective, double shown) {
  return objective == Objective::fps ? 1 / shown : shown / units_in_one(objective);
}

std::string in_words(Objective objective, double value) {
  return number_and_unit(in_unit(objective, value), words_of(objective).unit);
}

Target make_target(Objective objective, double value) {
  const Target target{objective == Objective::area ? Objective::fps : objective, value};
  if (!std::isfinite(value) || value <= 0) {
    throw input_error("--target: {} is not a number of {} above 0", value, words_of(target.metric).unit);
  }
  return target;
}

double limit_of(const Target& target) {
  return from_unit(target.metric, target.value);
}

bool meets(const Target& target, double value) {
  return value <= limit_of(target);
}

std::string in_words(const Target& target) {
  const ObjectiveWords& words = words_of(target.metric);
  return fmt::format("at {} {}", words.higher_is_better ? "least" : "most", number_and_unit(target.value, words.unit));
}

}  // namespace autonba
