#include "explore/mapper.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "../accel/random_cases.hpp"
#include "base/error.hpp"
#include "explore/bound.hpp"
#include "explore/tilings.hpp"
#include "stated_mappings.hpp"

namespace autonba {
namespace {

const Platform& platform() {
  static const Platform value = load_platform("zc706-pl");
  return value;
}

/// Shapes of a random network that has a layout.
std::vector<LayerShape> random_shapes(Rng& rng) {
  while (true) {
    try {
      return layer_shapes(random_network(rng));
    } catch (const InputError&) {  // channels tied to two places
    }
  }
}

/// A chunk that the layer may or may not fit on.
Chunk tight_chunk(Rng& rng, const LayerShape& shape) {
  Chunk chunk = random_chunk(rng, shape);
  const auto shallow = [&] { return 1 << random_between(rng, 2, 11); };
  chunk.depth_input = shallow();
  chunk.depth_weight = shallow();
  chunk.depth_output = shallow();
  return chunk;
}

TEST(Mapper, FindsTheBestOfAllTilingsOfTheStatedSpace) {
  Rng rng = make_rng(1, "mapper test");
  Mapper mapper(platform());
  int solved = 0;
  int unsolvable = 0;
  for (int round = 0; round < 200; ++round) {
    for (const LayerShape& shape : random_shapes(rng)) {
      const Chunk chunk = tight_chunk(rng, shape);
      const int batch = 1 << random_between(rng, 0, 2);
      std::int64_t least = -1;
      for (const Mapping& mapping : stated_mappings(shape, chunk, batch)) {
        if (tile_fits(chunk, shape, mapping, batch)) {
          const std::int64_t cycles = layer_cycles(shape, chunk, mapping, batch, platform());
          least = least < 0 ? cycles : std::min(least, cycles);
        }
      }
      const auto best = mapper.best(mapper.intern(shape), chunk, batch);
      ASSERT_EQ(best.has_value(), least >= 0);
      if (best) {
        ASSERT_EQ(best->cycles, least);
        ASSERT_TRUE(tile_fits(chunk, shape, best->mapping, batch));
        ASSERT_EQ(layer_cycles(shape, chunk, best->mapping, batch, platform()), least);
      }
      ++(best ? solved : unsolvable);
    }
  }
  EXPECT_GT(solved, 100);
  EXPECT_GT(unsolvable, 5);
}

TEST(Mapper, FindsNothingForAChunkThatCannotRunTheLayer) {
  const LayerShape conv = layer_shapes(Network{.input = {.channels = 3, .height = 8, .width = 8, .bits = 8},
                                               .layers = {{.id = "conv",
                                                           .inputs = {{network_input, {{0, 3}}}},
                                                           .channels_in = 3,
                                                           .channels_out = 4,
                                                           .kernel = square(3),
                                                           .stride = square(2),
                                                           .padding = all_sides(1),
                                                           .height_in = 8,
                                                           .width_in = 8}}})
                              .front();
  Mapper mapper(platform());
  const ShapeId id = mapper.intern(conv);
  const Chunk chunk{.stride_max = 2, .depth_input = 1024, .depth_weight = 1024, .depth_output = 1024};
  EXPECT_TRUE(mapper.best(id, chunk, 1));
  Chunk other = chunk;
  other.kind = ChunkKind::depthwise;
  EXPECT_FALSE(mapper.best(id, other, 1));
  other = chunk;
  other.bits = 6;
  EXPECT_FALSE(mapper.best(id, other, 1));
  other = chunk;
  other.stride_max = 1;
  EXPECT_FALSE(mapper.best(id, other, 1));
  other = chunk;
  other.depth_weight = 26;  // of 27 weights for one output
  EXPECT_FALSE(mapper.best(id, other, 1));
}

TEST(Mapper, GivesEqualShapesEqualIds) {
  Rng rng = make_rng(2, "mapper test");
  const std::vector<LayerShape> shapes = random_shapes(rng);
  Mapper mapper(platform());
  std::vector<ShapeId> ids;
  for (const LayerShape& shape : shapes) {
    ids.push_back(mapper.intern(shape));
  }
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    EXPECT_EQ(mapper.intern(shapes[i]), ids[i]);
    EXPECT_EQ(mapper.shape(ids[i]), shapes[i]);
  }
}

TEST(Mapper, AnswersAlikeWhateverItRemembers) {
  Rng rng = make_rng(3, "mapper test");
  Mapper used(platform());
  for (int round = 0; round < 10; ++round) {
    for (const LayerShape& shape : random_shapes(rng)) {
      Chunk chunk = tight_chunk(rng, shape);
      Mapper fresh(platform());
      for (const int scale : {1, 2, 64}) {  // the deepest are as good as each other, and remembered as one
        chunk.depth_input *= scale;
        chunk.depth_output *= scale;
        const auto first = used.best(used.intern(shape), chunk, 2);
        const auto again = used.best(used.intern(shape), chunk, 2);
        const auto expected = fresh.best(fresh.intern(shape), chunk, 2);
        ASSERT_EQ(first.has_value(), expected.has_value());
        if (first) {
          ASSERT_EQ(first->mapping, expected->mapping);
          ASSERT_EQ(first->cycles, expected->cycles);
          ASSERT_EQ(again->mapping, expected->mapping);
        }
      }
    }
  }
}

TEST(Mapper, FindsAllMappingsThatAreBestInCyclesAndEnergyTogether) {
  Rng rng = make_rng(5, "mapper test");
  const Platform asic = load_platform("asic-65nm");
  Mapper mapper(asic);
  std::size_t several = 0;
  for (int round = 0; round < 60; ++round) {
    for (const LayerShape& shape : random_shapes(rng)) {
      const Chunk chunk = tight_chunk(rng, shape);
      const int batch = 1 << random_between(rng, 0, 2);
      const bool residual = !shape.residual.segments.empty();
      const ChunkEnergy energy(chunk, residual, *asic.asic);
      using Price = std::pair<std::int64_t, double>;
      std::set<Price> all;
      for (const Mapping& mapping : stated_mappings(shape, chunk, batch)) {
        if (tile_fits(chunk, shape, mapping, batch)) {
          all.insert({layer_cycles(shape, chunk, mapping, batch, asic),
                      energy.of(layer_traffic(shape, chunk, mapping, batch))});
        }
      }
      std::vector<Price> expected;
      for (const Price& price : all) {
        if (std::none_of(all.begin(), all.end(), [&](const Price& other) {
              return other != price && other.first <= price.first && other.second <= price.second;
            })) {
          expected.push_back(price);
        }
      }
      std::vector<Price> found;
      for (const PricedMapping& priced : *mapper.energy_front(mapper.intern(shape), chunk, residual, batch)) {
        found.push_back({priced.cycles, priced.energy_pj});
        EXPECT_EQ(layer_cycles(shape, chunk, priced.mapping, batch, asic), priced.cycles);
        EXPECT_EQ(energy.of(layer_traffic(shape, chunk, priced.mapping, batch)), priced.energy_pj);
      }
      EXPECT_EQ(found, expected);
      several += found.size() > 1 ? 1 : 0;
    }
  }
  EXPECT_GT(several, 20);
}

TEST(Mapper, FindsNoEnergiesForAChunkThatCannotRunTheLayer) {
  Rng rng = make_rng(6, "mapper test");
  const LayerShape shape = random_shapes(rng).front();
  Mapper mapper(load_platform("asic-65nm"));
  Chunk chunk = random_chunk(rng, shape);
  EXPECT_FALSE(mapper.energy_front(mapper.intern(shape), chunk, false, 1)->empty());
  chunk.bits = shape.input.bits - 1;
  EXPECT_TRUE(mapper.energy_front(mapper.intern(shape), chunk, false, 1)->empty());
}

/// How near the bound is to the cycles, over many mappings.
struct Tightness {
  std::int64_t compared = 0;
  double sum = 0;
};

void compare_bound(Rng& rng, const LayerShape& shape, const StoreUse& use, Tightness& tightness) {
  const Chunk chunk = random_chunk(rng, shape);
  const int batch = 1 << random_between(rng, 0, 2);
  Tilings tilings(shape);
  const CycleBound bound(shape, chunk, batch, platform(), use);
  for (const TileSize& m : tilings.output_channels(chunk.unroll_m)) {
    for (const TileSize& n : tilings.input_channels(chunk.unroll_n)) {
      const TileSize& rows =
          tilings.rows(chunk.unroll_p, batch)[uniform_index(rng, tilings.rows(chunk.unroll_p, batch).size())];
      const TileSize& cols = tilings.columns()[uniform_index(rng, tilings.columns().size())];
      for (const LoopOrder order : {LoopOrder::rows_outer, LoopOrder::channels_outer}) {
        const Mapping mapping{m.size, n.size, rows.size, cols.size, order};
        if (!tile_fits(chunk, shape, mapping, batch)) {
          continue;
        }
        const std::int64_t cycles = layer_cycles(shape, chunk, mapping, batch, platform(), use);
        const std::int64_t least = bound.of(bound.channel_terms(m, n), rows, cols, order);
        ASSERT_LE(least, cycles) << "m " << m.size << " n " << n.size << " rows " << rows.size << " cols " << cols.size;
        tightness.sum += static_cast<double>(least) / static_cast<double>(cycles);
        ++tightness.compared;
      }
    }
  }
}

TEST(CycleBound, IsNeverAboveTheCycles) {
  Rng rng = make_rng(4, "bound test");
  Tightness tightness;
  for_random_layers(rng, 150, [&](const Network&, int, const LayerShape& shape) {
    compare_bound(rng, shape, StoreUse{}, tightness);
  });
  EXPECT_GT(tightness.compared, 1000);
  EXPECT_GT(tightness.sum / static_cast<double>(tightness.compared), 0.7);
}

TEST(CycleBound, IsNeverAboveTheCyclesWithMapsInTheStore) {
  Rng rng = make_rng(5, "bound test");
  Tightness tightness;
  for_random_layers(rng, 1000, [&](const Network& network, int layer, const LayerShape& shape) {
    compare_bound(rng, shape, random_store(rng, network, layer).use, tightness);
  });
  EXPECT_GT(tightness.compared, 5'000);
  EXPECT_GT(tightness.sum / static_cast<double>(tightness.compared), 0.6);
}

// Two maps of 12 channels, read together in tiles of 12: each is a whole map, whose runs span its rows.
TEST(CycleBound, KnowsThatATileMayBeAWholeMapOfAConcatenation) {
  Network network{.input = {.channels = 12, .height = 16, .width = 16, .bits = 8}};
  const auto add = [&](const char* id, std::vector<MapSlice> inputs, int channels) {
    network.layers.push_back({.id = id,
                              .inputs = std::move(inputs),
                              .channels_in = channels,
                              .channels_out = 12,
                              .kernel = {3, 3},
                              .padding = all_sides(1),
                              .height_in = 16,
                              .width_in = 16});
  };
  add("a", {{network_input, {{0, 12}}}}, 12);
  add("b", {{network_input, {{0, 12}}}}, 12);
  add("both", {{0, {{0, 12}}}, {1, {{0, 12}}}}, 24);
  const LayerShape shape = layer_shapes(network).back();
  const Chunk chunk{.unroll_m = 12,
                    .unroll_n = 16,
                    .unroll_p = 16,
                    .requant_lanes = 192,
                    .depth_input = 1 << 16,
                    .depth_weight = 1 << 16,
                    .depth_output = 1 << 16,
                    .accumulator = true,
                    .port_bits = 64};
  Tilings tilings(shape);
  const CycleBound bound(shape, chunk, 4, platform());
  for (const TileSize& m : tilings.output_channels(chunk.unroll_m)) {
    for (const TileSize& n : tilings.input_channels(chunk.unroll_n)) {
      for (const TileSize& rows : tilings.rows(chunk.unroll_p, 4)) {
        for (const TileSize& cols : tilings.columns()) {
          const Mapping mapping{m.size, n.size, rows.size, cols.size, LoopOrder::channels_outer};
          EXPECT_LE(bound.of(bound.channel_terms(m, n), rows, cols, mapping.order),
                    layer_cycles(shape, chunk, mapping, 4, platform()));
        }
      }
    }
  }
}

TEST(Tilings, CountsAreDenseUpToEightAndFourForEachDoubling) {
  EXPECT_THAT(tile_counts(1), testing::ElementsAre(1));
  EXPECT_THAT(tile_counts(9), testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(tile_counts(33), testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 33));
}

}  // namespace
}  // namespace autonba
