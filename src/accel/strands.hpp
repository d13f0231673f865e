#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "model/network.hpp"

namespace autonba {

/// Channels of several maps that addition, depthwise and pooling tie together are one strand: they have one place in
/// the order of channels. A map's channels are consecutive strands, or a list.
struct MapStrands {
  int channels = 0;
  int first = 0;               // strand of channel 0, where they are consecutive
  std::ptrdiff_t listed = -1;  // where the list starts, else -1
  int same_set = -1;           // an earlier map with the same strands, in whatever order; -1 if none is known
  int source = -1;             // the map that all strands were new in; -1 if that is not one
};

/// Which channels of a network's maps have one place in the order of channels, and where the order is cut into segments
/// (docs/cost-model.md, External memory). Networks are evaluated in some microseconds, so what can be said of all
/// channels of a map at once is: only maps that are cut or whose channels change places are looked at channel by
/// channel.
class Strands {
 public:
  explicit Strands(const Network& network);

  /// Maps are numbered in the order of their writers: those of the host's operations from the last to the first (one
  /// that writes no map counts as a map without channels), the network's input, the layers'.
  std::size_t number_of_map(int writer) const { return static_cast<std::size_t>(writer + host_writers_ + 1); }

  /// Of all strands.
  int count() const { return count_; }
  const MapStrands& of_map(std::size_t map) const { return maps_[map]; }
  int strand(const MapStrands& map, int channel) const {
    return map.listed < 0 ? map.first + channel : lists_[static_cast<std::size_t>(map.listed + channel)];
  }

  /// Strands of one kind are read and written by the same groups of the same layers and belong to the same maps: in
  /// each map they are one segment.
  int kind(int strand) const { return kinds_[static_cast<std::size_t>(strand)]; }
  /// Kinds are below this.
  std::size_t kind_limit() const { return marked_kinds_.size(); }
  /// How many strands from `begin` on, before `end`, are of one kind.
  int run_length(int begin, int end) const;
  /// Whether some of the map's strands may be of other kinds than the rest.
  bool is_cut(const MapStrands& map) const { return map.source < 0 || cut_[static_cast<std::size_t>(map.source)]; }

  /// Whether all channels that the layer reads are one map, in whatever order.
  bool reads_one_map(const Layer& layer) const;
  bool reads_one_whole_map(const Layer& layer) const;

 private:
  /// Channels of one map that a group of a layer reads.
  struct Part {
    int group = 0;
    int writer = 0;
    ChannelRange range;
  };

  int find(int strand);
  void join(int a, int b);
  MapStrands same(int writer) const;
  MapStrands fresh(int channels);
  MapStrands gathered(const Layer& layer);
  bool is_permutation(const MapStrands& listed, int writer);
  void bind_channels(const Network& network);
  void follow_joins();
  void begin_mark() { ++mark_; }
  void mark(const MapStrands& map, int first, int count);
  int marked_kind(int kind);
  void mark_reads(const Layer& layer, int channels_of_group);
  void cut(const Network& network);

  int host_writers_ = 0;
  int count_ = 0;
  std::vector<int> joined_;  // union-find over strands; empty while no two were joined
  std::vector<MapStrands> maps_;
  std::vector<int> lists_;
  std::vector<char> met_;  // of each strand of a map

  int mark_ = 0;
  std::vector<Part> parts_;                        // of the layer that is being looked at
  std::vector<int> kinds_;                         // of each strand
  std::vector<char> cut_;                          // of each map: whether a part of its strands was marked
  std::vector<std::pair<int, int>> marked_kinds_;  // of each kind: the last mark on it, and what it became by that
};

}  // namespace autonba
