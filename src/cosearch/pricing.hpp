#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cosearch/expected_cost.hpp"
#include "explore/engine.hpp"
#include "explore/expected.hpp"
#include "model/space.hpp"

namespace autonba {

/// γ* with the network that it was solved for.
struct SolvedAccelerator {
  Accelerator accelerator;
  Architecture architecture;
};

/// What networks of a space cost on γ*, in seconds an image. Layers that γ* holds run where and how it says; others
/// take the fastest chunk of their kind with their best mapping. Maps that γ* holds lie where it says; others lie in
/// its store if most of its own do (docs/search.md, Cost). Keeps the best mappings that it meets.
class Pricing {
 public:
  Pricing(SearchSpace space, int classes, Platform platform, DesignSpace design_space, Objective objective);

  /// Solves the inner problem for `architecture` with a warm start from γ*; γ* becomes the result. Throws WorkError if
  /// no feasible accelerator is found.
  Solution refresh(const Architecture& architecture, const std::string& engine, const Budget& budget,
                   std::uint64_t seed);

  const std::optional<SolvedAccelerator>& solved() const { return solved_; }

  /// γ* as JSON, null before the first refresh, and back. Throws InputError if it does not fit the space.
  Json save() const;
  void restore(const Json& saved, const std::string& name);

  /// Seconds on each chunk [chunk] of all layers of `architecture`.
  std::vector<double> chunk_seconds(const Architecture& architecture);

  /// The same of the layers outside blocks: stem, head, pool, classifier.
  std::vector<double> fixed_seconds(const Architecture& architecture);

  /// The same of the layers of one block, as `choice` in the company of the rest of `architecture`.
  std::vector<double> block_seconds(const Architecture& architecture, std::size_t block, const BlockChoice& choice);

  /// The objective's value of chunk times: their maximum for `fps`, their sum for `latency`.
  double objective_seconds(const std::vector<double>& chunk_seconds) const;

  const SearchSpace& space() const { return space_; }
  const Platform& platform() const { return platform_; }
  const DesignSpace& design_space() const { return design_space_; }
  Objective objective() const { return objective_; }
  Network network(const Architecture& architecture) const;

 private:
  /// A layer that γ* was solved for.
  struct Held {
    ShapeId shape = 0;
    StoreUse use;
    LayerTime time;
    bool writes_store = false;
  };

  void solve_for(const Architecture& architecture, Accelerator accelerator);
  /// Where and how long a layer runs on γ*.
  LayerTime time_of(const Layer& layer, ShapeId shape, const StoreUse& use);
  /// Places for the layers of a network, of which only where their maps lie is set.
  std::vector<LayerPlace> map_places(const Network& network) const;
  std::vector<StoreUse> uses_of(const Network& network) const;
  template <typename Wanted>
  std::vector<double> seconds_of(const Architecture& architecture, Wanted wanted);

  SearchSpace space_;
  int classes_;
  Platform platform_;
  DesignSpace design_space_;
  Objective objective_;
  Mapper mapper_;
  std::optional<SolvedAccelerator> solved_;
  std::map<std::string, Held> held_;  // by id of the layer
  bool stores_new_maps_ = false;
};

}  // namespace autonba
