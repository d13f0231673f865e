#pragma once

#include <span>
#include <vector>

#include "explore/exact/instance.hpp"

namespace autonba {

/// What layers take on the chunks of a region by where their maps lie, and the least that they take together in a store
/// of a given size (docs/exact.md, Maps in the store).
class StoreBound {
 public:
  /// `rows`: by slot what the layers take there, [item][mode], all layers of the item. References are kept.
  StoreBound(const Instance& instance, const Region& region, const SlotRows& rows);

  /// A lower bound of the cycles of a batch (latency: of all layers) with a store of `capacity` words. Ends where it is
  /// `enough`, or after so many prices. Finds a placement on the way.
  double find(std::int64_t capacity, double enough, int steps = many_steps);
  static constexpr int many_steps = 30;

  /// Words of a store, up to `most`, with fewer of which the bound is at least `enough`.
  std::int64_t least_words(std::int64_t most, double enough);

  /// Hands on the best prices that were found, for parts of the region.
  void keep_prices(Region& region) const;

  /// By group: the placement that was best at the prices of the last bound that was an improvement.
  const std::vector<char>& placement() const { return best_placement_; }

  /// Words that it takes at least, if its maps are alive no longer than they must be.
  std::int64_t words() const { return static_cast<std::int64_t>(best_words_); }

  /// Cycles of one layer on a slot of its kind; infinity where it cannot run.
  double cycles(std::size_t layer, std::size_t slot, std::size_t mode) const;

 private:
  struct Prices {
    std::array<double, slots_most> cycles{};  // of the chunks of both kinds; they add up to 1
    double word = 0;                          // of a word of the store, a cycle of the batch
  };
  /// What the cheapest placement at some prices uses.
  struct Use {
    std::array<double, slots_most> cycles{};
    double word_cycles = 0;  // Σ of the words that are alive in every cycle
    double most_cycles = 0;  // of a chunk; latency: of all
    double words() const { return most_cycles > 0 ? word_cycles / most_cycles : 0; }
  };
  double price(const Prices& prices, std::int64_t capacity, Use& use);
  void follow(const Use& use, std::int64_t capacity, double rate, Prices& prices) const;

  const Instance& instance_;
  const Layout& layout_;
  SlotRows rows_;
  bool is_sum_ = false;  // latency
  Prices prices_;
  std::vector<double> costs_;  // by layer and mode
  std::vector<std::uint8_t> slot_of_;
  std::vector<double> no_prices_;  // by group
  std::vector<char> placement_;
  std::vector<char> best_placement_;
  double best_words_ = 0;
};

/// On the chunks at the upper ends of a region of single classes.
SlotTimes times_by_mode(const Instance& instance, const Region& region, Instance::Lanes lanes);

/// The bound in the unit of the objective, fps or latency, of a region of which the chunks take at least `chunks`; 0 if
/// all maps fit at once. Finds prices for the region on the way. The loose one knows only the nodes of its slots.
double bound_with_capacity(const Instance& instance, Region& region, const PartialResources& chunks, double limit);
double loose_bound_with_capacity(const Instance& instance, Region& region, const PartialResources& chunks,
                                 double limit);

/// Words of a store, with fewer of which no design of a region of single classes, of which the chunks take at least
/// `chunks`, is better than `limit`.
std::int64_t least_store_words(const Instance& instance, const Region& region, const PartialResources& chunks,
                               double limit);

}  // namespace autonba
