#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "base/random.hpp"
#include "explore/design_cost.hpp"
#include "explore/gamma.hpp"

namespace autonba {

/// Uniform over the options that `allowed` marks, at least one.
int uniform_pick(Rng& rng, const std::vector<char>& allowed);

/// Which changes lead from a design to its neighbours. Shares of changes; what is left of 1 changes a parameter of a
/// chunk that has layers.
struct MoveOptions {
  double layer = 0.4;         // a layer goes to another chunk
  double place = 0.15;        // where there is a store: a group of maps goes in or out, or the store gets another port
  double structure = 0.05;    // batch or number of chunks, one option up or down
  double from_slowest = 0.5;  // of layers that move: from the chunk that takes the longest, others from anywhere
  double step = 0.5;          // of parameters that change: to the next option up or down, others to any
  double another = 0.3;       // chance of one more change, after every change
};

/// Designs near other designs, as lists of picks, for engines that go from design to design. Every design is made by
/// DesignChoices::make, so only allowed picks are made.
class Neighbours {
 public:
  explicit Neighbours(const DesignChoices& choices);

  /// Every pick uniform over what the earlier ones leave.
  Design random(Rng& rng) const;

  /// The design with these picks. Where one is ruled out: the nearest allowed option; for a layer, and where there is
  /// no pick, any allowed option.
  Design near(const std::vector<int>& picks, Rng& rng) const;

  /// Another design, one change or a few away. A chunk that is added is a copy of another, one unrolling of both is
  /// halved, and they share the layers at random; the layers of one that is taken away go anywhere.
  Design neighbour(const Design& design, const DesignCost& cost, const MoveOptions& options, Rng& rng) const;

  /// Picks of `a`, but each chunk with probability 1/2 as in `b`, and a range of layers placed as in `b`.
  Design crossed(const Design& a, const Design& b, Rng& rng) const;

 private:
  struct Kind {
    std::size_t count_choice = 0;  // of the number of chunks
    std::size_t first_slot = 0;
    std::vector<std::size_t> layers;  // choices of their slots
    bool used = false;
  };
  int chunks(const Kind& kind, const std::vector<int>& picks) const;
  void move_map(std::vector<int>& picks, Rng& rng) const;
  bool move_layer(std::vector<int>& picks, int slowest_slot, const MoveOptions& options, Rng& rng) const;
  void change_parameter(std::vector<int>& picks, const std::vector<int>& slots, const MoveOptions& options,
                        Rng& rng) const;
  void change_structure(std::vector<int>& picks, Rng& rng) const;
  void copy_slot(std::vector<int>& picks, std::size_t from, std::size_t to) const;
  void add_chunk(const Kind& kind, std::vector<int>& picks, Rng& rng) const;
  void remove_chunk(const Kind& kind, std::vector<int>& picks, Rng& rng) const;

  const DesignChoices* choices_;
  std::size_t batch_choice_ = 0;
  std::array<Kind, 2> kinds_;
  std::size_t store_choice_ = 0;                        // of its port; 0: there is no store to choose
  std::vector<std::size_t> place_choices_;              // of groups of maps
  std::vector<std::vector<std::size_t>> slot_choices_;  // by slot, in the same order for slots of one kind
};

}  // namespace autonba
