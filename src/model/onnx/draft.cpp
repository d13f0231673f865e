#include "model/onnx/draft.hpp"

#include <algorithm>

namespace autonba::onnx_import {
namespace {

constexpr std::int64_t largest_size = 1 << 20;
constexpr std::size_t most_ranges = 16'000'000;

/// How a tensor of the host lies in a map.
struct HostLayout {
  MapSize size;
  View view;
};

std::optional<HostLayout> host_layout(const Dims& dims, std::int64_t batch, Channels channels) {
  const std::size_t rank = dims.size();
  const bool sizes_fit = std::all_of(dims.begin(), dims.end(), [](auto d) { return d >= 1 && d <= largest_size; });
  // Rows of vectors that belong to the only image, without a dimension for the batch or with it elsewhere.
  const bool only_rows = batch == 1 && channels == Channels::last && (rank == 2 || rank == 3) && dims[0] != 1;
  if (!sizes_fit || rank < 2 || rank > 4 || (dims[0] != batch && !only_rows)) {
    return std::nullopt;
  }
  HostLayout layout;
  std::vector<std::size_t> order = {0, 2, 3, 1};
  if (only_rows) {
    layout.size = {1, dims.back(), dims[0], rank == 3 ? dims[1] : 1};
  } else if (rank == 2) {
    layout.size = {batch, dims[1], 1, 1};
  } else if (channels == Channels::first) {
    layout.size = {batch, dims[1], rank == 4 ? dims[2] : 1, dims.back()};
    order = {0, 1, 2, 3};
  } else {
    layout.size = {batch, dims.back(), dims[1], rank == 4 ? dims[2] : 1};
  }
  layout.view = reshaped(transposed(plain_view(layout.size), order), dims).value();
  return layout;
}

}  // namespace

bool has_one_reader(const Draft& draft, const Tensor& tensor) {
  const auto found = draft.readers.find(tensor.name);
  return found != draft.readers.end() && found->second == 1;
}

std::string unique_id(Draft& draft, const onnx::NodeProto& node, const char* suffix) {
  std::string wanted = printable(node.name());
  if (wanted.empty() || wanted == "input") {
    wanted = printable(node.op_type() + "_" + (node.output_size() > 0 ? node.output(0) : ""));
  }
  return unique_id(draft, wanted + suffix);
}

std::string unique_id(Draft& draft, const std::string& wanted) {
  std::string id = wanted;
  while (!draft.ids.insert(id).second) {
    id = fmt::format("{}#{}", wanted, ++draft.same_ids[wanted]);
  }
  return id;
}

int layer_size(const Draft& draft, const Node& node, const char* what, std::int64_t size) {
  if (size < 1 || size > largest_size) {
    throw reject(draft.file, node.proto, "{} {} is not between 1 and {}", what, size, largest_size);
  }
  return static_cast<int>(size);
}

MapTensor add_layer(Draft& draft, const Node& node, Layer layer, std::optional<int> weight_bits) {
  layer.id = unique_id(draft, node.proto);
  const int index = static_cast<int>(draft.network.layers.size());
  const MapSize size{draft.batch, layer.channels_out, height_out(layer), width_out(layer)};
  if (size.height < 1 || size.width < 1) {
    throw reject(draft.file, node.proto, "the kernel of {}x{} is larger than the padded map of {}x{}", layer.kernel[0],
                 layer.kernel[1], layer.height_in + layer.padding[0] + layer.padding[2],
                 layer.width_in + layer.padding[1] + layer.padding[3]);
  }
  draft.network.layers.push_back(std::move(layer));
  draft.weight_bits.push_back(weight_bits);
  return {.slices = {{index, {{0, static_cast<int>(size.channels)}}}},
          .size = size,
          .view = plain_view(size),
          .whole = {index}};
}

std::optional<MapTensor> as_map(Draft& draft, const Tensor& tensor, Channels channels) {
  if (tensor.map() != nullptr) {
    return *tensor.map();
  }
  const HostTensor* host = tensor.host();
  if (host == nullptr || !host->dims) {
    return std::nullopt;
  }
  const auto layout = host_layout(*host->dims, draft.batch, channels);
  if (!layout) {
    return std::nullopt;
  }
  const MapSize& size = layout->size;
  const auto [place, is_new] = draft.host_maps.try_emplace({host->array, size.channels, size.height, size.width}, 0);
  if (is_new) {
    std::size_t op = host->op;
    if (draft.network.host_ops[op].map) {  // another array of the same operation, or in another layout
      HostOp layout_op{.id = unique_id(draft, draft.network.host_ops[op].id), .op = "Layout"};
      layout_op.reads = {host_writer(op)};
      layout_op.operations = element_count(*host->dims).value_or(0) / draft.batch;
      op = draft.network.host_ops.size();
      draft.network.host_ops.push_back(std::move(layout_op));
    }
    draft.network.host_ops[op].map = NetworkInput{static_cast<int>(size.channels), static_cast<int>(size.height),
                                                  static_cast<int>(size.width), draft.options.bits};
    place->second = host_writer(op);
    if (const auto bits = draft.array_bits.find(host->array); bits != draft.array_bits.end()) {
      draft.stated_bits[place->second] = bits->second;
    }
  }
  return MapTensor{
      .slices = {{place->second, {{0, static_cast<int>(size.channels)}}}}, .size = size, .view = layout->view};
}

Tensor copied_by_host(Draft& draft, const Node& node, const Tensor& tensor, const char* op) {
  const std::optional<Dims> dims = tensor.dims();
  HostOp copy{.id = unique_id(draft, node.proto, "/copy"), .op = op, .reads = writers_of(tensor)};
  copy.operations = dims ? element_count(*dims).value_or(0) / draft.batch : 0;
  draft.network.host_ops.push_back(std::move(copy));
  Tensor copied = tensor;
  copied.value = HostTensor{draft.network.host_ops.size() - 1, draft.arrays++, dims};
  return copied;
}

std::optional<SpatialInput> spatial_input(Draft& draft, const Node& node, const Tensor& tensor) {
  const auto read = [&](const MapTensor& map) -> std::optional<SpatialInput> {
    const std::size_t rank = map.view.dims.size();
    const bool in_place = (rank == 3 || rank == 4) && is_whole_axis(map.view.dims[0], Axis::batch, map.size) &&
                          is_part_of_axis(map.view.dims[1], Axis::channel) &&
                          is_whole_axis(map.view.dims[rank - 1], Axis::column, map.size) &&
                          (rank == 4 ? is_whole_axis(map.view.dims[2], Axis::row, map.size) : map.size.height == 1);
    if (!in_place || lists_a_channel_twice(map.slices)) {
      return std::nullopt;
    }
    SpatialInput input{map.slices, map.size, map.padding};
    count_ranges(draft, node, static_cast<std::size_t>(map.size.channels / 32));
    if (!is_whole_axis(map.view.dims[1], Axis::channel, map.size)) {
      input.slices = select_channels(map.slices, places(map.view.dims[1]));
      count_ranges(draft, node, range_count(input.slices));
    }
    return input;
  };
  const std::optional<Dims> dims = tensor.dims();
  if (!dims || (dims->size() != 3 && dims->size() != 4)) {
    return std::nullopt;
  }
  if (const auto map = as_map(draft, tensor, Channels::first)) {
    if (auto input = read(*map)) {
      return input;
    }
  }
  if (tensor.map() == nullptr || (*dims)[0] != draft.batch) {
    return std::nullopt;
  }
  const auto map = as_map(draft, copied_by_host(draft, node, tensor, "Layout"), Channels::first);
  return map ? read(*map) : std::nullopt;
}

std::vector<int> writers_of(const Tensor& tensor) {
  std::vector<int> writers;
  if (tensor.host() != nullptr) {
    writers.push_back(host_writer(tensor.host()->op));
  } else if (tensor.map() != nullptr) {
    for (const MapSlice& slice : tensor.map()->slices) {
      writers.push_back(slice.writer);
    }
  }
  std::sort(writers.begin(), writers.end());
  writers.erase(std::unique(writers.begin(), writers.end()), writers.end());
  return writers;
}

void count_ranges(Draft& draft, const Node& node, std::size_t more) {
  draft.ranges += more;
  if (draft.ranges > most_ranges) {
    throw reject(draft.file, node.proto, "the graph takes channels apart into more than {} pieces", most_ranges);
  }
}

Tensor with_view(const Tensor& tensor, View view) {
  Tensor result = tensor;
  std::get<MapTensor>(result.value).view = std::move(view);
  return result;
}

}  // namespace autonba::onnx_import
