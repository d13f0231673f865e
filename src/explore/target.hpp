#pragma once

#include <string>
#include <vector>

#include "explore/objective.hpp"

namespace autonba {

/// How people call an objective and read its value.
struct ObjectiveWords {
  Objective objective;
  const char* name;   // on the command line and in files
  const char* title;  // in text
  const char* unit;
  bool higher_is_better;
};
const ObjectiveWords& words_of(Objective objective);
std::vector<std::string> objective_names();

/// Throws InputError for a name that is not one of objective_names().
Objective objective_named(const std::string& name);

/// A value of value_of() in the unit of words_of(), and back: images a second for the seconds of `fps`.
double in_unit(Objective objective, double value);
double from_unit(Objective objective, double shown);

/// "1,234.5 images/s".
std::string in_words(Objective objective, double value);

/// What a design is held to: the objective itself, but for `area` the images a second that it must reach.
struct Target {
  Objective metric = Objective::fps;
  double value = 0;  // in the metric's unit
  friend bool operator==(const Target&, const Target&) = default;
};

/// Throws InputError unless `value` is a number above 0.
Target make_target(Objective objective, double value);

/// The target as a value of value_of(target.metric, …): at most so much.
double limit_of(const Target& target);

/// Whether a value of value_of(target.metric, …) is as good as the target.
bool meets(const Target& target, double value);

/// "at least 3,000 images/s".
std::string in_words(const Target& target);

}  // namespace autonba
