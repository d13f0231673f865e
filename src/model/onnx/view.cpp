#include "model/onnx/view.hpp"

#include <algorithm>

namespace autonba::onnx_import {
namespace {

constexpr std::int64_t most_elements = std::int64_t{1} << 40;

/// Neighbours that together are one factor become one.
void append(std::vector<Factor>& dim, const Factor& factor) {
  if (factor.size == 1) {
    return;
  }
  if (!dim.empty() && dim.back().axis == factor.axis && dim.back().stride == factor.size * factor.stride) {
    dim.back() = {factor.axis, dim.back().size * factor.size, factor.stride};
    return;
  }
  dim.push_back(factor);
}

}  // namespace

std::optional<std::int64_t> element_count(const Dims& dims) {
  std::int64_t count = 1;  // of those dimensions that are not 0, bounded too: parts of them are multiplied elsewhere
  bool is_empty = false;
  for (const std::int64_t dim : dims) {
    if (dim < 0 || dim > most_elements || (dim > 0 && count > most_elements / dim)) {
      return std::nullopt;
    }
    count *= std::max<std::int64_t>(dim, 1);
    is_empty = is_empty || dim == 0;
  }
  return is_empty ? 0 : count;
}

View plain_view(const MapSize& size) {
  View view;
  for (const auto& [axis, count] : {std::pair(Axis::batch, size.batch), std::pair(Axis::channel, size.channels),
                                    std::pair(Axis::row, size.height), std::pair(Axis::column, size.width)}) {
    view.dims.emplace_back();
    append(view.dims.back(), {axis, count, 1});
  }
  return view;
}

std::int64_t length(const std::vector<Factor>& dim) {
  std::int64_t size = 1;
  for (const Factor& factor : dim) {
    size *= factor.size;
  }
  return size;
}

Dims dims_of(const View& view) {
  Dims dims;
  for (const std::vector<Factor>& dim : view.dims) {
    dims.push_back(length(dim));
  }
  return dims;
}

std::optional<View> reshaped(const View& view, const Dims& dims) {
  std::vector<Factor> left;  // to be placed, the next one last
  for (auto dim = view.dims.rbegin(); dim != view.dims.rend(); ++dim) {
    left.insert(left.end(), dim->rbegin(), dim->rend());
  }
  View result;
  for (std::int64_t dim : dims) {
    result.dims.emplace_back();
    while (dim > 1) {
      if (left.empty()) {
        return std::nullopt;
      }
      Factor& next = left.back();
      if (dim % next.size == 0) {
        dim /= next.size;
        append(result.dims.back(), next);
        left.pop_back();
      } else if (next.size % dim == 0) {
        const std::int64_t inner = next.size / dim;
        append(result.dims.back(), {next.axis, dim, next.stride * inner});
        next.size = inner;
        dim = 1;
      } else {
        return std::nullopt;
      }
    }
  }
  return left.empty() ? std::optional(result) : std::nullopt;
}

View transposed(const View& view, std::span<const std::size_t> order) {
  View result;
  for (const std::size_t from : order) {
    result.dims.push_back(view.dims[from]);
  }
  return result;
}

bool is_whole_axis(const std::vector<Factor>& dim, Axis axis, const MapSize& size) {
  const std::int64_t count = axis == Axis::batch     ? size.batch
                             : axis == Axis::channel ? size.channels
                             : axis == Axis::row     ? size.height
                                                     : size.width;
  return count == 1 ? dim.empty() : dim == std::vector<Factor>{{axis, count, 1}};
}

bool is_part_of_axis(const std::vector<Factor>& dim, Axis axis) {
  return std::all_of(dim.begin(), dim.end(), [axis](const Factor& factor) { return factor.axis == axis; });
}

std::vector<std::int64_t> places(const std::vector<Factor>& dim) {
  std::vector<std::int64_t> found = {0};
  for (const Factor& factor : dim) {
    std::vector<std::int64_t> finer;
    finer.reserve(found.size() * static_cast<std::size_t>(factor.size));
    for (const std::int64_t place : found) {
      for (std::int64_t i = 0; i < factor.size; ++i) {
        finer.push_back(place + i * factor.stride);
      }
    }
    found = std::move(finer);
  }
  return found;
}

}  // namespace autonba::onnx_import
