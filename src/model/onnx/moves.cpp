#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/onnx/attributes.hpp"
#include "model/onnx/operators.hpp"

namespace autonba::onnx_import {
namespace {

constexpr std::int64_t places_for_a_range = 32;  // looking at so many takes as long as a range of channels

/// Nothing more can be folded into the layers of a tensor that several nodes read.
Tensor passed_on(const Draft& draft, const Tensor& x) {
  Tensor result = x;
  if (x.map() != nullptr && !has_one_reader(draft, x)) {
    std::get<MapTensor>(result.value).whole.clear();
  }
  return result;
}

/// The tensor of the host with other dimensions, or in another order: a tensor of its own.
Tensor rearranged(Draft& draft, const Tensor& x, std::optional<Dims> dims) {
  Tensor result = x;
  HostTensor& host = std::get<HostTensor>(result.value);
  host.array = draft.arrays++;
  host.dims = std::move(dims);
  if (const auto bits = draft.array_bits.find(x.host()->array); bits != draft.array_bits.end()) {
    draft.array_bits[host.array] = bits->second;
  }
  return result;
}

/// The tensor with the given places along dimension `axis` only, where that takes channels from maps.
std::optional<Tensor> with_places(Draft& draft, const Node& node, const Tensor& x, std::size_t axis,
                                  const std::vector<std::int64_t>& wanted) {
  const bool channels_last = axis > 1;
  const auto map = as_map(draft, x, channels_last ? Channels::last : Channels::first);
  if (!map || wanted.empty() || map->padding != all_sides(0)) {
    return std::nullopt;
  }
  const std::vector<Factor>& dim = map->view.dims[axis];
  if (!is_part_of_axis(dim, Axis::channel) || length(dim) != map->size.channels) {
    return std::nullopt;
  }
  count_ranges(draft, node, static_cast<std::size_t>(map->size.channels / places_for_a_range));
  const std::vector<std::int64_t> shown = places(dim);
  std::vector<std::int64_t> order;
  for (const std::int64_t place : wanted) {
    order.push_back(shown[static_cast<std::size_t>(place)]);
  }
  MapTensor part = *map;
  part.slices = select_channels(map->slices, order);
  count_ranges(draft, node, range_count(part.slices));
  part.size.channels = static_cast<std::int64_t>(order.size());
  part.view.dims[axis] = plain_view(part.size).dims[1];
  part.whole.clear();
  Tensor result = x;
  result.value = std::move(part);
  return result;
}

}  // namespace

std::optional<Outputs> read_identity(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const bool mask = node.proto.output_size() > 1 && draft.readers.contains(node.proto.output(1));
  if (x == nullptr || mask) {
    return std::nullopt;
  }
  return Outputs{passed_on(draft, *x)};
}

std::optional<Outputs> read_cast(Draft& draft, const Node& node) {
  const std::int64_t to = int_attribute(draft, node, "to", 0);
  const bool to_float = to == onnx::TensorProto::FLOAT || to == onnx::TensorProto::FLOAT16 ||
                        to == onnx::TensorProto::DOUBLE || to == onnx::TensorProto::BFLOAT16;
  auto result = to_float ? read_identity(draft, node) : std::nullopt;
  if (result) {
    result->front().element_type = static_cast<int>(to);
  }
  return result;
}

Dims reshaped_dims(const Draft& draft, const Node& node, const Dims& dims) {
  const std::string& op = node.proto.op_type();
  const std::size_t rank = dims.size();
  if (op == "Flatten") {
    const std::int64_t axis = int_attribute(draft, node, "axis", 1);
    const std::size_t first = axis == static_cast<std::int64_t>(rank) ? rank : axis_of(draft, node, axis, rank);
    const auto product = [](auto begin, auto end) {
      return std::accumulate(begin, end, std::int64_t{1}, std::multiplies<>());
    };
    const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(first);
    return {product(dims.begin(), middle), product(middle, dims.end())};
  }
  if (op == "Reshape") {
    auto wanted = parameters(draft, node, "shape", 1);
    if (!wanted) {
      throw reject(draft.file, node.proto, "has no shape");
    }
    const bool zero_is_zero = int_attribute(draft, node, "allowzero", 0) != 0;
    std::int64_t known = 1;
    std::int64_t* open = nullptr;
    for (std::size_t i = 0; i < wanted->size(); ++i) {
      std::int64_t& size = (*wanted)[i];
      if (size == 0 && !zero_is_zero && i < rank) {
        size = dims[i];
      }
      if (size == -1 && open == nullptr) {
        open = &size;
      } else if (size < 1 || known > (std::int64_t{1} << 40) / size) {
        throw reject(draft.file, node.proto, "the shape {} is not possible", list_of(*wanted));
      } else {
        known *= size;
      }
    }
    const std::int64_t all = element_count(dims).value_or(0);
    if (all % known != 0 || (open == nullptr && all != known)) {
      throw reject(draft.file, node.proto, "{} cannot take the shape {}", list_of(dims), list_of(*wanted));
    }
    if (open != nullptr) {
      *open = all / known;
    }
    return *wanted;
  }
  const auto axes = parameters(draft, node, "axes", 1);
  const bool adds = op == "Unsqueeze";
  const std::size_t rank_of_axes = adds ? rank + axes.value_or(Dims()).size() : rank;
  std::vector<bool> chosen(rank_of_axes, false);
  for (const std::int64_t axis : axes.value_or(Dims())) {
    const std::size_t at = axis_of(draft, node, axis, rank_of_axes);
    if (chosen[at] || (!adds && dims[at] != 1)) {
      throw reject(draft.file, node.proto, "the axis {} of {} is named twice or not of size 1", axis, list_of(dims));
    }
    chosen[at] = true;
  }
  Dims result;
  std::size_t next = 0;
  for (std::size_t i = 0; i < rank_of_axes; ++i) {
    if (adds) {
      result.push_back(chosen[i] ? 1 : dims[next++]);
    } else if (axes ? !chosen[i] : dims[i] != 1) {
      result.push_back(dims[i]);
    }
  }
  return result;
}

std::optional<Outputs> read_reshape(Draft& draft, const Node& node) {
  constexpr std::size_t highest_rank = 16;
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims) {
    return std::nullopt;
  }
  const Tensor* shape = node.input(1);
  if (shape != nullptr && (shape->constant() == nullptr || !shape->constant()->values)) {
    return std::nullopt;
  }
  const Dims wanted = reshaped_dims(draft, node, *dims);
  if (wanted.size() > highest_rank) {
    throw reject(draft.file, node.proto, "the shape has {} dimensions, more than {}", wanted.size(), highest_rank);
  }
  if (x->host() != nullptr) {
    return Outputs{rearranged(draft, *x, wanted)};
  }
  const auto view = reshaped(x->map()->view, wanted);
  return view ? std::optional(Outputs{with_view(passed_on(draft, *x), *view)}) : std::nullopt;
}

std::vector<std::size_t> order_of_dimensions(const Draft& draft, const Node& node, std::size_t rank) {
  const std::vector<std::int64_t> wanted = ints_attribute(draft, node, "perm");
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rank && wanted.empty(); ++i) {
    order.push_back(rank - 1 - i);
  }
  for (const std::int64_t from : wanted) {
    order.push_back(from < 0 ? rank : static_cast<std::size_t>(from));
  }
  std::vector<std::size_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < std::max(rank, sorted.size()); ++i) {
    if (sorted.size() != rank || sorted[i] != i) {
      throw reject(draft.file, node.proto, "perm {} is no order of {} dimensions", list_of(wanted), rank);
    }
  }
  return order;
}

std::optional<Outputs> read_transpose(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims) {
    return std::nullopt;
  }
  const std::vector<std::size_t> order = order_of_dimensions(draft, node, dims->size());
  Dims result;
  for (const std::size_t from : order) {
    result.push_back((*dims)[from]);
  }
  if (x->host() != nullptr) {
    return Outputs{rearranged(draft, *x, result)};
  }
  return Outputs{with_view(passed_on(draft, *x), transposed(x->map()->view, order))};
}

std::optional<Outputs> read_concat(Draft& draft, const Node& node) {
  const bool some_map = std::any_of(node.inputs.begin(), node.inputs.end(),
                                    [](const Tensor* x) { return x != nullptr && x->map() != nullptr; });
  const std::optional<Dims> first = node.input(0) == nullptr ? std::nullopt : node.input(0)->dims();
  if (!some_map || !first || first->size() < 2) {
    return std::nullopt;
  }
  const std::size_t axis = axis_of(draft, node, int_attribute(draft, node, "axis", 1), first->size());
  std::optional<MapTensor> all;
  bool all_whole = true;
  for (const Tensor* x : node.inputs) {
    auto map = x == nullptr ? std::nullopt : as_map(draft, *x, axis > 1 ? Channels::last : Channels::first);
    if (!map || map->view.dims.size() != first->size() || map->padding != all_sides(0)) {
      return std::nullopt;
    }
    std::vector<Factor>& dim = map->view.dims[axis];
    if (!is_part_of_axis(dim, Axis::channel) || length(dim) != map->size.channels) {
      return std::nullopt;
    }
    if (!is_whole_axis(dim, Axis::channel, map->size)) {
      map->slices = select_channels(map->slices, places(dim));
    }
    dim.clear();
    all_whole = all_whole && !map->whole.empty() && has_one_reader(draft, *x);
    if (!all) {
      all = std::move(map);
    } else if (map->view != all->view || map->size.height != all->size.height || map->size.width != all->size.width) {
      return std::nullopt;
    } else {
      append_channels(all->slices, map->slices);
      all->size.channels += map->size.channels;
      all->whole.insert(all->whole.end(), map->whole.begin(), map->whole.end());
    }
    layer_size(draft, node, "the channels", all->size.channels);
    count_ranges(draft, node, range_count(all->slices));
  }
  all->view.dims[axis] = plain_view(all->size).dims[1];
  if (!all_whole) {
    all->whole.clear();
  }
  Tensor result{.value = std::move(*all)};
  return Outputs{std::move(result)};
}

std::vector<std::int64_t> split_sizes(const Draft& draft, const Node& node, std::int64_t size) {
  const auto outputs = static_cast<std::int64_t>(node.proto.output_size());
  std::vector<std::int64_t> sizes = parameters(draft, node, "split", 1).value_or(Dims());
  if (sizes.empty() && outputs > 0 && size % outputs == 0) {
    sizes.assign(static_cast<std::size_t>(outputs), size / outputs);
  }
  std::int64_t sum = 0;
  for (const std::int64_t part : sizes) {
    sum = part < 1 || part > size ? -1 - size : sum + part;
  }
  if (sum != size || static_cast<std::int64_t>(sizes.size()) != outputs) {
    throw reject(draft.file, node.proto, "{} cannot be split into {} parts of {}", size, outputs, list_of(sizes));
  }
  return sizes;
}

std::optional<Outputs> read_split(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims || dims->empty() || !is_known(node, 1)) {
    return std::nullopt;
  }
  const std::size_t axis = axis_of(draft, node, int_attribute(draft, node, "axis", 0), dims->size());
  Outputs outputs;
  std::int64_t first = 0;
  for (const std::int64_t size : split_sizes(draft, node, (*dims)[axis])) {
    layer_size(draft, node, "the part", size);
    std::vector<std::int64_t> wanted(static_cast<std::size_t>(size));
    std::iota(wanted.begin(), wanted.end(), first);
    first += size;
    const auto part = axis == 0 ? std::nullopt : with_places(draft, node, *x, axis, wanted);
    if (!part) {
      return std::nullopt;
    }
    outputs.push_back(*part);
  }
  return outputs;
}

std::vector<SliceOfAxis> slices_of(Draft& draft, const Node& node, const Dims& dims) {
  const auto starts = parameters(draft, node, "starts", 1);
  const auto ends = parameters(draft, node, "ends", 2);
  const auto axes = parameters(draft, node, "axes", 3);
  const auto steps = parameters(draft, node, "steps", 4);
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size())) {
    throw reject(draft.file, node.proto, "starts, ends, axes and steps are not equally many");
  }
  std::vector<SliceOfAxis> slices;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    SliceOfAxis slice;
    slice.axis = axis_of(draft, node, axes ? (*axes)[i] : static_cast<std::int64_t>(i), dims.size());
    const std::int64_t size = dims[slice.axis];
    const std::int64_t step = steps ? (*steps)[i] : 1;
    if (step == 0) {
      throw reject(draft.file, node.proto, "the step is 0");
    }
    if (size == 0) {
      slices.push_back(std::move(slice));
      continue;
    }
    layer_size(draft, node, "the sliced dimension", size);
    count_ranges(draft, node, static_cast<std::size_t>(size / places_for_a_range));
    const auto counted = [size](std::int64_t place) { return place < 0 ? place + size : place; };
    const std::int64_t least = step > 0 ? 0 : -1;
    const std::int64_t begin = std::clamp(counted((*starts)[i]), std::int64_t{0}, step > 0 ? size : size - 1);
    const std::int64_t end = std::clamp(counted((*ends)[i]), least, step > 0 ? size : size - 1);
    const std::int64_t stride = std::clamp(step, -size, size);
    for (std::int64_t place = begin; step > 0 ? place < end : place > end; place += stride) {
      slice.places.push_back(place);
    }
    slices.push_back(std::move(slice));
  }
  return slices;
}

std::optional<Outputs> read_slice(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    if (!is_known(node, i)) {
      return std::nullopt;
    }
  }
  if (!dims) {
    return std::nullopt;
  }
  Tensor result = passed_on(draft, *x);
  for (const SliceOfAxis& slice : slices_of(draft, node, *dims)) {
    const bool all = static_cast<std::int64_t>(slice.places.size()) == (*dims)[slice.axis];
    if (all && !slice.places.empty() && slice.places.front() == 0) {
      continue;
    }
    const auto part = slice.axis == 0 ? std::nullopt : with_places(draft, node, result, slice.axis, slice.places);
    if (!part) {
      return std::nullopt;
    }
    result = *part;
  }
  return Outputs{std::move(result)};
}

std::optional<Outputs> read_gather(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const Tensor* indices = node.input(1);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims || dims->size() < 2 || indices == nullptr || indices->constant() == nullptr ||
      !indices->constant()->values || indices->constant()->dims.size() != 1) {
    return std::nullopt;
  }
  const std::size_t axis = axis_of(draft, node, int_attribute(draft, node, "axis", 0), dims->size());
  std::vector<std::int64_t> wanted;
  for (const double index : *indices->constant()->values) {
    const auto size = static_cast<double>((*dims)[axis]);
    if (!(index >= -size && index < size)) {
      throw reject(draft.file, node.proto, "the index {} is not within {}", index, size);
    }
    wanted.push_back(static_cast<std::int64_t>(index < 0 ? index + size : index));
  }
  const auto part = axis == 0 ? std::nullopt : with_places(draft, node, *x, axis, wanted);
  return part ? std::optional(Outputs{*part}) : std::nullopt;
}

std::optional<Outputs> read_pad(Draft& draft, const Node& node) {
  const Tensor* x = node.input(0);
  const std::optional<Dims> dims = x == nullptr ? std::nullopt : x->dims();
  if (!dims || dims->size() != 4 || !is_known(node, 1) || !is_known(node, 2) ||
      string_attribute(draft, node, "mode", "constant") != "constant") {
    return std::nullopt;
  }
  const auto pads = parameters(draft, node, "pads", 1);
  const auto value = node.input(2) == nullptr ? std::nullopt : constant_input(draft, node, 2);
  const double filled = value && !value->empty() ? value->front() : float_attribute(draft, node, "value", 0);
  if (!pads || pads->size() != 2 * dims->size() || filled != 0 || node.input(3) != nullptr) {
    return std::nullopt;
  }
  const bool only_around = (*pads)[0] == 0 && (*pads)[1] == 0 && (*pads)[4] == 0 && (*pads)[5] == 0;
  MapTensor padded;
  for (const auto& [side, at] : {std::pair(0U, 2U), std::pair(1U, 3U), std::pair(2U, 6U), std::pair(3U, 7U)}) {
    const std::int64_t size = (*pads)[at];
    if (size < 0 || size > (1 << 20)) {
      return std::nullopt;  // takes rows or columns away
    }
    padded.padding[side] = static_cast<int>(size);
  }
  const auto input = only_around ? spatial_input(draft, node, *x) : std::nullopt;
  if (!input) {
    return std::nullopt;
  }
  for (std::size_t side = 0; side < 4; ++side) {
    padded.padding[side] = std::min(padded.padding[side] + input->padding[side], 1 << 20);
  }
  padded.slices = input->slices;
  padded.size = input->size;
  padded.view = plain_view(input->size);
  Tensor result{.value = std::move(padded)};
  return Outputs{std::move(result)};
}

}  // namespace autonba::onnx_import
