// How long the engine `exact` takes: bench_exact [THREADS [store]], two threads unless told; with `store` for designs
// with maps on chip, else without. docs/performance.md has the figures.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "exact_speed.hpp"

namespace {

void print(const autonba::ExactTime& time) {
  fmt::print("{:<44} {:7.2f} s  gap {:5.2f} %  {:8.1f} images/s\n", time.name, time.seconds, 100 * time.gap, time.fps);
}

void print_again(const autonba::Platform& platform, const autonba::DesignSpace& space, const autonba::Budget& budget,
                 const char* name) {
  const std::vector<autonba::ExactTime> times = autonba::exact_again(platform, space, budget, 40);
  std::vector<double> seconds;
  std::vector<double> gaps;
  for (const autonba::ExactTime& time : times) {
    seconds.push_back(time.seconds);
    gaps.push_back(time.gap);
  }
  std::sort(seconds.begin(), seconds.end());
  std::sort(gaps.begin(), gaps.end());
  fmt::print("again with two blocks changed, {}: median {:.4f} s, longest {:.3f} s; gap {:.1f} %, most {:.1f} %\n",
             name, seconds[seconds.size() / 2], seconds.back(), 100 * gaps[gaps.size() / 2], 100 * gaps.back());
}

void print_cifar(const autonba::Platform& platform, bool store, double gap, int threads) {
  const autonba::DesignSpace few = autonba::space_for_speed(false, store);
  const autonba::Budget budget{.gap = gap, .seconds = 60, .threads = threads};
  autonba::ExactTime time = autonba::exact_on_cifar(platform, few, budget);
  time.name = "fbnet-cifar, batch 1, two MACs to a DSP";
  print(time);
  time = autonba::exact_on_cifar(platform, autonba::space_for_speed(true, store), budget);
  time.name = "fbnet-cifar, everything";
  print(time);
  print_again(platform, few, {.evaluations = 1000, .gap = gap, .threads = threads}, "1,000 regions, proven apart");
  print_again(platform, few, {.gap = 0.05, .threads = threads}, "to 5 %");
  print_again(platform, few, {.gap = gap, .threads = threads}, fmt::format("to {:.0f} %", 100 * gap).c_str());
}

void print_zoo(const autonba::Platform& platform, bool store, double gap, double most_seconds, int threads) {
  constexpr std::array networks = {"alexnet",
                                   "vgg16",
                                   "resnet18",
                                   "resnet50",
                                   "mobilenet-v1",
                                   "mobilenet-v2",
                                   "mobilenet-v3-large",
                                   "efficientnet-b0",
                                   "squeezenet",
                                   "shufflenet-v2",
                                   "fbnet-c",
                                   "proxylessnas-mobile",
                                   "edd-net-3",
                                   "yolo-tiny"};
  const autonba::DesignSpace space = autonba::space_for_speed(true, store);
  for (const char* network : networks) {
    print(autonba::exact_on(network, platform, space, {.gap = gap, .seconds = most_seconds, .threads = threads}));
  }
}

void measure(int threads, bool store) {
  const autonba::Platform board = autonba::load_platform("zc706");
  if (store) {
    print_cifar(board, true, 0.03, threads);
    print_zoo(board, true, 0.08, 60, threads);
  } else {
    print_cifar(autonba::load_platform("zc706-pl"), false, 0.02, threads);
    print_zoo(board, false, 0.05, 30, threads);
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    measure(count > 1 ? std::max(1, std::atoi(arguments[1])) : 2,
            count > 2 && std::string_view(arguments[2]) == "store");
  } catch (const autonba::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const autonba::WorkError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
