#include "explore/layer_front.hpp"

#include <gtest/gtest.h>

#include <array>

#include "../accel/random_cases.hpp"
#include "explore/least_placement.hpp"
#include "explore/mapper.hpp"

namespace autonba {
namespace {

TEST(LayerFronts, BeginWithTheBestMappingOfTheDeepestBuffers) {
  Rng rng = make_rng(1, "layer front test");
  const Platform platform = load_platform("zc706-pl");
  Mapper mapper(platform);
  int several = 0;
  for_random_layers(rng, 300, [&](const Network& network, int i, const LayerShape& shape) {
    const int batch = random_between(rng, 1, 4);
    const Chunk chunk = random_chunk(rng, shape);
    const auto up_to = [](int depth) { return depth > 1 ? std::vector{depth / 2, depth} : std::vector{depth}; };
    const BufferDepths depths = {up_to(chunk.depth_input), up_to(chunk.depth_weight), up_to(chunk.depth_output)};
    const std::size_t mode = uniform_index(rng, modes);
    const int turns = 1 << random_between(rng, 0, 3);
    const StoreUse use = store_use(mode, {.turns = turns, .word_bits = turns * (32 << random_between(rng, 0, 2))});
    const std::optional<BestMapping> best = mapper.best(mapper.intern(shape), chunk, batch, use);
    ASSERT_TRUE(best);
    LayerFronts fronts(depths, platform);
    Tilings tilings(shape);
    const std::array strides = {chunk.stride_max};
    const std::string what = describe(network.layers[static_cast<std::size_t>(i)], chunk, best->mapping, batch);
    const auto front = fronts.of(shape, tilings, chunk, chunk.accumulator, strides, batch, use);
    ASSERT_FALSE(front.empty()) << what;
    EXPECT_EQ(front.front().cycles, best->cycles) << what;
    several += front.size() > 1 ? 1 : 0;
    EXPECT_EQ(fronts.least_cycles(shape, tilings, chunk, chunk.accumulator, strides, batch, use), best->cycles) << what;
  });
  EXPECT_GT(several, 5);
}

}  // namespace
}  // namespace autonba
