#include "exact_speed.hpp"

#include <chrono>
#include <limits>

#include "model/load_network.hpp"
#include "model/space.hpp"

namespace autonba {
namespace {

constexpr int classes = 10;

ExactTime timed(const std::string& name, const Problem& problem, const Budget& budget, Mapper& mapper,
                std::optional<Accelerator>& last) {
  const auto start = std::chrono::steady_clock::now();
  const Solution solution = explore("exact", problem, budget, 1, mapper, last);
  ExactTime time{.name = name};
  time.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (solution.accelerator) {
    const int batch = solution.accelerator->batch;
    time.fps = fps(solution.cost.ii_cycles, batch, problem.platform);
    time.gap = gap_of(value_of(problem.objective, solution.cost, batch, problem.platform), *solution.bound);
  }
  last = solution.accelerator;
  return time;
}

}  // namespace

DesignSpace space_for_speed(bool everything, bool store) {
  DesignSpace space = load_design_space(store ? "fpga-store" : "fpga");
  space.chunks_max = 3;
  if (!everything) {
    space.batch = {1};
    space.conv.mac = space.depthwise.mac = {MacKind::dsp2};
  }
  return space;
}

ExactTime exact_on_cifar(const Platform& platform, const DesignSpace& space, const Budget& budget) {
  const SearchSpace networks = load_space("fbnet-cifar");
  Rng rng = make_rng(1, "exact speed");
  const Network network = make_network(networks, random_architecture(networks, rng), classes);
  Mapper mapper(platform);
  std::optional<Accelerator> none;
  return timed("fbnet-cifar", {network, platform, space}, budget, mapper, none);
}

std::vector<ExactTime> exact_again(const Platform& platform, const DesignSpace& space, const Budget& budget,
                                   int calls) {
  const SearchSpace networks = load_space("fbnet-cifar");
  Rng rng = make_rng(1, "exact speed");
  Architecture architecture = random_architecture(networks, rng);
  Budget to_the_end = budget;
  to_the_end.evaluations = 0;
  Mapper mapper(platform);
  Mapper apart(platform);  // so that a proof leaves nothing that helps the next call
  std::optional<Accelerator> last;
  std::vector<ExactTime> times;
  for (int call = 0; call <= calls; ++call) {
    const Network network = make_network(networks, architecture, classes);
    const Problem problem{network, platform, space};
    ExactTime time = timed("again", problem, call == 0 ? to_the_end : budget, mapper, last);
    if (call > 0) {
      if (budget.evaluations > 0) {
        const Solution proven = explore("exact", problem, to_the_end, 1, apart, last);
        time.gap = 1 - time.fps * *proven.bound;
      }
      times.push_back(time);
    }
    const Architecture other = random_architecture(networks, rng);
    for (int change = 0; change < 2; ++change) {
      const std::size_t block = uniform_index(rng, architecture.size());
      architecture[block] = other[block];
    }
  }
  return times;
}

ExactTime exact_on(const std::string& network, const Platform& platform, const DesignSpace& space,
                   const Budget& budget) {
  const Network loaded = load_network(network);
  Mapper mapper(platform);
  std::optional<Accelerator> none;
  return timed(network, {loaded, platform, space}, budget, mapper, none);
}

}  // namespace autonba
