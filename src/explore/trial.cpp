#include "explore/trial.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace autonba {

Trial::Trial(const Problem& problem, const Budget& budget, Mapper& mapper)
    : problem_(problem),
      budget_(budget),
      mapper_(mapper),
      shapes_(layer_shapes(problem.network)),
      groups_(groups_to_place(problem)),
      maps_{problem.network, groups_, problem.space.store ? problem.space.store->depth_max : 0},
      choices_(problem.space, shapes_, problem.platform, problem.objective, groups_) {
  for (const LayerShape& shape : shapes_) {
    layers_.push_back(mapper.intern(shape));
  }
}

DesignCost Trial::evaluate(const Design& design) {
  DesignCost cost = cost_of(design, layers_, problem_.goal(), mapper_, &maps_);
  count(design, cost);
  return cost;
}

void Trial::evaluate_for_best(const Design& design) {
  // Nothing is below infinity that the first design could be measured against.
  const double limit = std::min(best_value_, std::numeric_limits<double>::max());
  count(design, cost_below(limit, design, layers_, problem_.goal(), mapper_, &maps_));
}

void Trial::count(const Design& design, const DesignCost& cost) {
  ++solution_.evaluations;
  solution_.fitting += cost.fits ? 1 : 0;
  if (feasible(cost) && cost.value < best_value_) {
    best_value_ = cost.value;
    solution_.accelerator = accelerator_of(design, cost);
    solution_.trace.push_back({solution_.evaluations, best_value_});
  }
  is_stopped_ = solution_.accelerator && budget_.is_stopped();
}

std::vector<int> Trial::evaluate_start(const Accelerator& start) {
  Design design{.picks = {}, .batch = start.batch, .chunks = start.chunks, .slots = {}, .chunk_of = {}};
  if (problem_.objective == Objective::latency) {
    design.batch = 1;
  }
  const bool places_fit = start.places.size() == layers_.size() &&
                          std::all_of(start.places.begin(), start.places.end(), [&](const LayerPlace& place) {
                            const auto layer = static_cast<std::size_t>(&place - start.places.data());
                            return can_run(start.chunks[static_cast<std::size_t>(place.chunk)], shapes_[layer]);
                          });
  place_maps(start, places_fit, design);
  if (places_fit) {
    for (const LayerPlace& place : start.places) {
      design.chunk_of.push_back(place.chunk);
    }
  } else {
    place_layers(design);
  }
  return choices_.describe(accelerator_of(design, evaluate(design)));
}

/// Where the start has them; of another network's start, all in the store if it has one.
void Trial::place_maps(const Accelerator& start, bool places_fit, Design& design) const {
  if (!start.store || groups_.count == 0) {
    return;
  }
  design.store_port = start.store->port_bits;
  design.stored.assign(groups_.count, places_fit ? 0 : 1);
  for (std::size_t layer = 0; places_fit && layer < groups_.layers.size(); ++layer) {
    if (start.places[layer].writes_store && groups_.layers[layer].output != always_external) {
      design.stored[static_cast<std::size_t>(groups_.layers[layer].output)] = 1;
    }
  }
}

std::vector<std::vector<double>> Trial::loads_on_all_chunks(const Design& design) {
  const std::vector<StoreUse> uses =
      design.store_port > 0 ? store_uses(design, groups_) : std::vector<StoreUse>(layers_.size());
  std::vector<std::vector<double>> loads;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const ChunkKind kind = is_depthwise_kind(shapes_[layer]) ? ChunkKind::depthwise : ChunkKind::conv;
    const bool adds_residual = !shapes_[layer].residual.segments.empty();
    std::vector<double>& of_layer = loads.emplace_back();
    for (const Chunk& chunk : design.chunks) {
      of_layer.push_back(chunk.kind == kind ? load_on(chunk, adds_residual, layers_[layer], design.batch,
                                                      problem_.objective, mapper_, uses[layer])
                                            : std::numeric_limits<double>::infinity());
    }
  }
  return loads;
}

/// Longest layers first, each where it adds least to the objective.
void Trial::place_layers(Design& design) {
  const std::vector<std::vector<double>> times = loads_on_all_chunks(design);
  std::vector<std::size_t> order(layers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto shortest = [&](std::size_t layer) { return *std::min_element(times[layer].begin(), times[layer].end()); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return shortest(a) > shortest(b); });
  std::vector<double> load(design.chunks.size(), 0.0);
  design.chunk_of.assign(layers_.size(), 0);
  for (const std::size_t layer : order) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t chunk = 0; chunk < load.size(); ++chunk) {
      const double added = times[layer][chunk] + (sums_over_chunks(problem_.objective) ? 0 : load[chunk]);
      if (added < least) {
        least = added;
        best = chunk;
      }
    }
    load[best] += times[layer][best];
    design.chunk_of[layer] = static_cast<int>(best);
  }
}

Solution Trial::finish() {
  if (solution_.accelerator) {
    fit_store(problem_.network, problem_.platform, *solution_.accelerator);
    solution_.cost = autonba::evaluate(problem_.network, *solution_.accelerator, problem_.platform);
  }
  return std::move(solution_);
}

}  // namespace autonba
