#pragma once

#include <limits>

#include "explore/design_cost.hpp"
#include "explore/engine.hpp"

namespace autonba {

/// The state of one search that all engines share: what there is to choose, the best design so far, the evaluations
/// that are left.
class Trial {
 public:
  Trial(const Problem& problem, const Budget& budget, Mapper& mapper);

  const DesignChoices& choices() const { return choices_; }
  const Platform& platform() const { return problem_.platform; }
  Objective objective() const { return problem_.objective; }

  /// That may be made in all.
  std::int64_t evaluations() const { return budget_.evaluations; }
  bool done() const { return is_stopped_ || solution_.evaluations >= budget_.evaluations; }
  /// Of the evaluations, 1 at first and 0 when done.
  double share_left() const {
    return 1 - static_cast<double>(solution_.evaluations) / static_cast<double>(budget_.evaluations);
  }

  /// One evaluation.
  DesignCost evaluate(const Design& design);

  /// One evaluation of which only the best design is wanted: mappings that cannot make the design the best are not
  /// solved.
  void evaluate_for_best(const Design& design);

  /// Evaluates an accelerator that need not be a member of the space, and returns the picks that describe it.
  std::vector<int> evaluate_start(const Accelerator& start);

  /// What every layer adds on every chunk of the design (load_on), a batch; infinite on a chunk of another kind.
  std::vector<std::vector<double>> loads_on_all_chunks(const Design& design);

  Solution finish();

 private:
  void count(const Design& design, const DesignCost& cost);
  void place_maps(const Accelerator& start, bool places_fit, Design& design) const;
  void place_layers(Design& design);

  const Problem& problem_;
  Budget budget_;
  Mapper& mapper_;
  std::vector<LayerShape> shapes_;
  std::vector<ShapeId> layers_;
  PlacementGroups groups_;  // none without a store
  MapsToPlace maps_;
  DesignChoices choices_;
  Solution solution_;
  bool is_stopped_ = false;  // as seen after an evaluation, so that done() does not change between two
  double best_value_ = std::numeric_limits<double>::infinity();
};

}  // namespace autonba
