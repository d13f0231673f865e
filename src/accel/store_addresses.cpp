#include "accel/store_addresses.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace autonba {
namespace {

bool has_words_of_its_own(const MapLife& map, std::int64_t ii_cycles) {
  return map.slots > 1 || map.cycles >= ii_cycles;
}

/// Whether two maps of one slot are alive at the same time.
bool meet(const MapLife& a, const MapLife& b, std::int64_t ii_cycles) {
  const auto from = [&](const MapLife& first, const MapLife& second) {
    const std::int64_t later = (second.begin - first.begin) % ii_cycles;
    return later < 0 ? later + ii_cycles : later;
  };
  return from(a, b) < a.cycles || from(b, a) < b.cycles;
}

/// Places for maps in a given order.
class Placing {
 public:
  Placing(std::span<const MapLife> maps, std::int64_t ii_cycles) : maps_(maps), ii_cycles_(ii_cycles) {
    found_.addresses.assign(maps.size(), 0);
    for (std::size_t i = 0; i < maps.size(); ++i) {
      if (maps[i].words > 0 && has_words_of_its_own(maps[i], ii_cycles)) {
        found_.addresses[i] = shared_from_;
        shared_from_ += maps[i].slots * maps[i].words;
      }
    }
    found_.words = shared_from_;
  }

  void place(std::size_t map) {
    const MapLife& of = maps_[map];
    taken_.clear();
    for (const std::size_t other : placed_) {
      if (meet(of, maps_[other], ii_cycles_)) {
        taken_.emplace_back(found_.addresses[other], found_.addresses[other] + maps_[other].words);
      }
    }
    std::sort(taken_.begin(), taken_.end());
    std::int64_t address = shared_from_;
    for (const auto& [begin, end] : taken_) {
      if (begin - address >= of.words) {
        break;
      }
      address = std::max(address, end);
    }
    found_.addresses[map] = address;
    found_.words = std::max(found_.words, address + of.words);
    placed_.push_back(map);
  }

  StoreAddresses found() && { return std::move(found_); }

 private:
  std::span<const MapLife> maps_;
  std::int64_t ii_cycles_;
  StoreAddresses found_;
  std::int64_t shared_from_ = 0;  // words below are those of maps of several slots
  std::vector<std::size_t> placed_;
  std::vector<std::pair<std::int64_t, std::int64_t>> taken_;  // scratch
};

StoreAddresses place_in(std::span<const std::size_t> order, std::span<const MapLife> maps, std::int64_t ii_cycles) {
  Placing placing(maps, ii_cycles);
  for (const std::size_t map : order) {
    placing.place(map);
  }
  return std::move(placing).found();
}

/// Those that may share words, by descending rank.
template <typename Rank>
std::vector<std::size_t> sharing(std::span<const MapLife> maps, std::int64_t ii_cycles, Rank rank) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    if (maps[i].words > 0 && !has_words_of_its_own(maps[i], ii_cycles)) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(maps[a]) > rank(maps[b]); });
  return order;
}

auto by_size(const MapLife& map) {
  return std::pair(map.words, map.cycles);
}

}  // namespace

StoreAddresses store_addresses(std::span<const MapLife> maps, std::int64_t ii_cycles) {
  return place_in(sharing(maps, ii_cycles, by_size), maps, ii_cycles);
}

StoreAddresses best_store_addresses(std::span<const MapLife> maps, std::int64_t ii_cycles) {
  const std::int64_t least = words_alive(maps, ii_cycles);
  StoreAddresses best = store_addresses(maps, ii_cycles);
  const auto try_order = [&](std::span<const std::size_t> order) {
    if (best.words == least) {
      return;
    }
    if (StoreAddresses other = place_in(order, maps, ii_cycles); other.words < best.words) {
      best = std::move(other);
    }
  };
  try_order(sharing(maps, ii_cycles, [](const MapLife& map) { return map.words * map.cycles; }));
  try_order(sharing(maps, ii_cycles, [](const MapLife& map) { return map.cycles; }));
  try_order(sharing(maps, ii_cycles, [](const MapLife& map) { return -map.begin; }));
  std::vector<std::size_t> order = sharing(maps, ii_cycles, by_size);
  if (order.size() <= maps_of_every_order) {
    std::sort(order.begin(), order.end());
    do {
      try_order(order);
    } while (best.words > least && std::next_permutation(order.begin(), order.end()));
  }
  return best;
}

std::int64_t words_alive(std::span<const MapLife> maps, std::int64_t ii_cycles) {
  std::int64_t always = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> changes;  // at a cycle; of those at the same one what falls first
  for (const MapLife& map : maps) {
    if (map.words == 0 || has_words_of_its_own(map, ii_cycles)) {
      always += map.slots * map.words;
      continue;
    }
    const std::int64_t begin = map.begin % ii_cycles;
    const std::int64_t end = (begin + map.cycles) % ii_cycles;
    always += end < begin ? map.words : 0;  // when the round begins
    changes.emplace_back(begin, map.words);
    changes.emplace_back(end, -map.words);
  }
  std::sort(changes.begin(), changes.end());
  std::int64_t most = always;
  for (std::int64_t now = always; const auto& [cycle, change] : changes) {
    now += change;
    most = std::max(most, now);
  }
  return most;
}

}  // namespace autonba
