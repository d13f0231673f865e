#include "walked_maps.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace autonba {
namespace {

/// What tells channels that may not share a segment apart, by the first of the channels tied to them: maps, and groups
/// of readers and writers.
using Signatures = std::map<Channel, std::set<std::tuple<int, int, int, int>>>;

/// Without places.
WalkedMaps maps_of(const Network& network) {
  WalkedMaps found;
  found.maps[network_input] = {
      network.input.bits, network.input.height, network.input.width, network.input.channels, 0, 0, {}, {}};
  for (std::size_t i = 0; i < network.host_ops.size(); ++i) {
    if (const auto& map = network.host_ops[i].map) {
      found.maps[host_writer(i)] = {map->bits, map->height, map->width, map->channels, 0, 0, {}, {}};
    }
  }
  for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
    const Layer& layer = network.layers[static_cast<std::size_t>(i)];
    found.maps[i] = {layer.bits_out, height_out(layer), width_out(layer), layer.channels_out, 0, 0, {}, {}};
  }
  return found;
}

/// Ties channels until nothing changes.
void tie_channels(const Network& network, WalkedMaps& found) {
  for (const auto& [writer, map] : found.maps) {
    for (int c = 0; c < map.channels; ++c) {
      found.lowest[{writer, c}] = {writer, c};
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    const auto tie = [&](Channel a, Channel b) {
      const Channel low = std::min(found.lowest[a], found.lowest[b]);
      for (const Channel& channel : {a, b}) {
        if (found.lowest[channel] != low) {
          const Channel old = found.lowest[channel];
          for (auto& entry : found.lowest) {
            if (entry.second == old) {
              entry.second = low;
            }
          }
          changed = true;
        }
      }
    };
    for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
      const Layer& layer = network.layers[static_cast<std::size_t>(i)];
      const std::vector<Channel> read = channels_read(layer);
      for (int c = 0; c < layer.channels_out; ++c) {
        if (layer.residual) {
          tie({*layer.residual, c}, {i, c});
        }
        if (walks_as_depthwise(layer)) {
          tie(read[static_cast<std::size_t>(c)], {i, c});
        }
      }
    }
  }
}

Signatures signatures_of(const Network& network, WalkedMaps& found) {
  Signatures signature;
  for (const auto& [channel, low] : found.lowest) {
    signature[low].insert({0, channel.first, 0, 0});
  }
  for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
    const Layer& layer = network.layers[static_cast<std::size_t>(i)];
    if (walks_as_depthwise(layer)) {
      continue;
    }
    const std::vector<Channel> read = channels_read(layer);
    for (int c = 0; c < layer.channels_in; ++c) {
      const Channel channel = read[static_cast<std::size_t>(c)];
      signature[found.lowest[channel]].insert({1, i, c / (layer.channels_in / layer.groups), channel.first});
    }
    for (int c = 0; c < layer.channels_out; ++c) {
      signature[found.lowest[{i, c}]].insert({2, i, c / (layer.channels_out / layer.groups), 0});
    }
  }
  return signature;
}

void place_channels(int writer, WalkedMap& map, const WalkedMaps& found, const Signatures& signature) {
  std::vector<std::pair<Channel, int>> order;  // lowest tied channel, own number
  for (int c = 0; c < map.channels; ++c) {
    order.emplace_back(found.lowest.at({writer, c}), c);
  }
  std::sort(order.begin(), order.end());
  map.segment.assign(static_cast<std::size_t>(map.channels), -1);
  map.first_bit.assign(static_cast<std::size_t>(map.channels), 0);
  int segments = 0;
  for (const auto& [first_low, first] : order) {
    if (map.segment[static_cast<std::size_t>(first)] >= 0) {
      continue;
    }
    int in_granule = 0;
    for (const auto& [low, c] : order) {
      if (signature.at(low) != signature.at(first_low)) {
        continue;
      }
      if (in_granule == 32 / map.bits) {
        in_granule = 0;
        map.pixel_bits += 32;
      }
      map.segment[static_cast<std::size_t>(c)] = segments;
      map.first_bit[static_cast<std::size_t>(c)] = map.pixel_bits + in_granule * map.bits;
      ++in_granule;
    }
    map.pixel_bits += 32;
    ++segments;
  }
  map.row_bits = map.pixel_bits * map.width;
  while (map.row_bits % 256 != 0) {
    ++map.row_bits;
  }
}

}  // namespace

bool walks_as_depthwise(const Layer& layer) {
  return layer.op != LayerOp::conv && layer.op != LayerOp::linear;
}

std::vector<Channel> channels_read(const Layer& layer) {
  std::vector<Channel> channels;
  for (const MapSlice& slice : layer.inputs) {
    for (const ChannelRange& range : slice.channels) {
      for (int c = 0; c < range.count; ++c) {
        channels.emplace_back(slice.writer, range.first + c);
      }
    }
  }
  return channels;
}

WalkedMaps walk_maps(const Network& network) {
  WalkedMaps found = maps_of(network);
  tie_channels(network, found);
  const Signatures signature = signatures_of(network, found);
  for (auto& [writer, map] : found.maps) {
    place_channels(writer, map, found, signature);
  }
  return found;
}

}  // namespace autonba
