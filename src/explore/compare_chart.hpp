#pragma once

#include <string>
#include <vector>

#include "explore/compare.hpp"

namespace autonba {

/// An SVG drawing, a chart for each network: the best value against evaluations (logarithmic), for each engine the
/// median over seeds as a line and the quartiles as a band; the proven bound, where a run has one, as a dashed line.
/// Its colours follow the reader's light or dark scheme. Values axes start at 0; those of milliseconds end at four
/// times the best final median.
std::string comparison_chart(const std::vector<EngineRun>& runs, const Comparison& comparison);

}  // namespace autonba
