#include "accel/strands.hpp"

#include <algorithm>

namespace autonba {

Strands::Strands(const Network& network) : host_writers_(static_cast<int>(network.host_ops.size())) {
  constexpr std::size_t usual = 1024;  // growing step by step would take longer than the rest
  lists_.reserve(usual);
  parts_.reserve(usual);
  marked_kinds_.reserve(usual);
  bind_channels(network);
  cut(network);
}

int Strands::find(int strand) {
  if (joined_.empty()) {
    return strand;
  }
  const auto parent = [&](int s) -> int& { return joined_[static_cast<std::size_t>(s)]; };
  while (parent(strand) != strand) {
    strand = parent(strand) = parent(parent(strand));
  }
  return strand;
}

void Strands::join(int a, int b) {
  while (static_cast<int>(joined_.size()) < count_) {
    joined_.push_back(static_cast<int>(joined_.size()));
  }
  a = find(a);
  b = find(b);
  joined_[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
}

/// The strands of a map that has the channels of an earlier one.
MapStrands Strands::same(int writer) const {
  MapStrands map = maps_[number_of_map(writer)];
  map.same_set = static_cast<int>(number_of_map(writer));
  return map;
}

MapStrands Strands::fresh(int channels) {
  const MapStrands map{.channels = channels, .first = count_, .source = static_cast<int>(maps_.size())};
  count_ += channels;
  return map;
}

bool Strands::reads_one_whole_map(const Layer& layer) const {
  return layer.inputs.size() == 1 && layer.inputs.front().channels.size() == 1 &&
         layer.inputs.front().channels.front().count == maps_[number_of_map(layer.inputs.front().writer)].channels;
}

/// Strands of the channels that a layer reads, in the order in which it sees them.
MapStrands Strands::gathered(const Layer& layer) {
  const int first_writer = layer.inputs.front().writer;
  if (reads_one_whole_map(layer)) {
    return same(first_writer);
  }
  MapStrands map{.channels = layer.channels_in, .listed = static_cast<std::ptrdiff_t>(lists_.size())};
  lists_.resize(lists_.size() + static_cast<std::size_t>(layer.channels_in));
  int* next = lists_.data() + map.listed;
  for (const MapSlice& slice : layer.inputs) {
    const MapStrands& read = maps_[number_of_map(slice.writer)];
    for (const ChannelRange& range : slice.channels) {
      for (int c = range.first; c < range.first + range.count; ++c) {
        *next++ = strand(read, c);
      }
    }
  }
  if (reads_one_map(layer)) {
    map.source = maps_[number_of_map(first_writer)].source;
    map.same_set = is_permutation(map, first_writer) ? static_cast<int>(number_of_map(first_writer)) : -1;
  }
  return map;
}

/// Whether listed strands are those of the map of `writer`, of as many channels, in another order.
bool Strands::is_permutation(const MapStrands& listed, int writer) {
  const MapStrands& map = maps_[number_of_map(writer)];
  if (map.listed >= 0) {
    return false;  // not looked at: its strands need not be different ones
  }
  met_.assign(static_cast<std::size_t>(listed.channels), 0);
  const int* strands = lists_.data() + listed.listed;
  const int first = map.first;
  const int channels = listed.channels;
  char* met = met_.data();
  int distinct = 0;
  for (int c = 0; c < channels; ++c) {
    distinct += met[strands[c] - first] == 0 ? 1 : 0;
    met[strands[c] - first] = 1;
  }
  return distinct == channels;
}

void Strands::bind_channels(const Network& network) {
  maps_.reserve(network.host_ops.size() + 1 + network.layers.size());
  for (auto op = network.host_ops.rbegin(); op != network.host_ops.rend(); ++op) {
    maps_.push_back(fresh(op->map ? op->map->channels : 0));
  }
  maps_.push_back(fresh(network.input.channels));
  for (const Layer& layer : network.layers) {
    MapStrands written;
    if (is_depthwise_kind(layer)) {
      written = gathered(layer);
      if (layer.residual) {
        const MapStrands& added = maps_[number_of_map(*layer.residual)];
        for (int c = 0; c < layer.channels_out; ++c) {
          if (strand(written, c) != strand(added, c)) {
            join(strand(written, c), strand(added, c));
          }
        }
      }
    } else {
      written = layer.residual ? same(*layer.residual) : fresh(layer.channels_out);
    }
    maps_.push_back(written);
  }
  if (!joined_.empty()) {
    follow_joins();
  }
}

/// Writes out the strands of every map, each by the lowest that it was joined with.
void Strands::follow_joins() {
  while (static_cast<int>(joined_.size()) < count_) {
    joined_.push_back(static_cast<int>(joined_.size()));
  }
  std::vector<int> lists;
  for (MapStrands& map : maps_) {
    const auto begin = static_cast<std::ptrdiff_t>(lists.size());
    for (int c = 0; c < map.channels; ++c) {
      lists.push_back(find(strand(map, c)));
    }
    map.listed = begin;
    map.same_set = -1;
    map.source = -1;
  }
  lists_ = std::move(lists);
}

/// What strands of `kind` become by the mark that was begun last.
int Strands::marked_kind(int kind) {
  const auto next = static_cast<int>(marked_kinds_.size());
  auto& [last_mark, marked] = marked_kinds_[static_cast<std::size_t>(kind)];
  if (last_mark == mark_) {
    return marked;
  }
  last_mark = mark_;
  marked = next;
  marked_kinds_.push_back({});
  return next;
}

void Strands::mark(const MapStrands& map, int first, int count) {
  if (map.source >= 0) {
    cut_[static_cast<std::size_t>(map.source)] = 1;
  } else {
    std::fill(cut_.begin(), cut_.end(), 1);
  }
  int* kinds = kinds_.data();
  if (map.listed < 0) {
    const int end = map.first + first + count;
    for (int begin = map.first + first; begin < end;) {
      const int run = run_length(begin, end);
      std::fill_n(kinds + begin, run, marked_kind(kinds[begin]));
      begin += run;
    }
    return;
  }
  const int* list = lists_.data() + map.listed;
  int kind = -1;
  int marked = -1;
  for (int c = first; c < first + count; ++c) {
    int& kind_of_strand = kinds[list[c]];
    if (kind_of_strand != kind) {
      kind = kind_of_strand;
      marked = marked_kind(kind);
    }
    kind_of_strand = marked;
  }
}

/// What each group of the layer reads of each map is apart from the rest: groups, and the parts of concat and split.
void Strands::mark_reads(const Layer& layer, int channels_of_group) {
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
    std::sort(parts_.begin(), parts_.end(),
              [](const Part& a, const Part& b) { return std::pair(a.group, a.writer) < std::pair(b.group, b.writer); });
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (i == 0 || part.group != parts_[i - 1].group || part.writer != parts_[i - 1].writer) {
      begin_mark();
    }
    mark(maps_[number_of_map(part.writer)], part.range.first, part.range.count);
  }
}

/// Whether all channels that the layer reads are one map, in whatever order.
bool Strands::reads_one_map(const Layer& layer) const {
  const int writer = layer.inputs.front().writer;
  return layer.channels_in == maps_[number_of_map(writer)].channels &&
         std::all_of(layer.inputs.begin(), layer.inputs.end(),
                     [&](const MapSlice& slice) { return slice.writer == writer; });
}

void Strands::cut(const Network& network) {
  kinds_.assign(static_cast<std::size_t>(count_), 0);
  cut_.assign(maps_.size(), 0);
  marked_kinds_.push_back({});
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
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
      mark(maps_[number_of_map(static_cast<int>(i))], group * channels_of_group, channels_of_group);
    }
  }
}

/// How many strands from `begin` on, before `end`, are of one kind.
int Strands::run_length(int begin, int end) const {
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

}  // namespace autonba
