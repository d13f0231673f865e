#include "model/onnx/tensor.hpp"

#include <algorithm>
#include <map>

namespace autonba::onnx_import {
namespace {

void append_range(std::vector<MapSlice>& slices, int writer, ChannelRange range) {
  if (slices.empty() || slices.back().writer != writer) {
    slices.push_back({writer, {range}});
    return;
  }
  ChannelRange& last = slices.back().channels.back();
  if (last.first + last.count == range.first) {
    last.count += range.count;
  } else {
    slices.back().channels.push_back(range);
  }
}

}  // namespace

std::optional<Dims> Tensor::dims() const {
  if (constant() != nullptr) {
    return constant()->dims;
  }
  if (map() == nullptr) {
    return host()->dims;
  }
  Dims dims = dims_of(map()->view);
  if (map()->padding != all_sides(0)) {  // only tensors of batch, channels, rows and columns have any
    dims[2] += map()->padding[0] + map()->padding[2];
    dims[3] += map()->padding[1] + map()->padding[3];
  }
  return dims;
}

std::vector<MapSlice> select_channels(const std::vector<MapSlice>& slices, const std::vector<std::int64_t>& order) {
  std::vector<std::pair<int, int>> channels;  // writer, channel
  for (const MapSlice& slice : slices) {
    for (const ChannelRange& range : slice.channels) {
      for (int c = 0; c < range.count; ++c) {
        channels.emplace_back(slice.writer, range.first + c);
      }
    }
  }
  std::vector<MapSlice> selected;
  for (const std::int64_t place : order) {
    const auto& [writer, channel] = channels[static_cast<std::size_t>(place)];
    append_range(selected, writer, {channel, 1});
  }
  return selected;
}

void append_channels(std::vector<MapSlice>& slices, const std::vector<MapSlice>& more) {
  for (const MapSlice& slice : more) {
    for (const ChannelRange& range : slice.channels) {
      append_range(slices, slice.writer, range);
    }
  }
}

std::size_t range_count(const std::vector<MapSlice>& slices) {
  std::size_t count = 0;
  for (const MapSlice& slice : slices) {
    count += slice.channels.size();
  }
  return count;
}

bool lists_a_channel_twice(const std::vector<MapSlice>& slices) {
  std::map<int, std::vector<ChannelRange>> ranges;
  for (const MapSlice& slice : slices) {
    std::vector<ChannelRange>& of_writer = ranges[slice.writer];
    of_writer.insert(of_writer.end(), slice.channels.begin(), slice.channels.end());
  }
  for (auto& [writer, list] : ranges) {
    std::sort(list.begin(), list.end(), [](const ChannelRange& a, const ChannelRange& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < list.size(); ++i) {
      if (list[i - 1].first + list[i - 1].count > list[i].first) {
        return true;
      }
    }
  }
  return false;
}

std::optional<int> one_whole_map(const std::vector<MapSlice>& slices, std::int64_t channels) {
  const bool whole = slices.size() == 1 && slices.front().channels.size() == 1 &&
                     slices.front().channels.front().first == 0 && slices.front().channels.front().count == channels;
  return whole ? std::optional(slices.front().writer) : std::nullopt;
}

}  // namespace autonba::onnx_import
