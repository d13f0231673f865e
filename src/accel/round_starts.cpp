#include "accel/round_starts.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace autonba {
namespace {

std::optional<std::size_t> earliest(const std::vector<std::int64_t>& now,
                                    const std::vector<std::vector<std::size_t>>& waiting) {
  std::optional<std::size_t> found;
  for (std::size_t c = 0; c < now.size(); ++c) {
    if (!waiting[c].empty() && (!found || now[c] < now[*found])) {
      found = c;
    }
  }
  return found;
}

std::optional<std::size_t> first_ready(const Round& round, const std::vector<std::size_t>& waiting,
                                       const std::vector<std::int64_t>& starts, std::int64_t now,
                                       const std::vector<double>& priorities) {
  std::optional<std::size_t> found;
  for (const std::size_t layer : waiting) {
    const bool ready = std::all_of(round.waits.layers[layer].begin(), round.waits.layers[layer].end(), [&](int read) {
      const auto d = static_cast<std::size_t>(read);
      return starts[d] >= 0 && starts[d] + round.cycles[d] <= now;
    });
    if (ready && (!found || priorities[layer] > priorities[*found])) {
      found = layer;
    }
  }
  return found;
}

/// When the next of the started layers ends; `now` if none is running.
std::int64_t next_event(const Round& round, const std::vector<std::int64_t>& starts, std::int64_t now) {
  std::int64_t next = now;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t end = starts[i] + round.cycles[i];
    if (starts[i] >= 0 && end > now && (next == now || end < next)) {
      next = end;
    }
  }
  return next;
}

}  // namespace

std::vector<std::int64_t> starts_in_network_order(const Round& round) {
  std::vector<std::int64_t> starts;
  std::vector<std::int64_t> time(round.layers_of.size(), 0);
  for (std::size_t i = 0; i < round.cycles.size(); ++i) {
    std::int64_t& now = time[round.chunk_of[i]];
    starts.push_back(now);
    now += round.cycles[i];
  }
  return starts;
}

std::vector<std::int64_t> starts_in_order(const Round& round, std::span<const std::size_t> order, unsigned waits) {
  std::vector<std::int64_t> starts(round.cycles.size(), -1);
  std::vector<std::int64_t> now(round.layers_of.size(), 0);
  std::vector<std::int64_t> spare(round.layers_of.size(), round.ii_cycles);
  for (std::size_t i = 0; i < round.cycles.size(); ++i) {
    spare[round.chunk_of[i]] -= round.cycles[i];
  }
  for (const std::size_t layer : order) {
    const std::size_t chunk = round.chunk_of[layer];
    std::int64_t wait = 0;
    for (const int read : round.waits.layers[layer]) {
      const auto d = static_cast<std::size_t>(read);
      if ((waits >> layer & 1U) != 0 && starts[d] >= 0) {
        wait = std::max(wait, starts[d] + round.cycles[d] - now[chunk]);
      }
    }
    wait = wait <= spare[chunk] ? wait : 0;
    spare[chunk] -= wait;
    starts[layer] = now[chunk] + wait;
    now[chunk] = starts[layer] + round.cycles[layer];
  }
  return starts;
}

Priorities random_priorities(const Round& round, Rng& rng) {
  std::vector<double> unready;
  for (std::size_t i = 0; i < round.cycles.size(); ++i) {
    unready.push_back(uniform(rng));
  }
  return priorities_by_path(round, std::move(unready));
}

Priorities priorities_by_path(const Round& round, std::vector<double> unready) {
  Priorities priorities{std::vector<double>(round.cycles.size(), 0), std::move(unready)};
  for (std::size_t i = round.cycles.size(); i-- > 0;) {
    priorities.ready[i] += static_cast<double>(round.cycles[i]) / static_cast<double>(round.ii_cycles);
    for (const int read : round.waits.layers[i]) {
      double& before = priorities.ready[static_cast<std::size_t>(read)];
      before = std::max(before, priorities.ready[i]);
    }
  }
  return priorities;
}

Priorities changed(Priorities priorities, Rng& rng) {
  const std::size_t layer = uniform_index(rng, priorities.ready.size());
  const double longest = *std::max_element(priorities.ready.begin(), priorities.ready.end());
  (uniform_index(rng, 2) == 0 ? priorities.unready : priorities.ready)[layer] = uniform(rng) * longest;
  return priorities;
}

std::vector<std::int64_t> starts_by_priorities(const Round& round, const Priorities& priorities) {
  std::vector<std::int64_t> starts(round.cycles.size(), -1);
  std::vector<std::vector<std::size_t>> waiting(round.layers_of.size());
  std::vector<std::int64_t> now(round.layers_of.size(), 0);
  std::vector<std::int64_t> spare(round.layers_of.size(), round.ii_cycles);
  for (std::size_t i = 0; i < round.cycles.size(); ++i) {
    waiting[round.chunk_of[i]].push_back(i);
    spare[round.chunk_of[i]] -= round.cycles[i];
  }
  while (const auto chunk = earliest(now, waiting)) {
    std::optional<std::size_t> layer = first_ready(round, waiting[*chunk], starts, now[*chunk], priorities.ready);
    if (!layer) {
      const std::int64_t wait = next_event(round, starts, now[*chunk]) - now[*chunk];
      if (wait > 0 && wait <= spare[*chunk]) {
        now[*chunk] += wait;
        spare[*chunk] -= wait;
        continue;
      }
      layer = *std::max_element(waiting[*chunk].begin(), waiting[*chunk].end(), [&](std::size_t a, std::size_t b) {
        return priorities.unready[a] < priorities.unready[b];
      });
    }
    starts[*layer] = now[*chunk];
    now[*chunk] += round.cycles[*layer];
    std::erase(waiting[*chunk], *layer);
  }
  return starts;
}

}  // namespace autonba
