#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/network.hpp"
#include "model/onnx/view.hpp"

namespace autonba::onnx_import {

/// Known before the network runs: weights, shapes, indices.
struct Constant {
  Dims dims;
  std::optional<std::vector<double>> values;  // of small ones; integers are exact up to 2^53
  std::optional<int> bits;                    // where quantisation states them
};

/// A tensor that consists of whole maps or channels of them, in external memory.
struct MapTensor {
  std::vector<MapSlice> slices;  // the channels, in order
  MapSize size;
  View view;
  /// The layers that write just these channels, where nothing else reads them yet: what follows may be folded into
  /// them.
  std::vector<int> whole;
  std::array<int, 4> padding = {0, 0, 0, 0};  // zeros that the reader has still to add: top, left, bottom, right
};

/// A tensor in the host's hands.
struct HostTensor {
  std::size_t op = 0;  // of Network::host_ops
  int array = 0;       // tensors with the same number hold the same elements in the same order
  std::optional<Dims> dims;
};

struct Tensor {
  std::string name;
  int element_type = 1;  // onnx::TensorProto_DataType; 1: float
  std::variant<Constant, MapTensor, HostTensor> value;

  const Constant* constant() const { return std::get_if<Constant>(&value); }
  const MapTensor* map() const { return std::get_if<MapTensor>(&value); }
  const HostTensor* host() const { return std::get_if<HostTensor>(&value); }

  /// None where they are known only when the network runs.
  std::optional<Dims> dims() const;
};

/// Slices with the channels `order` of the channels of `slices`.
std::vector<MapSlice> select_channels(const std::vector<MapSlice>& slices, const std::vector<std::int64_t>& order);

/// Appends the channels of `more`; neighbouring ranges become one.
void append_channels(std::vector<MapSlice>& slices, const std::vector<MapSlice>& more);

/// Ranges of channels that the slices list.
std::size_t range_count(const std::vector<MapSlice>& slices);

/// Whether a channel is listed more than once.
bool lists_a_channel_twice(const std::vector<MapSlice>& slices);

/// The writer, where the slices are one map whole and in its order.
std::optional<int> one_whole_map(const std::vector<MapSlice>& slices, std::int64_t channels);

}  // namespace autonba::onnx_import
