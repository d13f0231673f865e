#include "brute_force.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "accel/cycles.hpp"
#include "small_problems.hpp"
#include "stated_mappings.hpp"

namespace autonba {
namespace {

constexpr std::array every_objective = {Objective::fps, Objective::latency, Objective::energy, Objective::edp,
                                        Objective::area};

/// With a time for `area` that some designs miss.
Problem with_target(const RandomProblem& small, Objective objective) {
  if (objective != Objective::area) {
    return small.problem(objective);
  }
  const Enumeration fastest = brute_force(small.problem(Objective::fps));
  return small.problem(objective, fastest.accelerator ? 1.2 * fastest.value : 1);
}

TEST(BruteForce, FindsAnAcceleratorThatFitsAndHasItsValue) {
  Rng rng = make_rng(1, "brute force");
  for (int round = 0; round < 30; ++round) {
    const RandomProblem small = random_asic_problem(rng);
    for (const Objective objective : every_objective) {
      const Problem problem = with_target(small, objective);
      const Enumeration all = brute_force(problem);
      if (!all.accelerator) {
        continue;
      }
      const Cost cost = evaluate(small.network, *all.accelerator, small.platform);
      EXPECT_TRUE(fits(cost.resources, small.platform));
      EXPECT_NEAR(value_of(objective, cost, all.accelerator->batch, small.platform) / all.value, 1, 1e-12);
      EXPECT_LE(value_of(Objective::fps, cost, all.accelerator->batch, small.platform), problem.most_seconds);
    }
  }
}

/// As brute_force for all objectives at once, but nothing is worked out apart for a layer or a chunk: every list of
/// chunks, every place of every layer and every mapping is one call of evaluate(). None if they are more than `most`.
std::optional<std::map<Objective, double>> least_evaluations(const RandomProblem& small, double most_seconds,
                                                             std::int64_t most) {
  const std::vector<LayerShape> shapes = layer_shapes(small.network);
  std::map<Objective, double> least;
  std::int64_t evaluations = 0;
  Accelerator accelerator;
  const auto keep_least = [&] {
    const Cost cost = evaluate(shapes, accelerator, small.platform);
    const double seconds = value_of(Objective::fps, cost, accelerator.batch, small.platform);
    const std::vector<int>& batches = small.space.batch;
    const bool is_listed = std::find(batches.begin(), batches.end(), accelerator.batch) != batches.end();
    for (const Objective objective : every_objective) {
      if (fits(cost.resources, small.platform) &&
          (objective == Objective::latency ? accelerator.batch == 1 : is_listed) &&
          (objective != Objective::area || seconds <= most_seconds)) {
        const double value = value_of(objective, cost, accelerator.batch, small.platform);
        const auto [place, is_first] = least.emplace(objective, value);
        place->second = std::min(place->second, value);
      }
    }
  };
  const std::function<void(std::size_t)> place = [&](std::size_t layer) {
    if (layer == shapes.size()) {
      ++evaluations;
      keep_least();
      return;
    }
    for (std::size_t c = 0; c < accelerator.chunks.size(); ++c) {
      const Chunk& chunk = accelerator.chunks[c];
      for (const Mapping& mapping : stated_mappings(shapes[layer], chunk, accelerator.batch)) {
        if (evaluations <= most && can_run(chunk, shapes[layer]) &&
            tile_fits(chunk, shapes[layer], mapping, accelerator.batch)) {
          accelerator.places[layer] = {static_cast<int>(c), mapping};
          place(layer + 1);
        }
      }
    }
  };
  const std::function<void(int, int)> build = [&](int conv, int depthwise) {  // chunks that may still be added
    place(0);
    const auto add = [&](const ChunkSpace& space, ChunkKind kind, int conv_left, int depthwise_left) {
      for (const Chunk& chunk : every_chunk(space, kind)) {
        accelerator.chunks.push_back(chunk);
        build(conv_left, depthwise_left);
        accelerator.chunks.pop_back();
      }
    };
    if (evaluations <= most && static_cast<int>(accelerator.chunks.size()) < small.space.chunks_max) {
      if (conv > 0) {
        add(small.space.conv, ChunkKind::conv, conv - 1, depthwise);
      }
      if (depthwise > 0) {  // after all conv chunks
        add(small.space.depthwise, ChunkKind::depthwise, 0, depthwise - 1);
      }
    }
  };
  std::set<int> batches(small.space.batch.begin(), small.space.batch.end());
  batches.insert(1);  // of latency
  for (const int batch : batches) {
    accelerator = {.batch = batch, .places = std::vector<LayerPlace>(shapes.size())};
    build(small.space.conv.chunks_max, small.space.depthwise.chunks_max);
  }
  return evaluations <= most ? std::optional(least) : std::nullopt;
}

TEST(BruteForce, EqualsEvaluatingEveryMappingOfEveryDesign) {
  Rng rng = make_rng(2, "brute force");
  for (int compared = 0; compared < 40;) {
    RandomProblem small = random_asic_problem(rng);
    for (ChunkSpace* space : {&small.space.conv, &small.space.depthwise}) {
      for (std::vector<int>* values : {&space->bits, &space->stride_max, &space->unroll_n, &space->unroll_p,
                                       &space->depth_input, &space->depth_weight}) {
        *values = {values->back()};
      }
    }
    const std::size_t chunks = every_chunk(small.space.conv, ChunkKind::conv).size() +
                               every_chunk(small.space.depthwise, ChunkKind::depthwise).size();
    if (small.network.layers.size() > 2 || chunks > 6) {
      continue;
    }
    const double most_seconds = with_target(small, Objective::area).most_seconds;
    const auto least = least_evaluations(small, most_seconds, 5'000);
    if (!least) {
      continue;
    }
    for (const Objective objective : every_objective) {
      const Enumeration all = brute_force(small.problem(objective, most_seconds));
      ASSERT_EQ(all.accelerator.has_value(), least->contains(objective));
      if (all.accelerator) {
        EXPECT_NEAR(all.value / least->at(objective), 1, 1e-12);
      }
    }
    compared += least->empty() ? 0 : 1;
  }
}

/// On how many of the problems an engine finds the best design, or that there is none.
int solved(const std::string& engine, Objective objective, int problems, Rng rng) {
  int count = 0;
  for (int round = 0; round < problems; ++round) {
    const RandomProblem small = random_asic_problem(rng);
    const Problem problem = with_target(small, objective);
    const Enumeration all = brute_force(problem);
    Mapper mapper(small.platform);
    const Solution solution = explore(engine, problem, {.evaluations = 2000}, 1, mapper);
    if (!all.accelerator) {
      EXPECT_FALSE(solution.accelerator);
      ++count;
    } else if (solution.accelerator) {
      const double value = value_of(objective, solution.cost, solution.accelerator->batch, small.platform);
      EXPECT_GE(value / all.value, 1 - 1e-12);
      count += value / all.value < 1 + 1e-9 ? 1 : 0;
    }
  }
  return count;
}

TEST(BruteForce, IsNeverBeatenAndMostlyReachedByOtherEngines) {
  for (const std::string engine : {"random", "annealing"}) {
    for (const Objective objective : every_objective) {
      SCOPED_TRACE(engine + " " + std::to_string(static_cast<int>(objective)));
      EXPECT_GE(solved(engine, objective, 40, make_rng(3, "brute force")), 25);
    }
  }
}

bool takes_a_slower_mapping(const RandomProblem& small, const Accelerator& accelerator) {
  Mapper mapper(small.platform);
  const std::vector<ShapeId> layers = mapper.intern(small.network);
  const Cost cost = evaluate(small.network, accelerator, small.platform);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Chunk& chunk = accelerator.chunks[static_cast<std::size_t>(accelerator.places[i].chunk)];
    if (mapper.best(layers[i], chunk, accelerator.batch)->cycles < cost.layer_cycles[i]) {
      return true;
    }
  }
  return false;
}

TEST(RandomProblems, AskForMoreThanTheFastestOfWhatThereIs) {
  Rng rng = make_rng(4, "brute force");
  int exceeding = 0;
  int infeasible = 0;
  int sharing = 0;  // the best design has several chunks of a kind
  int residual = 0;
  int slower = 0;
  for (int round = 0; round < 100; ++round) {
    const RandomProblem small = random_asic_problem(rng);
    const Enumeration fastest = brute_force(small.problem(Objective::fps));
    exceeding += fastest.fitting < fastest.designs ? 1 : 0;
    if (!fastest.accelerator) {
      ++infeasible;
      continue;
    }
    const std::vector<Layer>& layers = small.network.layers;
    residual += std::any_of(layers.begin(), layers.end(), [](const Layer& layer) { return layer.residual; }) ? 1 : 0;
    const std::vector<Chunk>& chunks = fastest.accelerator->chunks;
    const auto conv =
        std::count_if(chunks.begin(), chunks.end(), [](const Chunk& chunk) { return chunk.kind == ChunkKind::conv; });
    sharing += conv > 1 || static_cast<std::ptrdiff_t>(chunks.size()) - conv > 1 ? 1 : 0;
    const Enumeration thriftiest = brute_force(small.problem(Objective::energy));
    slower += takes_a_slower_mapping(small, *thriftiest.accelerator) ? 1 : 0;
  }
  EXPECT_GE(exceeding, 50);
  EXPECT_GE(infeasible, 2);
  EXPECT_LE(infeasible, 20);
  EXPECT_GE(sharing, 20);
  EXPECT_GE(residual, 30);
  EXPECT_GE(slower, 30);
}

}  // namespace
}  // namespace autonba
