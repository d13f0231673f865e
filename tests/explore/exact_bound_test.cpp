#include <gtest/gtest.h>

#include "../accel/random_cases.hpp"
#include "explore/exact/class_tree.hpp"
#include "explore/exact/makespan.hpp"
#include "explore/least_placement.hpp"
#include "explore/mapper.hpp"

namespace autonba {
namespace {

ChunkClass class_of_one(const Chunk& chunk) {
  return {chunk,
          {std::vector{chunk.stride_max},
           {chunk.requant_lanes},
           {chunk.accumulator ? 1 : 0},
           {0, 1},
           {chunk.depth_input},
           {chunk.depth_weight},
           {chunk.depth_output}}};
}

/// A memory whose latencies are small enough that all else shows, now and then none at all.
Platform random_platform(Rng& rng) {
  Platform platform = load_platform("zc706-pl");
  platform.dsp = platform.bram18 = platform.lut = platform.ff = 1'000'000'000;  // every chunk fits
  platform.read_latency = random_between(rng, 0, 6);
  platform.write_latency = random_between(rng, 0, 6);
  platform.layer_start = random_between(rng, 0, 30);
  return platform;
}

TEST(LeastTimes, AreNeverAboveTheBestMapping) {
  Rng rng = make_rng(1, "exact bound test");
  double tightness = 0;
  int layers = 0;
  int stored = 0;
  int by_store = 0;
  for (int round = 0; round < 120; ++round) {
    const Platform platform = random_platform(rng);
    Mapper mapper(platform);
    for_random_layers(rng, 100, [&](const Network& network, int i, const LayerShape& shape) {
      const int batch = random_between(rng, 0, 5) == 0 ? 16 : random_between(rng, 1, 4);
      const Chunk chunk = random_chunk(rng, shape);
      const ClassTree tree = class_tree({class_of_one(chunk)}, platform);
      ASSERT_EQ(tree.classes.size(), 1U);
      // In half of the cases with maps in a store, of which the bound knows all, or only which ones.
      const std::size_t mode = round % 2 == 0 ? 0 : uniform_index(rng, modes);
      const int turns = 1 << random_between(rng, 0, 5);
      const StoreUse use = store_use(mode, {.turns = turns, .word_bits = turns * (32 << random_between(rng, 0, 2))});
      const StoreUse wide = store_use(mode, {.turns = 1, .word_bits = store_word_bits_most});
      const double least = least_times(tree, shape, batch, platform, wide).front();
      const std::optional<BestMapping> best = mapper.best(mapper.intern(shape), chunk, batch, use);
      ASSERT_TRUE(best);
      const auto cycles = static_cast<double>(best->cycles);
      const std::string what = describe(network.layers[static_cast<std::size_t>(i)], chunk, best->mapping, batch);
      EXPECT_LE(least, cycles) << what;
      EXPECT_LE(least_times(tree, shape, batch, platform, use).front(), cycles) << what;
      EXPECT_LE(least_store_time(shape, batch, platform, use), cycles) << what;
      if (mode == 0) {
        tightness += least / static_cast<double>(best->cycles);
        ++layers;
      }
      stored += mode == 0 ? 0 : 1;
      by_store += least_store_time(shape, batch, platform, use) > least ? 1 : 0;
    });
  }
  EXPECT_GT(tightness / layers, 0.7);  // it would be of no use
  EXPECT_GT(stored, 1000);
  EXPECT_GT(by_store, 100);
}

/// Every assignment, item by item.
double least_makespan(MachineTimes times, std::size_t items) {
  std::size_t assignments = 1;
  for (std::size_t item = 0; item < items; ++item) {
    assignments *= times.size();
  }
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t assignment = 0; assignment < assignments; ++assignment) {
    std::vector<double> loads(times.size(), 0.0);
    for (std::size_t item = 0, left = assignment; item < items; ++item, left /= times.size()) {
      loads[left % times.size()] += times[left % times.size()][item];
    }
    least = std::min(least, *std::max_element(loads.begin(), loads.end()));
  }
  return least;
}

TEST(Makespan, IsBoundedAndFoundAsEnumerationFindsIt) {
  Rng rng = make_rng(2, "exact bound test");
  for (int round = 0; round < 300; ++round) {
    const auto machines = static_cast<std::size_t>(random_between(rng, 1, 4));
    const auto items = static_cast<std::size_t>(random_between(rng, 1, 6));
    std::vector<std::vector<double>> rows(machines);
    std::vector<const double*> times;
    for (std::vector<double>& row : rows) {
      for (std::size_t item = 0; item < items; ++item) {
        const bool runs = &row == &rows.front() || random_between(rng, 0, 5) > 0;
        row.push_back(runs ? random_between(rng, 1, 50) : std::numeric_limits<double>::infinity());
      }
      times.push_back(row.data());
    }
    const double least = least_makespan(times, items);
    std::vector<double> prices(machines, 1.0 / static_cast<double>(machines));
    const double bound = makespan_bound(times, items, prices, std::numeric_limits<double>::infinity());
    EXPECT_LE(bound, least * (1 + 1e-12));
    EXPECT_FALSE(makespan_reaches(times, items, prices, least * 1.001));
    const Assignment good = assign(times, items, prices);
    EXPECT_GE(good.makespan, least);
    const ProvenAssignment best = best_assignment(times, items, prices, good, 1'000'000);
    EXPECT_DOUBLE_EQ(best.best.makespan, least);
    EXPECT_DOUBLE_EQ(best.bound, least);
  }
}

}  // namespace
}  // namespace autonba
