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

void print_median(std::vector<autonba::ExactTime> times, double gap) {
  std::sort(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
  fmt::print("again with two blocks changed, gap {:.0f} %: median {:.3f} s, longest {:.3f} s of {}\n", 100 * gap,
             times[times.size() / 2].seconds, times.back().seconds, times.size());
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
  for (const double gap : {0.05, 0.02}) {
    print_median(autonba::exact_again(fabric, gap, 20, threads), gap);
  }
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
