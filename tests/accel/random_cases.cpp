#include "random_cases.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "accel/cycles.hpp"
#include "base/error.hpp"

namespace autonba {
namespace {

template <typename T>
const T& one_of(Rng& rng, const std::vector<T>& values) {
  return values[uniform_index(rng, values.size())];
}

bool chance(Rng& rng, double probability) {
  return uniform(rng) < probability;
}

struct SourceMap {
  int writer = 0;
  int channels = 0;
  int height = 0;
  int width = 0;
  int bits = 0;
};

/// Maps that later layers may read.
std::vector<SourceMap> sources(const Network& network) {
  std::vector<SourceMap> maps = {
      {network_input, network.input.channels, network.input.height, network.input.width, network.input.bits}};
  for (std::size_t i = 0; i < network.host_ops.size(); ++i) {
    if (const auto& map = network.host_ops[i].map) {
      maps.push_back({host_writer(i), map->channels, map->height, map->width, map->bits});
    }
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.bits_out != 32) {
      maps.push_back({static_cast<int>(i), layer.channels_out, height_out(layer), width_out(layer), layer.bits_out});
    }
  }
  return maps;
}

/// One map whole, a part of it, its channels in random order, or with another map behind it or mixed into it.
std::vector<MapSlice> random_inputs(Rng& rng, const std::vector<SourceMap>& maps, const SourceMap& source) {
  MapSlice whole{source.writer, {{0, source.channels}}};
  const int kind = random_between(rng, 0, 9);
  if (kind == 0 && source.channels > 1) {
    const int count = random_between(rng, 1, source.channels - 1);
    return {{source.writer, {{random_between(rng, 0, source.channels - count), count}}}};
  }
  if (kind == 1) {
    MapSlice shuffled{source.writer, {}};
    for (const std::int64_t c : permutation(rng, source.channels)) {
      shuffled.channels.push_back({static_cast<int>(c), 1});
    }
    return {shuffled};
  }
  for (const SourceMap& other : maps) {
    const bool fits = other.writer != source.writer && other.height == source.height && other.width == source.width &&
                      other.bits == source.bits;
    if (!fits || kind > 4) {
      continue;
    }
    const MapSlice behind{other.writer, {{0, other.channels}}};
    if (kind < 4 || source.channels != other.channels) {
      return {whole, behind};
    }
    std::vector<MapSlice> mixed;
    for (int c = 0; c < source.channels; ++c) {
      mixed.push_back({source.writer, {{c, 1}}});
      mixed.push_back({other.writer, {{c, 1}}});
    }
    return mixed;
  }
  return {whole};
}

/// Reads any map; its own is as large as another one, or of any size, or not written.
HostOp random_host_op(Rng& rng, const std::vector<SourceMap>& maps, std::size_t number) {
  HostOp op{.id = "host" + std::to_string(number), .op = "HardSwish", .operations = 1};
  op.reads = {one_of(rng, maps).writer};
  const SourceMap& like = one_of(rng, maps);
  if (chance(rng, 0.6)) {
    op.map = NetworkInput{like.channels, like.height, like.width, like.bits};
  } else if (chance(rng, 0.5)) {
    op.map = NetworkInput{random_between(rng, 1, 12), random_between(rng, 1, 11), random_between(rng, 1, 11),
                          random_between(rng, 3, 8)};
  }
  return op;
}

int random_divisor(Rng& rng, int value) {
  std::vector<int> divisors;
  for (int d = 1; d <= value; ++d) {
    if (value % d == 0) {
      divisors.push_back(d);
    }
  }
  return one_of(rng, divisors);
}

void choose_window(Rng& rng, Layer& layer) {
  do {
    layer.kernel = {one_of<int>(rng, {1, 2, 3, 5}), one_of<int>(rng, {1, 2, 3, 5})};
    if (chance(rng, 0.4)) {
      layer.kernel = {1, 1};
    }
    for (std::size_t axis = 0; axis < 2; ++axis) {
      layer.stride[axis] = one_of<int>(rng, {1, 1, 1, 2, 2, 3, 4});
      layer.dilation[axis] = one_of<int>(rng, {1, 1, 2, 3});
      layer.padding[axis] = random_between(rng, 0, 3);
      layer.padding[axis + 2] = random_between(rng, 0, 3);
    }
    if (chance(rng, 0.5)) {
      layer.stride = square(layer.stride[0]);
      layer.dilation = square(layer.dilation[0]);
      layer.padding = all_sides(layer.padding[0]);
    }
    if (layer.op == LayerOp::linear) {
      layer.kernel = {layer.height_in, layer.width_in};
      layer.padding = all_sides(0);
      layer.dilation = square(1);
    }
  } while (height_out(layer) < 1 || width_out(layer) < 1);
}

Layer random_layer(Rng& rng, const std::vector<SourceMap>& maps, int number) {
  const SourceMap& source = one_of(rng, maps);
  Layer layer;
  layer.id = "layer" + std::to_string(number);
  layer.op = one_of<LayerOp>(rng, {LayerOp::conv, LayerOp::conv, LayerOp::conv, LayerOp::depthwise, LayerOp::depthwise,
                                   LayerOp::linear, LayerOp::avgpool, LayerOp::maxpool});
  layer.inputs = random_inputs(rng, maps, source);
  for (const MapSlice& slice : layer.inputs) {
    for (const ChannelRange& range : slice.channels) {
      layer.channels_in += range.count;
    }
  }
  layer.height_in = source.height;
  layer.width_in = source.width;
  layer.bits = source.bits;
  layer.bits_out = random_between(rng, 3, 8);
  if (is_depthwise_kind(layer)) {
    layer.groups = layer.channels_out = layer.channels_in;
  } else {
    layer.groups = chance(rng, 0.4) ? random_divisor(rng, layer.channels_in) : 1;
    layer.channels_out = layer.groups * random_between(rng, 1, chance(rng, 0.2) ? 70 / layer.groups + 1 : 6);
    if (chance(rng, 0.1)) {
      layer.bits_out = 32;
    }
  }
  choose_window(rng, layer);
  const SourceMap& added = one_of(rng, maps);
  if (chance(rng, 0.5) && added.height == layer.height_in && added.width == layer.width_in) {
    layer.stride = square(1);
    layer.dilation = square(1);
    layer.kernel = square(one_of<int>(rng, {1, 3}));
    layer.padding = all_sides(layer.kernel[0] / 2);
    if (!is_depthwise_kind(layer) && added.channels % layer.groups == 0) {
      layer.channels_out = added.channels;
    }
  }
  if (added.channels == layer.channels_out && added.height == height_out(layer) && added.width == width_out(layer)) {
    layer.residual = added.writer;
  }
  return layer;
}

}  // namespace

int random_between(Rng& rng, int low, int high) {
  return low + static_cast<int>(uniform_index(rng, static_cast<std::uint64_t>(high - low + 1)));
}

Network random_network(Rng& rng) {
  Network network;
  network.input.channels = random_between(rng, 1, chance(rng, 0.3) ? 48 : 12);
  network.input.height = random_between(rng, 1, 11);
  network.input.width = random_between(rng, 1, 11);
  network.input.bits = random_between(rng, 3, 8);
  const int layers = random_between(rng, 1, 6);
  for (int i = 0; i < layers; ++i) {
    if (chance(rng, 0.2)) {
      network.host_ops.push_back(random_host_op(rng, sources(network), network.host_ops.size()));
    }
    network.layers.push_back(random_layer(rng, sources(network), i));
  }
  check(network, "random network");
  return network;
}

Chunk random_chunk(Rng& rng, const LayerShape& shape) {
  Chunk chunk;
  chunk.kind = is_depthwise_kind(shape) ? ChunkKind::depthwise : ChunkKind::conv;
  const int output_bits = shape.output.bits == 32 ? 0 : shape.output.bits;
  chunk.bits = random_between(rng, std::max({shape.input.bits, output_bits, shape.residual.bits}), 8);
  chunk.unroll_m = one_of<int>(rng, {1, 2, 3, 4, 8, 12, 16});
  chunk.unroll_n = chunk.kind == ChunkKind::conv ? one_of<int>(rng, {1, 2, 3, 4, 8, 16}) : 1;
  chunk.unroll_p = random_between(rng, 1, 4);
  const int largest_stride = std::max(shape.stride_rows, shape.stride_cols);
  chunk.stride_max = largest_stride > 2 ? 4 : largest_stride;
  chunk.requant_lanes =
      chance(rng, 0.5) ? random_divisor(rng, chunk.unroll_m) : chunk.unroll_m * random_divisor(rng, chunk.unroll_p);
  chunk.depth_input = chunk.depth_weight = chunk.depth_output = 1 << 20;
  chunk.accumulator = chunk.kind == ChunkKind::conv;
  chunk.port_bits = one_of<int>(rng, {32, 64, 128, 256});
  return chunk;
}

Mapping random_mapping(Rng& rng, const LayerShape& shape, int batch) {
  Mapping mapping;
  do {
    mapping.tile_m = random_between(rng, 1, std::min(shape.m, parameter_words));
  } while (!output_tile_fits(shape, mapping.tile_m));
  do {
    mapping.tile_n = chance(rng, 0.4) ? shape.n : random_between(rng, 1, shape.n);
  } while (!input_tile_fits(shape, mapping.tile_n));
  mapping.tile_rows = random_between(rng, 1, tiled_rows(shape, batch));
  mapping.tile_cols = random_between(rng, 1, tiled_cols(shape));
  if (chance(rng, 0.3)) {
    mapping.tile_rows = std::min(mapping.tile_rows, 2);
  }
  mapping.order = chance(rng, 0.5) ? LoopOrder::rows_outer : LoopOrder::channels_outer;
  return mapping;
}

RandomStore random_store(Rng& rng, const Network& network, int layer) {
  const Layer& of = network.layers[static_cast<std::size_t>(layer)];
  RandomStore store;
  const std::vector<int> read = maps_read(of);
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (chance(rng, 0.5)) {
      store.walked.maps.insert(read[i]);
      store.use.inputs |= map_bit(static_cast<int>(i));
    }
  }
  if (of.residual) {
    store.use.residual = store.walked.maps.count(*of.residual) == 1;
    if (std::find(read.begin(), read.end(), *of.residual) == read.end() && chance(rng, 0.5)) {
      store.walked.maps.insert(*of.residual);
      store.use.residual = true;
    }
  }
  if (chance(rng, 0.5)) {
    store.walked.maps.insert(layer);
    store.use.output = true;
  }
  store.walked.turns = store.use.turns = one_of<int>(rng, {1, 2, 4, 8, 32});
  store.walked.word_bits = store.use.word_bits = store.use.turns * one_of<int>(rng, {32, 64, 128});
  return store;
}

std::optional<Accelerator> random_accelerator(Rng& rng, const Network& network) {
  Accelerator accelerator;
  accelerator.batch = random_between(rng, 1, 4);
  try {
    for (const LayerShape& shape : layer_shapes(network)) {
      accelerator.places.push_back(
          {static_cast<int>(accelerator.chunks.size()), random_mapping(rng, shape, accelerator.batch)});
      accelerator.chunks.push_back(random_chunk(rng, shape));
    }
  } catch (const InputError&) {
    return std::nullopt;
  }
  return accelerator;
}

std::string describe(const Layer& layer, const Chunk& chunk, const Mapping& mapping, int batch) {
  return fmt::format(
      "op {} channels {}->{} groups {} slices {} residual {} kernel {}x{} stride {} padding {} dilation {} map {}x{} "
      "bits "
      "{}->{} | chunk bits {} unroll {} {} {} Q {} port {} | tile {} {} {} {} order {} batch {}",
      static_cast<int>(layer.op), layer.channels_in, layer.channels_out, layer.groups, layer.inputs.size(),
      layer.residual.value_or(-9), layer.kernel[0], layer.kernel[1], fmt::join(layer.stride, ","),
      fmt::join(layer.padding, ","), fmt::join(layer.dilation, ","), layer.height_in, layer.width_in, layer.bits,
      layer.bits_out, chunk.bits, chunk.unroll_m, chunk.unroll_n, chunk.unroll_p, chunk.requant_lanes, chunk.port_bits,
      mapping.tile_m, mapping.tile_n, mapping.tile_rows, mapping.tile_cols, static_cast<int>(mapping.order), batch);
}

}  // namespace autonba
