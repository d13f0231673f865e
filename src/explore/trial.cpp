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
      choices_(problem.space, shapes_, problem.platform, problem.objective) {
  for (const LayerShape& shape : shapes_) {
    layers_.push_back(mapper.intern(shape));
  }
}

DesignCost Trial::evaluate(const Design& design) {
  DesignCost cost = cost_of(design, layers_, problem_.goal(), mapper_);
  count(design, cost);
  return cost;
}

void Trial::evaluate_for_best(const Design& design) {
  // Nothing is below infinity that the first design could be measured against.
  const double limit = std::min(best_value_, std::numeric_limits<double>::max());
  count(design, cost_below(limit, design, layers_, problem_.goal(), mapper_));
}

void Trial::count(const Design& design, const DesignCost& cost) {
  ++solution_.evaluations;
  solution_.fitting += cost.fits ? 1 : 0;
  if (feasible(cost) && cost.value < best_value_) {
    best_value_ = cost.value;
    solution_.accelerator = accelerator_of(design, cost);
    solution_.trace.push_back({solution_.evaluations, best_value_});
  }
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
  if (places_fit) {
    for (const LayerPlace& place : start.places) {
      design.chunk_of.push_back(place.chunk);
    }
  } else {
    place_layers(design);
  }
  return choices_.describe(accelerator_of(design, evaluate(design)));
}

std::vector<std::vector<double>> Trial::loads_on_all_chunks(const Design& design) {
  std::vector<std::vector<double>> loads;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const ChunkKind kind = is_depthwise_kind(shapes_[layer]) ? ChunkKind::depthwise : ChunkKind::conv;
    const bool adds_residual = !shapes_[layer].residual.segments.empty();
    std::vector<double>& of_layer = loads.emplace_back();
    for (const Chunk& chunk : design.chunks) {
      of_layer.push_back(chunk.kind == kind
                             ? load_on(chunk, adds_residual, layers_[layer], design.batch, problem_.objective, mapper_)
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
    solution_.cost = autonba::evaluate(shapes_, *solution_.accelerator, problem_.platform);
  }
  return std::move(solution_);
}

}  // namespace autonba
