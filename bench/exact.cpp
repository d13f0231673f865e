// How long the engine `exact` takes: bench_exact [THREADS], two threads unless told. docs/performance.md has the
// figures.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/error.hpp"
#include "exact_speed.hpp"

namespace {

void print(const autonba::ExactTime& time) {
  fmt::print("{:<44} {:7.2f} s  gap {:5.2f} %  {:8.1f} images/s\n", time.name, time.seconds, 100 * time.gap, time.fps);
}

void print_again(const autonba::Platform& platform, const autonba::Budget& budget, const char* name) {
  const std::vector<autonba::ExactTime> times = autonba::exact_again(platform, budget, 40);
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

void measure(int threads) {
  const autonba::Platform fabric = autonba::load_platform("zc706-pl");
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
  autonba::ExactTime time = autonba::exact_on_cifar(fabric, false, 0.02, threads);
  time.name = "fbnet-cifar, batch 1, two MACs to a DSP";
  print(time);
  time = autonba::exact_on_cifar(fabric, true, 0.02, threads);
  time.name = "fbnet-cifar, everything";
  print(time);
  print_again(fabric, {.evaluations = 1000, .gap = 0.02, .threads = threads}, "1,000 regions, proven apart");
  print_again(fabric, {.gap = 0.05, .threads = threads}, "to 5 %");
  print_again(fabric, {.gap = 0.02, .threads = threads}, "to 2 %");
  const autonba::Platform platform = autonba::load_platform("zc706");
  for (const char* network : networks) {
    print(autonba::exact_on(network, platform, 0.05, 30, threads));
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    measure(count > 1 ? std::max(1, std::atoi(arguments[1])) : 2);
  } catch (const autonba::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const autonba::WorkError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
