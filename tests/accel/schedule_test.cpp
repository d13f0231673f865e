#include "accel/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "accel/store_addresses.hpp"
#include "random_cases.hpp"

namespace autonba {
namespace {

struct Case {
  Network network;
  Accelerator accelerator;
  std::vector<std::int64_t> cycles;
};

/// An operation that reads one or two layers before number `layers`, or earlier operations.
void add_host_op(Rng& rng, Network& network, int layers) {
  HostOp op{.map = NetworkInput{}};
  const int earlier = static_cast<int>(network.host_ops.size());
  for (int k = random_between(rng, 1, 2); k > 0; --k) {
    op.reads.push_back(random_between(rng, std::max(-1 - earlier, -3), layers - 1));
  }
  network.host_ops.push_back(op);
}

/// Layers that read any earlier ones; only who reads whom matters here.
Case random_case(Rng& rng) {
  Case entry;
  entry.accelerator.chunks.resize(static_cast<std::size_t>(random_between(rng, 1, 4)));
  const int layers = random_between(rng, 1, 20);
  for (int i = 0; i < layers; ++i) {
    Layer layer;
    if (i > 0 && random_between(rng, 0, 5) == 0) {
      add_host_op(rng, entry.network, i);
      layer.inputs.push_back({host_writer(entry.network.host_ops.size() - 1), {}});
    }
    const int reads = random_between(rng, 1, 3);
    for (int k = 0; k < reads; ++k) {
      layer.inputs.push_back({random_between(rng, std::max(-1, i - 4), i - 1), {}});
    }
    if (random_between(rng, 0, 3) == 0) {
      layer.residual = random_between(rng, -1, i - 1);
    }
    entry.network.layers.push_back(layer);
    entry.cycles.push_back(random_between(rng, 1, 50));
    entry.accelerator.places.push_back(
        {random_between(rng, 0, static_cast<int>(entry.accelerator.chunks.size()) - 1), {}});
  }
  return entry;
}

std::set<int> writers_read(const Layer& layer) {
  std::set<int> writers;
  for (const MapSlice& slice : layer.inputs) {
    writers.insert(slice.writer);
  }
  if (layer.residual) {
    writers.insert(*layer.residual);
  }
  return writers;
}

/// From when to when.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

Span run_of(const Schedule& schedule, std::size_t layer, int batch) {
  const ScheduledLayer& l = schedule.layers[layer];
  const std::int64_t begin = (batch + l.stage) * schedule.ii_cycles + l.start_cycle;
  return {begin, begin + l.cycles};
}

/// When the host has a map of batch 0 in its hands: at the end of the round after its writer's. The input it has
/// always.
std::int64_t host_has(const Case& entry, const Schedule& schedule, int writer) {
  std::int64_t time = std::numeric_limits<std::int64_t>::min();
  if (writer >= 0) {
    return (schedule.layers[static_cast<std::size_t>(writer)].stage + 2) * schedule.ii_cycles;
  }
  if (writer < network_input) {
    for (const int read : entry.network.host_ops[host_op_of(writer)].reads) {
      time = std::max(time, host_has(entry, schedule, read));
    }
  }
  return time;
}

/// Batches are played one after the other through the copies of one map: whether any is overwritten before its last
/// reader (the host included) has ended. `write` and `reads` of batch 0.
bool overwritten(const Schedule& schedule, int slots, Span write, const std::vector<Span>& reads) {
  std::map<int, std::int64_t> free_from;  // slot: when its last reader ends
  for (int batch = 0; batch < 12; ++batch) {
    const std::int64_t shift = batch * schedule.ii_cycles;
    std::int64_t& free = free_from.emplace(batch % slots, write.begin).first->second;
    if (write.begin + shift < free) {
      return true;
    }
    for (const Span& read : reads) {
      free = std::max(free, read.end + shift);
    }
  }
  return false;
}

/// Words of a slot in the store, for about half of the maps.
std::vector<std::int64_t> random_slot_words(Rng& rng, const Case& entry) {
  std::vector<std::int64_t> words;
  for (std::size_t i = 0; i < entry.cycles.size(); ++i) {
    words.push_back(random_between(rng, 0, 1) * random_between(rng, 1, 100));
  }
  return words;
}

TEST(Schedule, WithAStoreItsMapsTakeLessOfItAndNothingIsOverwritten) {
  Rng rng = make_rng(7, "schedule test");
  std::int64_t with = 0;
  std::int64_t without = 0;
  for (int trial = 0; trial < 25; ++trial) {
    const Case entry = random_case(rng);
    const std::vector<std::int64_t> words = random_slot_words(rng, entry);
    const Schedule few_slots = make_schedule(entry.network, entry.accelerator, entry.cycles, words);
    const Schedule few_stages = make_schedule(entry.network, entry.accelerator, entry.cycles);
    with += few_slots.store_words;
    std::vector<MapLife> lives;
    for (std::size_t i = 0; i < words.size(); ++i) {
      lives.push_back({words[i], few_stages.slots[i], few_stages.layers[i].start_cycle, few_stages.alive[i]});
    }
    without += best_store_addresses(lives, few_stages.ii_cycles).words;
    for (std::size_t w = 0; w < entry.cycles.size(); ++w) {
      std::vector<Span> reads;
      for (std::size_t r = 0; r < entry.cycles.size(); ++r) {
        if (writers_read(entry.network.layers[r]).count(static_cast<int>(w)) == 1) {
          reads.push_back(run_of(few_slots, r, 0));
        }
      }
      EXPECT_FALSE(overwritten(few_slots, few_slots.slots[w], run_of(few_slots, w, 0), reads));
    }
  }
  EXPECT_LT(with, without);
}

TEST(Schedule, AnAcceleratorsStartsAreKept) {
  Rng rng = make_rng(8, "schedule test");
  Case entry = random_case(rng);
  const std::vector<std::int64_t> words = random_slot_words(rng, entry);
  const Schedule found = make_schedule(entry.network, entry.accelerator, entry.cycles, words);
  const Schedule unchanged = make_schedule(entry.network, entry.accelerator, entry.cycles, words, 0);
  for (const ScheduledLayer& layer : found.layers) {
    entry.accelerator.starts.push_back(layer.start_cycle);
  }
  EXPECT_EQ(make_schedule(entry.network, entry.accelerator, entry.cycles, words, 0), found);
  EXPECT_NE(unchanged, found);
}

// What engines find with few changes must not become more in the end.
TEST(Schedule, MoreChangesLeadToNoMoreWords) {
  Rng rng = make_rng(9, "schedule test");
  for (int trial = 0; trial < 10; ++trial) {
    const Case entry = random_case(rng);
    const std::vector<std::int64_t> words = random_slot_words(rng, entry);
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    for (const int changes : {0, 10, 100, 1000, schedule_changes}) {
      const Schedule schedule = make_schedule(entry.network, entry.accelerator, entry.cycles, words, changes);
      EXPECT_LE(schedule.store_words, before);
      before = schedule.store_words;
    }
  }
}

TEST(Schedule, ChunksRunOneLayerAtATimeWithinARound) {
  Rng rng = make_rng(1, "schedule test");
  for (int trial = 0; trial < 25; ++trial) {
    const Case entry = random_case(rng);
    const Schedule schedule = make_schedule(entry.network, entry.accelerator, entry.cycles);
    std::vector<std::int64_t> sums(entry.accelerator.chunks.size(), 0);
    for (std::size_t a = 0; a < entry.cycles.size(); ++a) {
      const ScheduledLayer& layer = schedule.layers[a];
      sums[static_cast<std::size_t>(entry.accelerator.places[a].chunk)] += layer.cycles;
      EXPECT_EQ(layer.cycles, entry.cycles[a]);
      EXPECT_GE(layer.start_cycle, 0);
      EXPECT_LE(layer.start_cycle + layer.cycles, schedule.ii_cycles);
      for (std::size_t b = 0; b < a; ++b) {
        if (entry.accelerator.places[a].chunk == entry.accelerator.places[b].chunk) {
          const ScheduledLayer& other = schedule.layers[b];
          EXPECT_TRUE(layer.start_cycle + layer.cycles <= other.start_cycle ||
                      other.start_cycle + other.cycles <= layer.start_cycle);
        }
      }
    }
    EXPECT_EQ(schedule.ii_cycles, *std::max_element(sums.begin(), sums.end()));
  }
}

TEST(Schedule, LayersStartAfterWhatTheyReadIsWrittenAndNoStageLater) {
  Rng rng = make_rng(2, "schedule test");
  int through_host = 0;
  for (int trial = 0; trial < 25; ++trial) {
    const Case entry = random_case(rng);
    const Schedule schedule = make_schedule(entry.network, entry.accelerator, entry.cycles);
    int stages = 0;
    for (std::size_t i = 0; i < entry.cycles.size(); ++i) {
      stages = std::max(stages, schedule.layers[i].stage + 1);
      std::int64_t written = 0;
      std::int64_t round_from_host = 0;  // the first that may begin with what the host writes
      for (const int writer : writers_read(entry.network.layers[i])) {
        written = writer < 0 ? written : std::max(written, run_of(schedule, static_cast<std::size_t>(writer), 0).end);
        round_from_host = std::max(round_from_host, writer < 0 ? host_has(entry, schedule, writer) : 0);
      }
      const Span run = run_of(schedule, i, 0);
      const std::int64_t round = schedule.layers[i].stage * schedule.ii_cycles;
      EXPECT_GE(run.begin, written);
      EXPECT_GE(round, round_from_host);
      EXPECT_TRUE(round == round_from_host || run.begin - schedule.ii_cycles < written);
      through_host += round_from_host > 0 ? 1 : 0;
    }
    EXPECT_EQ(schedule.stages, stages);
  }
  EXPECT_GT(through_host, 10);
}

TEST(Schedule, SlotsAreEnoughAndOneFewerIsNot) {
  Rng rng = make_rng(3, "schedule test");
  int several = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Case entry = random_case(rng);
    const Schedule schedule = make_schedule(entry.network, entry.accelerator, entry.cycles);
    const auto expect_exact = [&](int slots, Span write, const std::vector<Span>& reads) {
      EXPECT_FALSE(overwritten(schedule, slots, write, reads));
      if (slots > 1) {
        EXPECT_TRUE(overwritten(schedule, slots - 1, write, reads));
        ++several;
      }
    };
    std::map<int, std::vector<Span>> reads;
    std::map<int, int> first_stage;  // of the readers
    for (std::size_t i = 0; i < entry.cycles.size(); ++i) {
      for (const int writer : writers_read(entry.network.layers[i])) {
        reads[writer].push_back(run_of(schedule, i, 0));
        int& first = first_stage.emplace(writer, schedule.stages).first->second;
        first = std::min(first, schedule.layers[i].stage);
      }
    }
    const auto round_after = [&](int layer) {
      const std::int64_t after = (schedule.layers[static_cast<std::size_t>(layer)].stage + 1) * schedule.ii_cycles;
      return Span{after, after + schedule.ii_cycles};
    };
    for (const HostOp& op : entry.network.host_ops) {
      for (const int writer : op.reads) {
        if (writer >= 0) {
          reads[writer].push_back(round_after(writer));
        }
      }
    }
    for (std::size_t i = 0; i < entry.cycles.size(); ++i) {
      std::vector<Span>& readers = reads[static_cast<int>(i)];
      if (readers.empty()) {  // an output: the host reads it in the round after
        readers.push_back(round_after(static_cast<int>(i)));
      }
      expect_exact(schedule.slots[i], run_of(schedule, i, 0), readers);
    }
    // The input and what else the host writes: in the round before the first reader's.
    for (const auto& [writer, first] : first_stage) {
      if (writer < 0) {
        const std::int64_t before = (first - 1) * schedule.ii_cycles;
        const int slots = writer == network_input ? schedule.input_slots : schedule.host_slots[host_op_of(writer)];
        expect_exact(slots, {before, before + schedule.ii_cycles}, reads[writer]);
      }
    }
  }
  EXPECT_GT(several, 100);
}

TEST(Schedule, AChainOnOneChunkIsOneStage) {
  Case entry;
  entry.accelerator.chunks.resize(1);
  for (int i = 0; i < 10; ++i) {
    Layer layer;
    layer.inputs = {{i - 1, {}}};
    entry.network.layers.push_back(layer);
    entry.cycles.push_back(10 + i);
    entry.accelerator.places.push_back({0, {}});
  }
  const Schedule schedule = make_schedule(entry.network, entry.accelerator, entry.cycles);
  EXPECT_EQ(schedule.stages, 1);
  EXPECT_EQ(schedule.latency_cycles, 145);
  EXPECT_EQ(schedule.slots.front(), 1);
}

// Conv and depthwise in turn, equally long: in the network's order every layer but the first waits for the next round,
// as its chunk starts the round with it or is a layer ahead.
TEST(Schedule, AChainOnTwoChunksTakesFewStages) {
  Case entry;
  entry.accelerator.chunks.resize(2);
  for (int i = 0; i < 40; ++i) {
    Layer layer;
    layer.inputs = {{i - 1, {}}};
    entry.network.layers.push_back(layer);
    entry.cycles.push_back(100);
    entry.accelerator.places.push_back({i % 2, {}});
  }
  const Schedule schedule = make_schedule(entry.network, entry.accelerator, entry.cycles);
  EXPECT_LE(schedule.stages, 4);
}

}  // namespace
}  // namespace autonba
