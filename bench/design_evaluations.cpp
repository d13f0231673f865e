#include "design_evaluations.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "explore/design_tables.hpp"
#include "model/space.hpp"

namespace autonba {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int classes = 10;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Count {
  std::int64_t evaluations = 0;
  std::int64_t feasible = 0;
};

/// A few designs are drawn before the first of them is costed, so that the memory answers for several at once.
Count evaluate_for(const DesignTables& tables, std::uint64_t thread, double seconds) {
  Rng rng = make_rng(1, "design evaluations", thread);
  std::array<TableDesign, 8> designs;
  Count count;
  const auto start = Clock::now();
  while (seconds_since(start) < seconds) {
    for (int round = 0; round < 100; ++round) {
      for (TableDesign& design : designs) {
        tables.draw(design, rng);
        tables.fetch(design);
      }
      for (const TableDesign& design : designs) {
        const TableCost cost = tables.cost(design);
        count.feasible += cost.fits && cost.runs ? 1 : 0;
        ++count.evaluations;
      }
    }
  }
  return count;
}

}  // namespace

DesignRate design_evaluations(const DesignSpace& space, const Platform& platform, int threads, double seconds) {
  const SearchSpace networks = load_space("fbnet-cifar");
  Rng rng = make_rng(1, "design evaluations network");
  const Network network = make_network(networks, random_architecture(networks, rng), classes);
  const auto build_start = Clock::now();
  const DesignTables tables(space, layer_shapes(network), platform, threads);
  DesignRate rate{
      .table_seconds = seconds_since(build_start),
      .table_mb = static_cast<double>(tables.bytes()) / 1e6,
      .configurations = tables.configurations(ChunkKind::conv) + tables.configurations(ChunkKind::depthwise)};
  std::vector<Count> counts(static_cast<std::size_t>(threads));
  const auto start = Clock::now();
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      workers.emplace_back([&, i] { counts[i] = evaluate_for(tables, i, seconds); });
    }
  }
  const double passed = seconds_since(start);
  Count all;
  for (const Count& count : counts) {
    all.evaluations += count.evaluations;
    all.feasible += count.feasible;
  }
  rate.evaluations_per_second = static_cast<double>(all.evaluations) / passed;
  rate.feasible_share =
      static_cast<double>(all.feasible) / static_cast<double>(std::max<std::int64_t>(all.evaluations, 1));
  return rate;
}

}  // namespace autonba
