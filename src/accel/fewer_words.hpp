#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accel/rounds.hpp"
#include "base/random.hpp"

namespace autonba {

/// Starts near to others that need not be a round, as those on other chunks.
std::vector<std::int64_t> fitting_starts(const Round& round, std::vector<std::int64_t> starts);

/// Words of the feature store that the maps of a round's layers take if these start so.
std::int64_t words_with_starts(const Round& round, std::span<const std::int64_t> slot_words,
                               std::vector<std::int64_t> starts);

/// Starts of a round's layers with which their maps take few words of the feature store, by simulated annealing from
/// other starts on, so many `steps`. `slot_words` as in make_schedule.
std::vector<std::int64_t> starts_with_fewer_words(const Round& round, std::span<const std::int64_t> slot_words,
                                                  std::vector<std::int64_t> starts, int steps, Rng& rng);

}  // namespace autonba
