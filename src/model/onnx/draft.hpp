#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "model/network.hpp"
#include "model/onnx/names.hpp"
#include "model/onnx/tensor.hpp"
#include "model/read_onnx.hpp"

namespace autonba::onnx_import {

/// The network as far as it is built. Layers stand in the order of the graph's nodes until the end (finish.hpp).
struct Draft {
  std::string file;
  OnnxOptions options;
  Network network;
  std::int64_t batch = 1;
  int opset = 13;
  std::unordered_map<std::string, Dims> declared;  // shapes that the graph states for its tensors
  std::unordered_map<std::string, int> readers;    // of each tensor: nodes, and one for an output of the graph

  std::map<int, int> stated_bits;               // of the map of a writer
  std::map<int, int> array_bits;                // of a HostTensor::array
  std::vector<std::optional<int>> weight_bits;  // of each layer

  std::set<std::string> ids;
  std::unordered_map<std::string, std::int64_t> same_ids;  // how often a name was wanted again
  std::size_t numbers = 0;  // values and sizes that are held of all tensors: a hostile graph could make any number
  int arrays = 0;
  std::size_t ranges = 0;  // of channels, in all lists that were made: a hostile graph could make any number
  std::map<std::tuple<int, std::int64_t, std::int64_t, std::int64_t>, int> host_maps;  // array and size: the writer
  std::map<std::size_t, std::string> gates;  // operations of the host that are sigmoids of the named tensor alone
};

/// A node with what it reads.
struct Node {
  const onnx::NodeProto& proto;
  std::vector<const Tensor*> inputs;  // nullptr where one is left out

  const Tensor* input(std::size_t index) const { return index < inputs.size() ? inputs[index] : nullptr; }
};

using Outputs = std::vector<Tensor>;

/// Whether only one node, or the end of the graph, reads the tensor: then what follows can become a part of its writer.
bool has_one_reader(const Draft& draft, const Tensor& tensor);

/// Names a layer or an operation of the host.
std::string unique_id(Draft& draft, const onnx::NodeProto& node, const char* suffix = "");
std::string unique_id(Draft& draft, const std::string& wanted);

/// A size that fits a layer: 1 to 2^20. Throws InputError naming `what`.
int layer_size(const Draft& draft, const Node& node, const char* what, std::int64_t size);

/// Appends the layer, which must have everything but its id, and returns all of its output as a tensor.
MapTensor add_layer(Draft& draft, const Node& node, Layer layer, std::optional<int> weight_bits);

/// Which dimension of a tensor of the host becomes the channels of its map: dimension 1, or the last.
enum class Channels { first, last };

/// The tensor as maps in memory. One of the host's becomes a map that the host writes, unless its sizes are not known,
/// not of 2 to 4 dimensions, or not those of a batch.
std::optional<MapTensor> as_map(Draft& draft, const Tensor& tensor, Channels channels);

/// The tensor copied by the host into a new tensor of its own, so that it can be written in any layout.
Tensor copied_by_host(Draft& draft, const Node& node, const Tensor& tensor, const char* op);

/// What a convolution or a pooling layer reads: a tensor of batch, channels and one or two dimensions more.
struct SpatialInput {
  std::vector<MapSlice> slices;
  MapSize size;
  std::array<int, 4> padding = {0, 0, 0, 0};
};

/// The host copies the tensor where its elements do not lie as `dimensions` of a map. None where the template cannot
/// read it at all.
std::optional<SpatialInput> spatial_input(Draft& draft, const Node& node, const Tensor& tensor);

/// Writers of all maps that the tensor shows, or the operation of the host.
std::vector<int> writers_of(const Tensor& tensor);

/// Counts `more` ranges of channels; throws InputError where there are too many.
void count_ranges(Draft& draft, const Node& node, std::size_t more);

/// The tensor's elements with another view.
Tensor with_view(const Tensor& tensor, View view);

}  // namespace autonba::onnx_import
