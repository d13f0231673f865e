#include "accel/layout.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "base/error.hpp"

namespace autonba {
namespace {

constexpr std::int64_t granule_bits = 32;
constexpr std::int64_t row_alignment_bits = 256;

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::int64_t padded_bits(int channels, int bits) {
  const auto values = static_cast<unsigned>(granule_values(bits));
  return (static_cast<unsigned>(channels) + values - 1) / values * granule_bits;
}

/// Maps are numbered with the network's input first.
std::size_t number_of_map(int writer) {
  return static_cast<std::size_t>(writer + 1);
}

/// Channels of several maps that addition, depthwise and pooling tie together are one strand: they have one place in
/// the order of channels. A map's channels are consecutive strands, or a list.
struct MapStrands {
  int channels = 0;
  int first = 0;               // strand of channel 0, where they are consecutive
  std::ptrdiff_t listed = -1;  // where the list starts, else -1
  int original = -1;           // the map with the same strands from which these were copied, else -1
};

/// A segment of a map, before it is seen by a layer.
struct MapSegment {
  int kind = 0;  // of its strands
  int lowest_strand = 0;
  int first_channel = 0;  // one of its channels, as the map's writer counts them
  int channels = 0;
  std::int64_t offset_bits = 0;
};

/// What a writer leaves in memory.
struct MapLayout {
  int bits = 0;
  int height = 0;
  int width = 0;
  std::size_t segments_begin = 0;
  std::size_t segments_end = 0;
  StoredMap stored;
};

/// Channels of one map that a group of a layer reads.
struct Part {
  int group = 0;
  int writer = 0;
  ChannelRange range;
};

/// Works out the layouts of all maps of a network. Networks are evaluated in some microseconds, so what can be said of
/// all channels of a map at once is: only maps that are cut or whose channels change places are looked at channel by
/// channel.
class LayoutBuilder {
 public:
  explicit LayoutBuilder(const Network& network) : network_(network) {
    bind_channels();
    cut_strands();
    place_segments();
  }

  void fill_input_view(const Layer& layer, MapView& view) const {
    // A shuffle does not matter to depthwise layers: input and output have one order.
    if (is_depthwise_kind(layer) ? reads_one_map(layer) : reads_one_whole_map(layer)) {
      fill_view(layer.inputs.front().writer, is_depthwise_kind(layer) ? 1 : layer.groups, view);
    } else {
      fill_gathered_view(layer, view);
    }
  }

  /// The map of `writer` as a layer with `groups` groups writes it.
  void fill_view(int writer, int groups, MapView& view) const {
    const MapLayout& map = fill_size(writer, view);
    for (std::size_t i = map.segments_begin; i < map.segments_end; ++i) {
      const MapSegment& segment = segments_[i];
      const int group = groups == 1 ? 0 : segment.first_channel / (map.stored.channels / groups);
      view.segments.push_back({map.stored, group, segment.channels, segment.offset_bits});
    }
    const auto by_group = [](const Segment& a, const Segment& b) { return a.group < b.group; };
    if (!std::is_sorted(view.segments.begin(), view.segments.end(), by_group)) {
      std::stable_sort(view.segments.begin(), view.segments.end(), by_group);
    }
  }

 private:
  // Strands.

  int find(int strand) {
    if (joined_.empty()) {
      return strand;
    }
    const auto parent = [&](int s) -> int& { return joined_[static_cast<std::size_t>(s)]; };
    while (parent(strand) != strand) {
      strand = parent(strand) = parent(parent(strand));
    }
    return strand;
  }

  void join(int a, int b) {
    while (static_cast<int>(joined_.size()) < strand_count_) {
      joined_.push_back(static_cast<int>(joined_.size()));
    }
    a = find(a);
    b = find(b);
    joined_[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }

  int strand(const MapStrands& map, int channel) const {
    return map.listed < 0 ? map.first + channel : lists_[static_cast<std::size_t>(map.listed + channel)];
  }

  /// The strands of a map that has the channels of an earlier one.
  MapStrands same(int writer) const {
    MapStrands map = strands_[number_of_map(writer)];
    map.original = writer + 1;
    return map;
  }

  MapStrands fresh(int channels) {
    const MapStrands map{channels, strand_count_, -1, -1};
    strand_count_ += channels;
    return map;
  }

  bool reads_one_whole_map(const Layer& layer) const {
    return layer.inputs.size() == 1 && layer.inputs.front().channels.size() == 1 &&
           layer.inputs.front().channels.front().count == strands_[number_of_map(layer.inputs.front().writer)].channels;
  }

  /// Strands of the channels that a layer reads, in the order in which it sees them.
  MapStrands gathered(const Layer& layer) {
    if (reads_one_whole_map(layer)) {
      return same(layer.inputs.front().writer);
    }
    const MapStrands map{layer.channels_in, 0, static_cast<std::ptrdiff_t>(lists_.size()), -1};
    for (const MapSlice& slice : layer.inputs) {
      const MapStrands& read = strands_[number_of_map(slice.writer)];
      for (const ChannelRange& range : slice.channels) {
        for (int c = range.first; c < range.first + range.count; ++c) {
          lists_.push_back(strand(read, c));
        }
      }
    }
    return map;
  }

  void bind_channels() {
    strands_.reserve(network_.layers.size() + 1);
    strands_.push_back(fresh(network_.input.channels));
    for (const Layer& layer : network_.layers) {
      MapStrands written;
      if (is_depthwise_kind(layer)) {
        written = gathered(layer);
        if (layer.residual) {
          const MapStrands& added = strands_[number_of_map(*layer.residual)];
          for (int c = 0; c < layer.channels_out; ++c) {
            join(strand(written, c), strand(added, c));
          }
        }
      } else {
        written = layer.residual ? same(*layer.residual) : fresh(layer.channels_out);
      }
      strands_.push_back(written);
    }
    if (!joined_.empty()) {
      follow_joins();
    }
  }

  /// Writes out the strands of every map, each by the lowest that it was joined with.
  void follow_joins() {
    while (static_cast<int>(joined_.size()) < strand_count_) {
      joined_.push_back(static_cast<int>(joined_.size()));
    }
    std::vector<int> lists;
    for (MapStrands& map : strands_) {
      const auto begin = static_cast<std::ptrdiff_t>(lists.size());
      for (int c = 0; c < map.channels; ++c) {
        lists.push_back(find(strand(map, c)));
      }
      map.listed = begin;
      map.original = -1;
    }
    lists_ = std::move(lists);
  }

  // Cuts. Strands of one kind are read and written by the same groups of the same layers, and belong to the same maps.

  /// From here on the strands passed to `mark` become different from the others.
  void begin_mark() { ++mark_; }

  void mark(const MapStrands& map, int first, int count) {
    if (map.listed < 0) {
      mark_strands(map.first + first, map.first + first + count);
      return;
    }
    for (int c = first; c < first + count; ++c) {
      const int s = strand(map, c);
      mark_strands(s, s + 1);
    }
  }

  void mark_strands(int begin, int end) {
    while (begin < end) {
      const int kind = kinds_[static_cast<std::size_t>(begin)];
      if (marked_kinds_[static_cast<std::size_t>(kind)].first != mark_) {
        marked_kinds_[static_cast<std::size_t>(kind)] = {mark_, static_cast<int>(marked_kinds_.size())};
        marked_kinds_.push_back({});
      }
      const int marked = marked_kinds_[static_cast<std::size_t>(kind)].second;
      for (; begin < end && kinds_[static_cast<std::size_t>(begin)] == kind; ++begin) {
        kinds_[static_cast<std::size_t>(begin)] = marked;
      }
    }
  }

  /// What each group of the layer reads of each map is apart from the rest: groups, and the parts of concat and split.
  void mark_reads(const Layer& layer, int channels_of_group) {
    parts_.clear();
    int position = 0;
    for (const MapSlice& slice : layer.inputs) {
      for (ChannelRange range : slice.channels) {
        while (range.count > 0) {
          const int group = position / channels_of_group;
          const int count = std::min(range.count, (group + 1) * channels_of_group - position);
          parts_.push_back({group, slice.writer, {range.first, count}});
          range.first += count;
          range.count -= count;
          position += count;
        }
      }
    }
    if (layer.inputs.size() > 1) {
      std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
        return std::pair(a.group, a.writer) < std::pair(b.group, b.writer);
      });
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      if (i == 0 || part.group != parts_[i - 1].group || part.writer != parts_[i - 1].writer) {
        begin_mark();
      }
      mark(strands_[number_of_map(part.writer)], part.range.first, part.range.count);
    }
  }

  /// Whether all channels that the layer reads are one map, in whatever order.
  bool reads_one_map(const Layer& layer) const {
    const int writer = layer.inputs.front().writer;
    return layer.channels_in == strands_[number_of_map(writer)].channels &&
           std::all_of(layer.inputs.begin(), layer.inputs.end(),
                       [&](const MapSlice& slice) { return slice.writer == writer; });
  }

  void cut_strands() {
    kinds_.assign(static_cast<std::size_t>(strand_count_), 0);
    marked_kinds_.assign(1, {});
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      const Layer& layer = network_.layers[i];
      const bool grouped = layer.groups > 1 && !is_depthwise_kind(layer);
      if (grouped || !reads_one_map(layer)) {
        mark_reads(layer, grouped ? layer.channels_in / layer.groups : layer.channels_in);
      }
      if (!grouped) {
        continue;
      }
      const int channels_of_group = layer.channels_out / layer.groups;
      for (int group = 0; group < layer.groups; ++group) {
        begin_mark();
        mark(strands_[i + 1], group * channels_of_group, channels_of_group);
      }
    }
  }

  // Segments.

  void place_segments() {
    maps_.reserve(strands_.size());
    segments_.reserve(2 * strands_.size());
    segment_of_kind_.assign(marked_kinds_.size(), {-1, 0});
    const NetworkInput& input = network_.input;
    place_map(input.bits, input.height, input.width, "input");
    for (const Layer& layer : network_.layers) {
      place_map(layer.bits_out, height_out(layer), width_out(layer), layer.id);
    }
  }

  void place_map(int bits, int height, int width, const std::string& id) {
    const auto number = static_cast<int>(maps_.size());
    const MapStrands& strands = strands_[maps_.size()];
    MapLayout map{bits, height, width, segments_.size(), 0, {}};
    if (strands.original >= 0) {
      copy_segments(maps_[static_cast<std::size_t>(strands.original)]);
    } else if (strands.listed >= 0) {
      collect_listed(strands, number, id);
    } else {
      collect_consecutive(strands, number);
    }
    map.segments_end = segments_.size();
    for (std::size_t i = map.segments_begin; i < map.segments_end; ++i) {
      segments_[i].offset_bits = map.stored.pixel_bits;
      map.stored.pixel_bits += padded_bits(segments_[i].channels, bits);
    }
    map.stored.channels = strands.channels;
    map.stored.row_bits = round_up(map.stored.pixel_bits * width, row_alignment_bits);
    maps_.push_back(map);
  }

  void copy_segments(const MapLayout& map) {
    for (std::size_t i = map.segments_begin; i < map.segments_end; ++i) {
      segments_.push_back(segments_[i]);
    }
  }

  /// The segment of the map being placed that holds strands of `kind`, appended where it is new. A map's segments begin
  /// at `begin`.
  MapSegment& segment_of_kind(int kind, int map, std::size_t begin) {
    auto& [in_map, number] = segment_of_kind_[static_cast<std::size_t>(kind)];
    if (in_map != map) {
      in_map = map;
      number = static_cast<int>(segments_.size() - begin);
      segments_.push_back({.kind = kind});
    }
    return segments_[begin + static_cast<std::size_t>(number)];
  }

  /// Segments in the order of their lowest strands, run by run of strands of one kind.
  void collect_consecutive(const MapStrands& strands, int map) {
    const std::size_t segments_begin = segments_.size();
    const int end = strands.first + strands.channels;
    for (int begin = strands.first; begin < end;) {
      const int kind = kinds_[static_cast<std::size_t>(begin)];
      const int run = run_length(begin, end);
      MapSegment& segment = segment_of_kind(kind, map, segments_begin);
      if (segment.channels == 0) {
        segment.lowest_strand = begin;
        segment.first_channel = begin - strands.first;
      }
      segment.channels += run;
      begin += run;
    }
  }

  /// How many strands from `begin` on, before `end`, are of one kind.
  int run_length(int begin, int end) const {
    const int* kinds = kinds_.data();
    int differing = 0;  // a plain sum, in vectors: most maps are of one kind
    for (int s = begin; s < end; ++s) {
      differing |= kinds[s] ^ kinds[begin];
    }
    if (differing == 0) {
      return end - begin;
    }
    int s = begin + 1;
    while (kinds[s] == kinds[begin]) {
      ++s;
    }
    return s - begin;
  }

  /// As above for strands in any order. One that stands there twice has no place.
  void collect_listed(const MapStrands& strands, int map, const std::string& id) {
    const std::size_t begin = segments_.size();
    seen_in_.resize(static_cast<std::size_t>(strand_count_), -1);
    for (int c = 0; c < strands.channels; ++c) {
      const int s = strand(strands, c);
      if (std::exchange(seen_in_[static_cast<std::size_t>(s)], map) == map) {
        throw input_error(
            "layer {}: two of its channels would have to lie at one place in memory, because additions and "
            "depthwise layers tie them to the same channel; read a channel only once",
            id);
      }
      MapSegment& segment = segment_of_kind(kinds_[static_cast<std::size_t>(s)], map, begin);
      if (segment.channels == 0) {
        segment.lowest_strand = s;
        segment.first_channel = c;
      }
      segment.lowest_strand = std::min(segment.lowest_strand, s);
      ++segment.channels;
    }
    std::sort(segments_.begin() + static_cast<std::ptrdiff_t>(begin), segments_.end(),
              [](const MapSegment& a, const MapSegment& b) { return a.lowest_strand < b.lowest_strand; });
  }

  // Views.

  /// Sets bits and size, no segments yet.
  const MapLayout& fill_size(int writer, MapView& view) const {
    const MapLayout& map = maps_[number_of_map(writer)];
    view.bits = map.bits;
    view.height = map.height;
    view.width = map.width;
    view.segments.clear();
    return map;
  }

  /// The segments that a layer reads where it reads parts of maps or several maps, or, in groups, another order.
  void fill_gathered_view(const Layer& layer, MapView& view) const {
    std::vector<Read> reads;
    const int channels_of_group = is_depthwise_kind(layer) ? layer.channels_in : layer.channels_in / layer.groups;
    int position = 0;
    for (const MapSlice& slice : layer.inputs) {
      for (const ChannelRange& range : slice.channels) {
        for (int c = range.first; c < range.first + range.count; ++c, ++position) {
          add_read(reads, slice.writer, c, position / channels_of_group);
        }
      }
    }
    if (is_depthwise_kind(layer)) {
      std::sort(reads.begin(), reads.end(),
                [](const Read& a, const Read& b) { return a.lowest_strand < b.lowest_strand; });
    } else {
      std::sort(reads.begin(), reads.end(), [](const Read& a, const Read& b) {
        return std::tuple(a.segment.group, a.segment.map.index, a.number) <
               std::tuple(b.segment.group, b.segment.map.index, b.number);
      });
    }
    fill_size(layer.inputs.front().writer, view);
    int channels = 0;
    for (const Read& read : reads) {
      view.segments.push_back(read.segment);
      channels += read.segment.channels;
    }
    if (channels != layer.channels_in) {
      throw input_error("layer {}: reads a channel twice, for which there is no layout", layer.id);
    }
  }

  struct Read {
    Segment segment;
    int writer;
    std::size_t number;
    int lowest_strand;
  };

  /// Adds the segment that holds channel `c` of the map of `writer`, unless it is there already.
  void add_read(std::vector<Read>& reads, int writer, int c, int group) const {
    const MapLayout& map = maps_[number_of_map(writer)];
    const int kind = kinds_[static_cast<std::size_t>(strand(strands_[number_of_map(writer)], c))];
    std::size_t number = map.segments_begin;
    while (segments_[number].kind != kind) {
      ++number;
    }
    int maps = 0;
    int index = -1;
    for (const Read& read : reads) {
      if (read.number == number) {
        return;
      }
      maps = std::max(maps, read.segment.map.index + 1);
      index = read.writer == writer ? read.segment.map.index : index;
    }
    StoredMap stored = map.stored;
    stored.index = index < 0 ? maps : index;
    const MapSegment& segment = segments_[number];
    reads.push_back({{stored, group, segment.channels, segment.offset_bits}, writer, number, segment.lowest_strand});
  }

  const Network& network_;

  int strand_count_ = 0;
  std::vector<int> joined_;  // union-find over strands; empty while no two were joined
  std::vector<MapStrands> strands_;
  std::vector<int> lists_;

  int mark_ = 0;
  std::vector<Part> parts_;                        // of the layer that is being looked at
  std::vector<int> kinds_;                         // of each strand
  std::vector<std::pair<int, int>> marked_kinds_;  // of each kind: the last mark on it, and what it became by that

  std::vector<MapLayout> maps_;
  std::vector<MapSegment> segments_;
  std::vector<int> seen_in_;                          // of each strand: the last map that it was met in
  std::vector<std::pair<int, int>> segment_of_kind_;  // of each kind: the last map it was met in, its segment there
};

void check_bits(const Network& network, const Layer& layer) {
  for (const MapSlice& slice : layer.inputs) {
    const int written = slice.writer == network_input ? network.input.bits
                                                      : network.layers[static_cast<std::size_t>(slice.writer)].bits_out;
    if (written != layer.bits) {
      throw input_error("layer {}: has {} bits, but reads a map of {} bits", layer.id, layer.bits, written);
    }
  }
}

void fill_shape(const Network& network, int index, const LayoutBuilder& layouts, LayerShape& shape) {
  const Layer& layer = network.layers[static_cast<std::size_t>(index)];
  check_bits(network, layer);
  const bool depthwise = is_depthwise_kind(layer);
  shape.op = layer.op;
  shape.groups = depthwise ? 1 : layer.groups;
  shape.m = layer.channels_out / shape.groups;
  shape.n = depthwise ? 1 : layer.channels_in / layer.groups;
  shape.kernel_height = layer.kernel[0];
  shape.kernel_width = layer.kernel[1];
  shape.padding = layer.padding;
  shape.dilation = layer.dilation;
  layouts.fill_input_view(layer, shape.input);
  layouts.fill_view(index, shape.groups, shape.output);
  shape.residual.segments.clear();
  shape.residual.bits = shape.residual.height = shape.residual.width = 0;
  if (layer.residual) {
    layouts.fill_view(*layer.residual, shape.groups, shape.residual);
  }
  shape.stride_rows = shape.output.height == 1 ? 1 : layer.stride;
  shape.stride_cols = shape.output.width == 1 ? 1 : layer.stride;
  shape.flattened = layer.kernel[0] == 1 && layer.kernel[1] == 1 && layer.padding == 0 &&
                    shape.output.height == shape.input.height && shape.output.width == shape.input.width;
}

void combine(std::size_t& hash, std::int64_t value) {
  hash = (hash ^ static_cast<std::size_t>(value)) * 0x9e3779b97f4a7c15ULL;
  hash ^= hash >> 32;
}

void combine(std::size_t& hash, const MapView& view) {
  combine(hash, view.bits);
  combine(hash, view.height);
  combine(hash, view.width);
  for (const Segment& segment : view.segments) {
    combine(hash, segment.map.index);
    combine(hash, segment.map.channels);
    combine(hash, segment.map.row_bits);
    combine(hash, segment.group);
    combine(hash, segment.channels);
    combine(hash, segment.offset_bits);
  }
}

}  // namespace

void visit_layer_shapes(const Network& network, const std::function<void(const LayerShape&)>& visit) {
  const LayoutBuilder layouts(network);
  LayerShape shape;  // one for all layers, so that its vectors are allocated once
  for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
    fill_shape(network, i, layouts, shape);
    visit(shape);
  }
}

std::vector<LayerShape> layer_shapes(const Network& network) {
  std::vector<LayerShape> shapes;
  shapes.reserve(network.layers.size());
  visit_layer_shapes(network, [&](const LayerShape& shape) { shapes.push_back(shape); });
  return shapes;
}

std::size_t hash_value(const LayerShape& shape) {
  std::size_t hash = 0;
  for (const int value : {static_cast<int>(shape.op), shape.groups, shape.m, shape.n, shape.kernel_height,
                          shape.kernel_width, shape.stride_rows, shape.stride_cols, shape.padding, shape.dilation}) {
    combine(hash, value);
  }
  combine(hash, shape.input);
  combine(hash, shape.output);
  combine(hash, shape.residual);
  return hash;
}

}  // namespace autonba
