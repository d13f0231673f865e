#include "train/runtime.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <vector>

#include "train/bench.hpp"
#include "train/random_path.hpp"
#include "train/tensor_memory.hpp"
#include "train/trainer.hpp"

namespace autonba {
namespace {

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

TEST(Runtime, ThreadsAreThoseThatWereAskedFor) {
  set_up_runtime(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  set_up_runtime(2);
  EXPECT_EQ(at::get_num_threads(), 2);
}

TEST(Runtime, FreedMemoryIsKeptForTheNextTensor) {
  if (dlsym(RTLD_DEFAULT, "__asan_init") != nullptr) {
    GTEST_SKIP() << "the address sanitizer has a malloc of its own";
  }
  set_up_runtime(1);
  const auto use = [] { std::vector<char>(std::size_t{48} << 20, '\1'); };
  use();
  const long before = page_faults();
  use();
  EXPECT_LT(page_faults() - before, 100);  // 12288 pages
}

TEST(Runtime, AfterWarmUpStepsTakeNoTensorMemoryFromTheSystem) {
  if (dlsym(RTLD_DEFAULT, "__asan_init") != nullptr) {
    GTEST_SKIP() << "the address sanitizer has a malloc of its own";
  }
  set_up_runtime(1);
  const SearchSpace space = load_space("quick");
  Rng rng = make_rng(1, "memory");
  Supernet net(space, all_candidates(space), {}, rng);
  Sgd sgd(net.parameters(), {});
  const TensorBatch batch = {torch::rand({32, space.input.channels, space.input.height, space.input.width})
                                 .contiguous(at::MemoryFormat::ChannelsLast),
                             torch::zeros({32}, torch::kInt64)};
  const std::vector<BlockPath> path = random_weight_path(net, rng);
  const auto step = [&] { weight_step(net, sgd, batch, path, 0.01, 0, {}); };
  step();
  step();
  const MemoryPool::Statistics warm = tensor_memory();
  EXPECT_GT(warm.growths, 0);
  for (int i = 0; i < 5; ++i) {
    step();
  }
  EXPECT_EQ(tensor_memory().growths, warm.growths);
  EXPECT_EQ(tensor_memory().in_use, warm.in_use);
}

TEST(Floor, IsArithmeticAndTwelvePassesOverTheMaps) {
  set_up_runtime(1);
  const Roof roof = measure_roof();
  EXPECT_GT(roof.flops_per_second, 1e8);
  EXPECT_GT(roof.bytes_per_second, 1e8);
  EXPECT_DOUBLE_EQ(floor_seconds({.flops = 6e9, .map_bytes = 1e9}, {.flops_per_second = 3e9, .bytes_per_second = 4e9}),
                   2 + 12 * 0.25);
}

TEST(StepWork, OfFbnetCifarIsWhatItsFloorWasDefinedWith) {
  // 25 GFLOP and 314 MB for 64 images, counted before this code was written.
  const StepWork work = step_work(load_space("fbnet-cifar"), 64);
  EXPECT_NEAR(work.flops, 25e9, 1e9);
  EXPECT_NEAR(work.map_bytes, 314e6, 10e6);
}

}  // namespace
}  // namespace autonba
