#include "accel/layout.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/error.hpp"
#include "random_cases.hpp"

namespace autonba {
namespace {

constexpr int size = 6;

Layer conv(std::vector<MapSlice> inputs, int channels_in, int channels_out, int groups = 1, int bits = 8) {
  return {.id = "conv",
          .inputs = std::move(inputs),
          .channels_in = channels_in,
          .channels_out = channels_out,
          .groups = groups,
          .height_in = size,
          .width_in = size,
          .bits = bits,
          .bits_out = bits};
}

Layer depthwise(std::vector<MapSlice> inputs, int channels, int bits = 8) {
  Layer layer = conv(std::move(inputs), channels, channels, channels, bits);
  layer.op = LayerOp::depthwise;
  return layer;
}

Network network_of(int channels, int bits, std::vector<Layer> layers) {
  Network network{{channels, size, size, bits}, std::move(layers), {}};
  check(network, "test");
  return network;
}

std::vector<int> channels_of(const MapView& view) {
  std::vector<int> channels;
  for (const Segment& segment : view.segments) {
    channels.push_back(segment.channels);
  }
  return channels;
}

TEST(Layout, GranulesHoldWholeValuesAndRowsArePaddedTo256Bits) {
  const auto shapes = layer_shapes(network_of(7, 5, {conv({{network_input, {{0, 7}}}}, 7, 3, 1, 5)}));
  // 5 bits: 6 values in a granule, so 7 channels take two; 6 pixels of 64 bits are 384, padded to 512.
  ASSERT_EQ(shapes[0].input.segments.size(), 1U);
  EXPECT_EQ(shapes[0].input.segments[0].map.pixel_bits, 64);
  EXPECT_EQ(shapes[0].input.segments[0].map.row_bits, 512);
  EXPECT_EQ(shapes[0].output.segments[0].map.pixel_bits, 32);
  EXPECT_EQ(shapes[0].output.segments[0].map.row_bits, 256);
}

// Two groups write 9 channels each, a depthwise layer reads them shuffled, two groups read its output: the first reads
// every other channel, 5 of the first writer's group and 4 of the second's.
TEST(Layout, AShuffleBetweenGroupsCutsIntoWhatEachPairOfGroupsShares) {
  MapSlice shuffled{0, {}};
  for (int i = 0; i < 18; ++i) {
    shuffled.channels.push_back({i % 2 * 9 + i / 2, 1});
  }
  const Network network = network_of(
      8, 8, {conv({{network_input, {{0, 8}}}}, 8, 18, 2), depthwise({shuffled}, 18), conv({{1, {{0, 18}}}}, 18, 4, 2)});
  const auto shapes = layer_shapes(network);
  EXPECT_EQ(channels_of(shapes[0].input), (std::vector<int>{4, 4}));
  EXPECT_EQ(channels_of(shapes[0].output), (std::vector<int>{5, 4, 4, 5}));
  EXPECT_EQ(channels_of(shapes[1].input), (std::vector<int>{5, 4, 4, 5}));
  EXPECT_EQ(channels_of(shapes[2].input), (std::vector<int>{5, 4, 4, 5}));
  std::vector<int> groups;
  std::vector<std::int64_t> offsets;
  for (const Segment& segment : shapes[2].input.segments) {
    groups.push_back(segment.group);
    offsets.push_back(segment.offset_bits);
  }
  // By group of the reader; in memory 5 4 4 5 channels, so 64, 32, 32 and 64 bits.
  EXPECT_EQ(groups, (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(offsets, (std::vector<std::int64_t>{0, 96, 64, 128}));
}

TEST(Layout, AConvReadsAConcatenationFromTwoMaps) {
  const auto shapes = layer_shapes(network_of(
      4, 8, {conv({{network_input, {{0, 4}}}}, 4, 5), conv({{0, {{0, 5}}}, {network_input, {{0, 4}}}}, 9, 2)}));
  const MapView& view = shapes[1].input;
  ASSERT_EQ(channels_of(view), (std::vector<int>{5, 4}));
  EXPECT_EQ(view.segments[0].map.index, 0);
  EXPECT_EQ(view.segments[0].map.channels, 5);
  EXPECT_EQ(view.segments[1].map.index, 1);
  EXPECT_EQ(view.segments[1].map.channels, 4);
}

TEST(Layout, APartThatIsReadAloneIsASegment) {
  const auto shapes = layer_shapes(network_of(10, 8, {conv({{network_input, {{3, 4}}}}, 4, 1)}));
  // 3 + 3 channels that nobody reads here are one segment, before the 4, because channel 0 comes first.
  ASSERT_EQ(channels_of(shapes[0].input), (std::vector<int>{4}));
  EXPECT_EQ(shapes[0].input.segments[0].offset_bits, 64);
  EXPECT_EQ(shapes[0].input.segments[0].map.pixel_bits, 96);
}

TEST(Layout, ChannelsTiedToTwoPlacesAreRefused) {
  // Adds a map to itself in another order.
  Layer layer = depthwise({{network_input, {{1, 1}, {0, 1}}}}, 2);
  layer.residual = network_input;
  EXPECT_THROW(layer_shapes(network_of(2, 8, {layer})), InputError);
  EXPECT_THROW(layer_shapes(network_of(2, 8, {conv({{network_input, {{0, 2}, {1, 1}}}}, 3, 1)})), InputError);
  EXPECT_THROW(layer_shapes(network_of(2, 8, {conv({{network_input, {{0, 1}, {0, 1}}}}, 2, 1)})), InputError);
}

TEST(Layout, BitsOfAReaderMustBeThoseOfItsMap) {
  EXPECT_THROW(layer_shapes(network_of(2, 6, {conv({{network_input, {{0, 2}}}}, 2, 1)})), InputError);
}

TEST(Layout, OneOutputMeansStrideOneAndStrideOneByOneIsFlattened) {
  Layer pool = depthwise({{network_input, {{0, 4}}}}, 4);
  pool.op = LayerOp::avgpool;
  pool.kernel = {size, size};
  pool.stride = square(2);
  const auto shapes = layer_shapes(network_of(4, 8, {pool, conv({{network_input, {{0, 4}}}}, 4, 4)}));
  EXPECT_EQ(shapes[0].stride_rows, 1);
  EXPECT_FALSE(shapes[0].flattened);
  EXPECT_TRUE(shapes[1].flattened);
  EXPECT_EQ(tiled_rows(shapes[1], 3), 3 * size * size);
  EXPECT_EQ(tiled_cols(shapes[1]), 1);
}

TEST(Layout, EqualLayersHaveEqualShapesAndHashes) {
  const auto shapes = layer_shapes(network_of(
      4, 8, {conv({{network_input, {{0, 4}}}}, 4, 4), conv({{0, {{0, 4}}}}, 4, 4), conv({{1, {{0, 4}}}}, 4, 5)}));
  EXPECT_EQ(shapes[0], shapes[1]);
  EXPECT_EQ(hash_value(shapes[0]), hash_value(shapes[1]));
  EXPECT_NE(shapes[0], shapes[2]);
  EXPECT_NE(hash_value(shapes[0]), hash_value(shapes[2]));
}

TEST(Layout, LaidOutMapsHoldEveryChannelOnceAndItsGroups) {
  Rng rng = make_rng(5, "layout");
  int grouped = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Network network = random_network(rng);
    std::vector<LaidOutMap> maps;
    try {
      maps = lay_out_maps(network);
    } catch (const InputError&) {
      continue;
    }
    const std::size_t not_layers = network.host_ops.size() + 1;
    ASSERT_EQ(maps.size(), not_layers + network.layers.size());
    for (std::size_t map = 0; map < maps.size(); ++map) {
      std::set<int> channels;
      std::int64_t offset = 0;
      for (const LaidOutSegment& segment : maps[map].segments) {
        EXPECT_EQ(segment.offset_bits, offset);
        const int values = 32 / maps[map].bits;
        offset += (static_cast<int>(segment.channels.size()) + values - 1) / values * 32;
        for (const int channel : segment.channels) {
          EXPECT_TRUE(channels.insert(channel).second);
          for (const auto& [reader, group] : segment.groups) {
            const Layer& layer = network.layers[static_cast<std::size_t>(reader)];
            int position = 0;
            for (const MapSlice& slice : layer.inputs) {
              for (const ChannelRange& range : slice.channels) {
                for (int c = range.first; c < range.first + range.count; ++c, ++position) {
                  if (slice.writer + static_cast<int>(not_layers) == static_cast<int>(map) && c == channel) {
                    EXPECT_EQ(group, position / (layer.channels_in / layer.groups));
                    ++grouped;
                  }
                }
              }
            }
          }
        }
      }
      EXPECT_EQ(static_cast<int>(channels.size()), maps[map].stored.channels);
      EXPECT_EQ(offset, maps[map].stored.pixel_bits);
    }
  }
  EXPECT_GT(grouped, 100);
}

}  // namespace
}  // namespace autonba
