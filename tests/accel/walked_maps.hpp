#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/network.hpp"

namespace autonba {

using Channel = std::pair<int, int>;  // writer of its map, number in the map

/// Depthwise and pooling.
bool walks_as_depthwise(const Layer& layer);

/// In the order in which the layer sees them.
std::vector<Channel> channels_read(const Layer& layer);

/// Where the values of a pixel lie in a map.
struct WalkedMap {
  int bits = 0;
  int height = 0;
  int width = 0;
  int channels = 0;
  std::int64_t pixel_bits = 0;
  std::int64_t row_bits = 0;
  std::vector<int> segment;             // of each channel
  std::vector<std::int64_t> first_bit;  // of each channel's value within the pixel
};

/// All maps of a network, channel by channel.
struct WalkedMaps {
  std::map<int, WalkedMap> maps;      // by writer
  std::map<Channel, Channel> lowest;  // of the channels tied to a channel, the first
};

/// Where docs/cost-model.md, External memory, places every channel; written apart from accel/layout.
WalkedMaps walk_maps(const Network& network);

}  // namespace autonba
