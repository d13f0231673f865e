// What the feature store gains: bench_store NETWORK…, two threads. A table in Markdown of the best accelerators that
// `exact` finds in half a minute, without and with it, for these networks and twenty random ones of fbnet-cifar.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/error.hpp"
#include "explore/compare.hpp"
#include "model/load_network.hpp"

namespace {

using namespace autonba;

constexpr double gap = 0.02;
constexpr double most_seconds = 30;  // of a search
constexpr int threads = 2;
constexpr int drawn = 20;
constexpr int classes = 10;

/// A cell for each figure of a design.
std::string cells(const Problem& problem, Mapper& mapper) {
  const Solution solution =
      explore("exact", problem, {.gap = gap, .seconds = most_seconds, .threads = threads}, 1, mapper);
  if (!solution.accelerator) {
    return " | | | | ";
  }
  const Accelerator& accelerator = *solution.accelerator;
  const Cost& cost = solution.cost;
  std::int64_t macs_a_cycle = 0;
  for (const Chunk& chunk : accelerator.chunks) {
    macs_a_cycle += std::int64_t{1} * chunk.unroll_m * chunk.unroll_n * chunk.unroll_p;
  }
  const double of_compute = static_cast<double>(accelerator.batch * macs(problem.network)) /
                            static_cast<double>(cost.ii_cycles * macs_a_cycle);
  const double megabytes = external_bytes(problem.network, accelerator, store_uses(problem.network, accelerator)) / 1e6;
  return fmt::format(
      "{:.4g} | {:.1f} % | {} | {:.3g} | {:.0f} %", fps(cost.ii_cycles, accelerator.batch, problem.platform),
      100 * gap_of(value_of(problem.objective, cost, accelerator.batch, problem.platform), *solution.bound),
      accelerator.batch, megabytes, 100 * of_compute);
}

void print_platform(const std::string& name, const std::vector<NamedNetwork>& networks) {
  const Platform platform = load_platform(name);
  const DesignSpace space = load_design_space("fpga-store");
  DesignSpace without = space;
  without.store.reset();
  fmt::print("\n## {}\n\n", name);
  fmt::print(
      "| network | without: images/s | gap | batch | MB an image | of the MACs | with: images/s | gap | batch | "
      "MB an image | of the MACs |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
  for (const NamedNetwork& network : networks) {
    Mapper mapper(platform);
    fmt::print("| {} | {} | {} |\n", network.name, cells({network.network, platform, without}, mapper),
               cells({network.network, platform, space}, mapper));
    std::fflush(stdout);
  }
}

void print_tables(const std::vector<std::string>& names) {
  std::vector<NamedNetwork> networks;
  for (const std::string& name : names) {
    networks.push_back({name, load_network(name)});
  }
  const std::vector<NamedNetwork> random = random_networks(load_space("fbnet-cifar"), drawn, classes, 1);
  networks.insert(networks.end(), random.begin(), random.end());
  for (const char* platform : {"zc706", "zc706-pl", "pynq-z2"}) {
    print_platform(platform, networks);
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    print_tables({arguments + 1, arguments + count});
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const WorkError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
