#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace autonba::onnx_import {

using Dims = std::vector<std::int64_t>;

/// Elements of a tensor; none where there are more than 2^40 of them or a dimension is negative.
std::optional<std::int64_t> element_count(const Dims& dims);

enum class Axis { batch, channel, row, column };

/// A part of an axis of a map: the place along the axis is Σ index · stride over the factors of the axis.
struct Factor {
  Axis axis = Axis::batch;
  std::int64_t size = 1;
  std::int64_t stride = 1;
  friend bool operator==(const Factor&, const Factor&) = default;
};

/// How a tensor shows the elements of a map of batch × channels × rows × columns, each of them once: every dimension is
/// a product of factors, the first of which varies slowest. Reshape and Transpose change the view only, so a channel
/// shuffle (reshape, transpose, reshape) ends as another order of channels, and Flatten as one dimension with the
/// factors of three axes. Factors of size 1 are left out.
struct View {
  std::vector<std::vector<Factor>> dims;
  friend bool operator==(const View&, const View&) = default;
};

struct MapSize {
  std::int64_t batch = 1;
  std::int64_t channels = 1;
  std::int64_t height = 1;
  std::int64_t width = 1;
  friend bool operator==(const MapSize&, const MapSize&) = default;
};

/// [batch, channels, rows, columns].
View plain_view(const MapSize& size);

/// The size of a dimension.
std::int64_t length(const std::vector<Factor>& dim);

Dims dims_of(const View& view);

/// The same elements, in the same order, in other dimensions; none where a dimension would cut a factor into parts that
/// are not whole.
std::optional<View> reshaped(const View& view, const Dims& dims);

/// Dimension i of the result is dimension order[i] of the view. Requires a permutation.
View transposed(const View& view, std::span<const std::size_t> order);

/// Whether a dimension of the view is the whole axis, in its order. True for none where the axis has one place.
bool is_whole_axis(const std::vector<Factor>& dim, Axis axis, const MapSize& size);

/// Whether a dimension has factors of one axis only.
bool is_part_of_axis(const std::vector<Factor>& dim, Axis axis);

/// Places along its axis in the order in which a dimension with factors of one axis shows them.
std::vector<std::int64_t> places(const std::vector<Factor>& dim);

}  // namespace autonba::onnx_import
