#include "explore/explain.hpp"

#include <gmock/gmock.h>

#include <set>

#include "accel/resources.hpp"
#include "base/error.hpp"
#include "explore/engine.hpp"
#include "problems.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;

constexpr std::size_t runners_up = 5;

/// A small network on an accelerator that an engine found for it.
class Explained : public testing::Test {
 protected:
  SmallProblem small_{quick_network("k3_e3", 6)};
  Accelerator accelerator_ = *explore("random", small_.problem(), {200}, 1, small_.mapper).accelerator;
  std::vector<LayerShape> shapes_ = layer_shapes(small_.network);

  Explanation of(std::size_t layer) { return explain(small_.network, accelerator_, layer, runners_up, small_.mapper); }
  const Chunk& chunk_of(std::size_t layer) const {
    return accelerator_.chunks[static_cast<std::size_t>(accelerator_.places[layer].chunk)];
  }
  std::size_t layers() const { return small_.network.layers.size(); }
};

TEST_F(Explained, TheTermsOfEveryTilingAddUpToItsCycles) {
  for (std::size_t i = 0; i < layers(); ++i) {
    const Explanation why = of(i);
    std::vector<ExplainedTiling> tilings = why.others;
    tilings.push_back(why.chosen);
    for (const ExplainedTiling& tiling : tilings) {
      EXPECT_EQ(total(tiling.terms),
                layer_cycles(shapes_[i], chunk_of(i), tiling.mapping, accelerator_.batch, small_.platform));
    }
  }
}

// The mapper finds the best tiling through bounds and without counting most of them.
TEST_F(Explained, TheFastestTilingIsWhatTheMapperFinds) {
  for (std::size_t i = 0; i < layers(); ++i) {
    const auto best = small_.mapper.best(small_.mapper.intern(shapes_[i]), chunk_of(i), accelerator_.batch);
    ASSERT_TRUE(best);
    EXPECT_EQ(of(i).fastest_cycles, best->cycles) << small_.network.layers[i].id;
  }
}

TEST_F(Explained, RunnersUpFitAreDifferentAndGetSlower) {
  for (std::size_t i = 0; i < layers(); ++i) {
    const Explanation why = of(i);
    EXPECT_EQ(why.others.size(), std::min<std::size_t>(runners_up, static_cast<std::size_t>(why.fitting) - 1));
    std::vector<Mapping> seen = {why.chosen.mapping};
    std::int64_t last = 0;
    for (const ExplainedTiling& other : why.others) {
      EXPECT_TRUE(tile_fits(chunk_of(i), shapes_[i], other.mapping, accelerator_.batch));
      EXPECT_EQ(std::count(seen.begin(), seen.end(), other.mapping), 0);
      EXPECT_GE(total(other.terms), last);
      EXPECT_LE(other.words.input, chunk_of(i).depth_input);
      EXPECT_LE(other.words.weight, chunk_of(i).depth_weight);
      EXPECT_LE(other.words.output, chunk_of(i).depth_output);
      last = total(other.terms);
      seen.push_back(other.mapping);
    }
  }
}

TEST_F(Explained, ATilingThatIsNotTheFastestSaysItsRank) {
  const Explanation before = of(0);
  ASSERT_EQ(before.rank, 1);
  ASSERT_GT(total(before.others[2].terms), total(before.others[1].terms));
  accelerator_.places[0].mapping = before.others[2].mapping;
  const Explanation why = of(0);
  EXPECT_EQ(why.rank, 4);  // the chosen one and two others were faster
  EXPECT_EQ(why.fastest_cycles, before.fastest_cycles);
  EXPECT_EQ(why.fitting, before.fitting);
}

TEST_F(Explained, LargerBuffersAndPortsNeverSlowALayerDown) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < layers(); ++i) {
    const Explanation why = of(i);
    for (const Relaxation& relaxation : why.relaxations) {
      if (relaxation.what.ends_with("buffer")) {
        EXPECT_LE(relaxation.cycles, why.fastest_cycles) << relaxation.what;
      }
      seen.insert(relaxation.what);
    }
  }
  EXPECT_EQ(seen.count("twice the input buffer"), 1);
  EXPECT_EQ(seen.count("an accumulator buffer"), 1);
  EXPECT_GE(seen.size(), 6);
}

TEST_F(Explained, ArithmeticAloneIsALowerBound) {
  for (std::size_t i = 0; i < layers(); ++i) {
    const Explanation why = of(i);
    EXPECT_LE(why.least_cycles, why.fastest_cycles);
    EXPECT_GE(why.least_cycles * mac_count(chunk_of(i)), accelerator_.batch * macs(small_.network.layers[i]));
  }
}

TEST_F(Explained, OtherChunksRunTheLayerOrSayWhyNot) {
  for (std::size_t i = 0; i < layers(); ++i) {
    const Explanation why = of(i);
    ASSERT_EQ(why.elsewhere.size(), accelerator_.chunks.size() - 1);
    for (const Elsewhere& other : why.elsewhere) {
      const Chunk& chunk = accelerator_.chunks[other.chunk];
      if (chunk.kind != chunk_of(i).kind) {
        EXPECT_THAT(other.why_not, HasSubstr("it is for"));
      } else if (other.cycles) {
        const auto best = small_.mapper.best(small_.mapper.intern(shapes_[i]), chunk, accelerator_.batch);
        EXPECT_EQ(*other.cycles, best->cycles);
      }
    }
  }
}

TEST(ExplainedOnAnAsic, EnergiesOfTilingsAreThoseOfTheCostModel) {
  AsicProblem asic(quick_network("k3_e3", 6));
  const Solution solution = explore("random", asic.problem(Objective::energy), {60}, 1, asic.mapper);
  ASSERT_TRUE(solution.accelerator);
  for (std::size_t i = 0; i < asic.network.layers.size(); ++i) {
    const Explanation why = explain(asic.network, *solution.accelerator, i, 1, asic.mapper);
    EXPECT_DOUBLE_EQ(why.chosen.energy_pj.value(), solution.cost.energy->layer_pj[i]);
  }
}

TEST(LayerNamed, NamesTheNearestLayer) {
  const Network network = quick_network("k3_e3", 6);
  EXPECT_EQ(layer_named(network, network.layers[3].id), 3);
  try {
    layer_named(network, "block0.projct");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no layer block0.projct; did you mean block0.project?"));
  }
  try {
    layer_named(network, "something else");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("its first layers are stem, "));
  }
}

}  // namespace
}  // namespace autonba
