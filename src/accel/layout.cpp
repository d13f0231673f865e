#include "accel/layout.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "accel/strands.hpp"
#include "base/ceil_div.hpp"
#include "base/error.hpp"

namespace autonba {
namespace {

constexpr std::int64_t row_alignment_bits = 256;

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return ceil_div(value, multiple) * multiple;
}

std::int64_t padded_bits(int channels, int bits) {
  return ceil_div(channels, granule_values(bits)) * granule_bits;
}

/// A segment of a map, before it is seen by a layer.
struct MapSegment {
  int kind = 0;  // of its strands
  int lowest_strand = 0;
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

/// Places the segments of all maps of a network, and shows them as its layers see them.
class LayoutBuilder {
 public:
  explicit LayoutBuilder(const Network& network) : network_(network), strands_(network) { place_segments(); }

  void fill_input_view(const Layer& layer, MapView& view) const {
    // A shuffle does not matter to depthwise layers: input and output have one order.
    if (is_depthwise_kind(layer) ? strands_.reads_one_map(layer) : strands_.reads_one_whole_map(layer)) {
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
      Segment& seen = view.segments.emplace_back();
      seen.map = map.stored;
      seen.group = groups == 1 ? 0 : channel_in(segment, writer) / (map.stored.channels / groups);
      seen.channels = segment.channels;
      seen.offset_bits = segment.offset_bits;
    }
    const auto by_group = [](const Segment& a, const Segment& b) { return a.group < b.group; };
    if (!std::is_sorted(view.segments.begin(), view.segments.end(), by_group)) {
      std::stable_sort(view.segments.begin(), view.segments.end(), by_group);
    }
  }

  LaidOutMap lay_out(int writer) const {
    const MapLayout& map = maps_[strands_.number_of_map(writer)];
    const MapStrands& strands = strands_.of_map(strands_.number_of_map(writer));
    LaidOutMap found{map.bits, map.height, map.width, map.stored, {}};
    for (std::size_t i = map.segments_begin; i < map.segments_end; ++i) {
      std::vector<std::pair<int, int>> order;  // strand, channel
      for (int c = 0; c < strands.channels; ++c) {
        const int s = strands_.strand(strands, c);
        if (strands_.kind(s) == segments_[i].kind) {
          order.emplace_back(s, c);
        }
      }
      std::sort(order.begin(), order.end());
      LaidOutSegment segment{segments_[i].offset_bits, {}, groups_of(order.front().first, writer)};
      for (const auto& [s, c] : order) {
        segment.channels.push_back(c);
      }
      found.segments.push_back(std::move(segment));
    }
    return found;
  }

 private:
  /// One of the channels that a segment of the map of `writer` holds, as the writer counts them.
  int channel_in(const MapSegment& segment, int writer) const {
    const MapStrands& strands = strands_.of_map(strands_.number_of_map(writer));
    int c = strands.listed < 0 ? segment.lowest_strand - strands.first : 0;
    while (strands_.strand(strands, c) != segment.lowest_strand) {
      ++c;
    }
    return c;
  }

  /// Grouped layers that read or write a strand of the map of `writer`, with the group that does: through this map,
  /// where they do, else through another one.
  std::vector<std::pair<int, int>> groups_of(int strand, int writer) const {
    std::vector<std::pair<int, int>> groups;
    for (int i = 0; i < static_cast<int>(network_.layers.size()); ++i) {
      const Layer& layer = network_.layers[static_cast<std::size_t>(i)];
      if (layer.groups == 1 || is_depthwise_kind(layer)) {
        continue;
      }
      auto group = i == writer ? group_that_writes(i, strand) : group_that_reads(layer, strand, writer);
      group = group ? group : group_that_reads(layer, strand, std::nullopt);
      group = group ? group : group_that_writes(i, strand);
      if (group) {
        groups.emplace_back(i, *group);
      }
    }
    return groups;
  }

  /// Through the map of `writer`, where given.
  std::optional<int> group_that_reads(const Layer& layer, int strand, std::optional<int> writer) const {
    int position = 0;
    for (const MapSlice& slice : layer.inputs) {
      const MapStrands& strands = strands_.of_map(strands_.number_of_map(slice.writer));
      for (const ChannelRange& range : slice.channels) {
        for (int c = range.first; c < range.first + range.count; ++c, ++position) {
          if (slice.writer == writer.value_or(slice.writer) && strands_.strand(strands, c) == strand) {
            return position / (layer.channels_in / layer.groups);
          }
        }
      }
    }
    return std::nullopt;
  }

  std::optional<int> group_that_writes(int writer, int strand) const {
    const Layer& layer = network_.layers[static_cast<std::size_t>(writer)];
    for (int c = 0; c < layer.channels_out; ++c) {
      if (strands_.strand(strands_.of_map(strands_.number_of_map(writer)), c) == strand) {
        return c / (layer.channels_out / layer.groups);
      }
    }
    return std::nullopt;
  }

  // Segments.

  void place_segments() {
    maps_.reserve(network_.host_ops.size() + 1 + network_.layers.size());
    segments_.reserve(2 * maps_.capacity());
    segment_of_kind_.assign(strands_.kind_limit(), {-1, 0});
    for (auto op = network_.host_ops.rbegin(); op != network_.host_ops.rend(); ++op) {
      const NetworkInput map = op->map.value_or(NetworkInput{.channels = 0});
      place_map(map.bits, map.height, map.width, op->id);
    }
    const NetworkInput& input = network_.input;
    place_map(input.bits, input.height, input.width, "input");
    for (const Layer& layer : network_.layers) {
      place_map(layer.bits_out, height_out(layer), width_out(layer), layer.id);
    }
  }

  void place_map(int bits, int height, int width, const std::string& id) {
    const auto number = static_cast<int>(maps_.size());
    const MapStrands& strands = strands_.of_map(maps_.size());
    MapLayout& map = maps_.emplace_back();  // filled in place: copies of what was just written stall the processor
    map.bits = bits;
    map.height = height;
    map.width = width;
    map.segments_begin = segments_.size();
    if (strands.same_set >= 0) {
      copy_segments(maps_[static_cast<std::size_t>(strands.same_set)]);
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
    if (!strands_.is_cut(strands) && strands.channels > 0) {
      MapSegment& all = segments_.emplace_back();
      all.lowest_strand = strands.first;
      all.channels = strands.channels;
      return;
    }
    const int end = strands.first + strands.channels;
    for (int begin = strands.first; begin < end;) {
      const int kind = strands_.kind(begin);
      const int run = strands_.run_length(begin, end);
      MapSegment& segment = segment_of_kind(kind, map, segments_begin);
      if (segment.channels == 0) {
        segment.lowest_strand = begin;
      }
      segment.channels += run;
      begin += run;
    }
  }

  /// As above for strands in any order. One that stands there twice has no place.
  void collect_listed(const MapStrands& strands, int map, const std::string& id) {
    const std::size_t begin = segments_.size();
    seen_in_.resize(static_cast<std::size_t>(strands_.count()), -1);
    for (int c = 0; c < strands.channels; ++c) {
      const int s = strands_.strand(strands, c);
      if (std::exchange(seen_in_[static_cast<std::size_t>(s)], map) == map) {
        throw input_error(
            "layer {}: two of its channels would have to lie at one place in memory, because additions and "
            "depthwise layers tie them to the same channel; read a channel only once",
            id);
      }
      MapSegment& segment = segment_of_kind(strands_.kind(s), map, begin);
      if (segment.channels == 0) {
        segment.lowest_strand = s;
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
    const MapLayout& map = maps_[strands_.number_of_map(writer)];
    view.bits = map.bits;
    view.height = map.height;
    view.width = map.width;
    view.segments.clear();
    return map;
  }

  /// The segments that a layer reads where it reads parts of maps or several maps, or, in groups, another order.
  void fill_gathered_view(const Layer& layer, MapView& view) const {
    check_no_channel_twice(layer);
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
    for (const Read& read : reads) {
      view.segments.push_back(read.segment);
    }
  }

  static void check_no_channel_twice(const Layer& layer) {
    std::set<std::pair<int, int>> channels;
    for (const MapSlice& slice : layer.inputs) {
      for (const ChannelRange& range : slice.channels) {
        for (int c = range.first; c < range.first + range.count; ++c) {
          if (!channels.emplace(slice.writer, c).second) {
            throw input_error("layer {}: reads channel {} of a map twice, for which there is no layout", layer.id, c);
          }
        }
      }
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
    const MapLayout& map = maps_[strands_.number_of_map(writer)];
    const int kind = strands_.kind(strands_.strand(strands_.of_map(strands_.number_of_map(writer)), c));
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
  const Strands strands_;
  std::vector<MapLayout> maps_;
  std::vector<MapSegment> segments_;
  std::vector<int> seen_in_;                          // of each strand: the last map that it was met in
  std::vector<std::pair<int, int>> segment_of_kind_;  // of each kind: the last map it was met in, its segment there
};

int bits_written(const Network& network, int writer) {
  return writer >= 0 ? network.layers[static_cast<std::size_t>(writer)].bits_out : map_of(network, writer).bits;
}

void check_bits(const Network& network, const Layer& layer) {
  for (const MapSlice& slice : layer.inputs) {
    const int written = bits_written(network, slice.writer);
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
  shape.m = shape.groups == 1 ? layer.channels_out : layer.channels_out / shape.groups;
  shape.n = depthwise ? 1 : layer.groups == 1 ? layer.channels_in : layer.channels_in / layer.groups;
  shape.kernel_height = layer.kernel[0];
  shape.kernel_width = layer.kernel[1];
  shape.padding_top = layer.padding[0];
  shape.padding_left = layer.padding[1];
  shape.dilation_rows = layer.dilation[0];
  shape.dilation_cols = layer.dilation[1];
  layouts.fill_input_view(layer, shape.input);
  layouts.fill_view(index, shape.groups, shape.output);
  shape.residual.segments.clear();
  shape.residual.bits = shape.residual.height = shape.residual.width = 0;
  if (layer.residual) {
    layouts.fill_view(*layer.residual, shape.groups, shape.residual);
  }
  shape.stride_rows = shape.output.height == 1 ? 1 : layer.stride[0];
  shape.stride_cols = shape.output.width == 1 ? 1 : layer.stride[1];
  const bool is_padded = std::any_of(layer.padding.begin(), layer.padding.end(), [](int side) { return side != 0; });
  shape.flattened = shape.kernel_height == 1 && shape.kernel_width == 1 && !is_padded &&
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

std::vector<int> maps_read(const Layer& layer) {
  std::vector<int> writers;
  for (const MapSlice& slice : layer.inputs) {
    if (!slice.channels.empty() && std::find(writers.begin(), writers.end(), slice.writer) == writers.end()) {
      writers.push_back(slice.writer);
    }
  }
  return writers;
}

std::vector<LaidOutMap> lay_out_maps(const Network& network) {
  const LayoutBuilder layouts(network);
  std::vector<LaidOutMap> maps;
  const int first_writer = network_input - static_cast<int>(network.host_ops.size());
  for (int writer = first_writer; writer < static_cast<int>(network.layers.size()); ++writer) {
    maps.push_back(layouts.lay_out(writer));
  }
  return maps;
}

std::size_t hash_value(const LayerShape& shape) {
  std::size_t hash = 0;
  for (const int value : {static_cast<int>(shape.op), shape.groups, shape.m, shape.n, shape.kernel_height,
                          shape.kernel_width, shape.stride_rows, shape.stride_cols, shape.padding_top,
                          shape.padding_left, shape.dilation_rows, shape.dilation_cols}) {
    combine(hash, value);
  }
  combine(hash, shape.input);
  combine(hash, shape.output);
  combine(hash, shape.residual);
  return hash;
}

}  // namespace autonba
