#include "accel/fewer_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "accel/round_starts.hpp"
#include "accel/schedule.hpp"
#include "random_cases.hpp"

namespace autonba {
namespace {

/// A chain whose layers now and then read another earlier map too, on two or three chunks.
struct Case {
  Network network;
  Accelerator accelerator;
  std::vector<std::int64_t> cycles;
  std::vector<std::int64_t> words;
};

Case random_chain(Rng& rng, int layers) {
  Case chain;
  chain.accelerator.chunks.resize(static_cast<std::size_t>(random_between(rng, 2, 3)));
  for (int i = 0; i < layers; ++i) {
    Layer layer;
    layer.inputs = {{i - 1, {}}};
    if (i > 2 && random_between(rng, 0, 3) == 0) {
      layer.residual = i - 3;
    }
    chain.network.layers.push_back(layer);
    chain.cycles.push_back(random_between(rng, 5, 50));
    chain.words.push_back(random_between(rng, 0, 100));
    chain.accelerator.places.push_back({i % static_cast<int>(chain.accelerator.chunks.size()), {}});
  }
  return chain;
}

std::int64_t words_of(const Case& chain, const Round& round, const std::vector<std::int64_t>& starts) {
  return words_with_starts(round, chain.words, starts);
}

/// Whether every chunk runs one layer at a time within the round.
bool is_round(const Round& round, const std::vector<std::int64_t>& starts) {
  for (std::vector<std::size_t> layers : round.layers_of) {
    std::sort(layers.begin(), layers.end(), [&](std::size_t a, std::size_t b) { return starts[a] < starts[b]; });
    std::int64_t free = 0;
    for (const std::size_t layer : layers) {
      if (starts[layer] < free) {
        return false;
      }
      free = starts[layer] + round.cycles[layer];
    }
    if (free > round.ii_cycles) {
      return false;
    }
  }
  return true;
}

TEST(FewerWords, AreStartsOfTheSameRoundAndTakeNoMoreWords) {
  Rng rng = make_rng(1, "fewer words test");
  std::int64_t before = 0;
  std::int64_t after = 0;
  for (int trial = 0; trial < 30; ++trial) {
    const Case chain = random_chain(rng, random_between(rng, 6, 40));
    const Round round = round_of(chain.network, chain.accelerator, chain.cycles);
    const std::vector<std::int64_t> first = starts_by_priorities(round, random_priorities(round, rng));
    const std::vector<std::int64_t> starts = starts_with_fewer_words(round, chain.words, first, 2000, rng);
    EXPECT_TRUE(is_round(round, starts));
    EXPECT_LE(words_of(chain, round, starts), words_of(chain, round, first));
    before += words_of(chain, round, first);
    after += words_of(chain, round, starts);
  }
  EXPECT_LT(static_cast<double>(after), 0.7 * static_cast<double>(before));
}

// Seven layers have 5,040 orders, and each layer waits for what it reads or does not.
TEST(FewerWords, AreAboutAsFewAsThoseOfTheBestOfAllOrders) {
  Rng rng = make_rng(2, "fewer words test");
  std::int64_t found = 0;
  std::int64_t least_of_all = 0;
  for (int trial = 0; trial < 5; ++trial) {
    const Case chain = random_chain(rng, 7);
    const Round round = round_of(chain.network, chain.accelerator, chain.cycles);
    std::vector<std::size_t> order(chain.cycles.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    do {
      for (unsigned waits = 0; waits < 1U << order.size(); ++waits) {
        least = std::min(least, words_of(chain, round, starts_in_order(round, order, waits)));
      }
    } while (std::next_permutation(order.begin(), order.end()));
    found +=
        words_of(chain, round, starts_with_fewer_words(round, chain.words, starts_in_network_order(round), 2000, rng));
    least_of_all += least;
  }
  EXPECT_LE(static_cast<double>(found), 1.05 * static_cast<double>(least_of_all));
}

}  // namespace
}  // namespace autonba
