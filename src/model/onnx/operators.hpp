#pragma once

#include "model/onnx/draft.hpp"

namespace autonba::onnx_import {

/// Reads one operator. None where the template cannot run it and the host must.
using Handler = std::optional<Outputs> (*)(Draft& draft, const Node& node);

// layers.cpp: what becomes a layer.
std::optional<Outputs> read_conv(Draft& draft, const Node& node);
std::optional<Outputs> read_gemm(Draft& draft, const Node& node);
std::optional<Outputs> read_matmul(Draft& draft, const Node& node);

// pooling.cpp
std::optional<Outputs> read_pool(Draft& draft, const Node& node);
std::optional<Outputs> read_global_pool(Draft& draft, const Node& node);
std::optional<Outputs> read_reduction(Draft& draft, const Node& node);

// fold.cpp: what becomes a part of a layer.
std::optional<Outputs> read_batch_normalisation(Draft& draft, const Node& node);
std::optional<Outputs> read_clamp(Draft& draft, const Node& node);
std::optional<Outputs> read_arithmetic(Draft& draft, const Node& node);

// moves.cpp: what moves no data, or only names other channels.
std::optional<Outputs> read_identity(Draft& draft, const Node& node);
std::optional<Outputs> read_cast(Draft& draft, const Node& node);
std::optional<Outputs> read_reshape(Draft& draft, const Node& node);
std::optional<Outputs> read_transpose(Draft& draft, const Node& node);
std::optional<Outputs> read_concat(Draft& draft, const Node& node);
std::optional<Outputs> read_split(Draft& draft, const Node& node);
std::optional<Outputs> read_slice(Draft& draft, const Node& node);
std::optional<Outputs> read_gather(Draft& draft, const Node& node);
std::optional<Outputs> read_pad(Draft& draft, const Node& node);

// quantise.cpp: what tells how many bits there are.
std::optional<Outputs> read_quantise(Draft& draft, const Node& node);
std::optional<Outputs> read_dequantise(Draft& draft, const Node& node);
std::optional<Outputs> read_quant(Draft& draft, const Node& node);

/// The size of each dimension that Reshape, Flatten, Squeeze or Unsqueeze gives a tensor of `dims`.
Dims reshaped_dims(const Draft& draft, const Node& node, const Dims& dims);

/// The order in which Transpose shows `rank` dimensions. Throws InputError unless it is one.
std::vector<std::size_t> order_of_dimensions(const Draft& draft, const Node& node, std::size_t rank);

/// The places along a dimension of `size` that Slice takes from it, along each axis that it names.
struct SliceOfAxis {
  std::size_t axis = 0;
  std::vector<std::int64_t> places;
};
std::vector<SliceOfAxis> slices_of(Draft& draft, const Node& node, const Dims& dims);

/// The parts that Split makes along `axis`.
std::vector<std::int64_t> split_sizes(const Draft& draft, const Node& node, std::int64_t size);

}  // namespace autonba::onnx_import
