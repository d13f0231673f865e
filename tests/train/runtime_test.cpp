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

TEST(Floor, FollowsFromItsTwoRates) {
  set_up_runtime(1);
  const Floor floor = measure_floor();
  EXPECT_GT(floor.sgemm_gflops, 0.1);
  EXPECT_GT(floor.copy_gb_per_s, 0.1);
  EXPECT_NEAR(floor.seconds, 25 / floor.sgemm_gflops + 12 * 0.314 / floor.copy_gb_per_s, 1e-9);
}

}  // namespace
}  // namespace autonba
