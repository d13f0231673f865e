#include "store_simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "accel/placement.hpp"

namespace autonba {
namespace {

/// What a layer does to a slot at a time. At one time, what ends comes before what begins.
enum class Act { ends_reading, ends_writing, begins_reading, begins_writing };

struct Event {
  std::int64_t time = 0;
  Act act = Act::begins_writing;
  int layer = 0;
  int map = 0;  // layer that writes it
  int batch = 0;
};

/// A copy of a map, and the words that it takes.
struct Slot {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  int batch = -1;
  bool written = false;
  std::set<int> still_to_read;  // layers
};

class Simulation {
 public:
  Simulation(const Network& network, const Accelerator& accelerator, const Schedule& schedule, int rounds)
      : network_(network),
        accelerator_(accelerator),
        schedule_(schedule),
        slot_words_(slot_words(network, accelerator)) {
    for (int layer = 0; layer < static_cast<int>(network.layers.size()); ++layer) {
      for (const int writer : read_by(layer)) {
        readers_[writer].insert(layer);
      }
    }
    for (int batch = 0; batch < rounds; ++batch) {
      for (int layer = 0; layer < static_cast<int>(network.layers.size()); ++layer) {
        add_events(layer, batch);
      }
    }
    std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
      return std::tuple(a.time, a.act, a.batch, a.layer) < std::tuple(b.time, b.act, b.batch, b.layer);
    });
  }

  std::string run() {
    for (const Event& event : events_) {
      if (const std::string wrong = play(event); !wrong.empty()) {
        return wrong;
      }
    }
    return "";
  }

 private:
  bool is_stored(int writer) const {
    return writer >= 0 && accelerator_.places[static_cast<std::size_t>(writer)].writes_store;
  }

  /// Stored maps that a layer reads.
  std::set<int> read_by(int layer) const {
    const Layer& of = network_.layers[static_cast<std::size_t>(layer)];
    std::set<int> maps;
    for (const MapSlice& slice : of.inputs) {
      if (is_stored(slice.writer)) {
        maps.insert(slice.writer);
      }
    }
    if (of.residual && is_stored(*of.residual)) {
      maps.insert(*of.residual);
    }
    return maps;
  }

  void add_events(int layer, int batch) {
    const ScheduledLayer& at = schedule_.layers[static_cast<std::size_t>(layer)];
    const std::int64_t begin = (batch + at.stage) * schedule_.ii_cycles + at.start_cycle;
    for (const int map : read_by(layer)) {
      events_.push_back({begin, Act::begins_reading, layer, map, batch});
      events_.push_back({begin + at.cycles, Act::ends_reading, layer, map, batch});
    }
    if (is_stored(layer)) {
      events_.push_back({begin, Act::begins_writing, layer, layer, batch});
      events_.push_back({begin + at.cycles, Act::ends_writing, layer, layer, batch});
    }
  }

  std::string play(const Event& event) {
    const auto map = static_cast<std::size_t>(event.map);
    const int number = event.batch % schedule_.slots[map];
    Slot& slot = slots_[{event.map, number}];
    const auto wrong = [&](const char* what) {
      return fmt::format("cycle {}: layer {} {} batch {} of the map of layer {}", event.time, event.layer, what,
                         event.batch, event.map);
    };
    switch (event.act) {
      case Act::begins_writing: {
        const std::int64_t begin = schedule_.store_addresses[map] + number * slot_words_[map];
        const std::int64_t end = begin + slot_words_[map];
        for (auto& [key, other] : slots_) {
          if (other.begin < end && begin < other.end) {
            if (!other.still_to_read.empty()) {
              return wrong("overwrites what is still to be read by writing");
            }
            other = {};
          }
        }
        slot = {begin, end, event.batch, false, readers_[event.map]};
        break;
      }
      case Act::ends_writing:
        slot.written = true;
        break;
      case Act::begins_reading:
        if (slot.batch != event.batch || !slot.written) {
          return wrong("does not find");
        }
        break;
      case Act::ends_reading:
        if (slot.batch != event.batch) {
          return wrong("has lost");
        }
        slot.still_to_read.erase(event.layer);
        break;
    }
    return "";
  }

  const Network& network_;
  const Accelerator& accelerator_;
  const Schedule& schedule_;
  std::map<int, std::set<int>> readers_;  // by map
  std::vector<Event> events_;
  std::vector<std::int64_t> slot_words_;
  std::map<std::pair<int, int>, Slot> slots_;  // by map and number
};

}  // namespace

std::string simulate_slots(const Network& network, const Accelerator& accelerator, const Schedule& schedule,
                           int rounds) {
  return Simulation(network, accelerator, schedule, rounds).run();
}

}  // namespace autonba
