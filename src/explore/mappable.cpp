#include "explore/mappable.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "base/error.hpp"

namespace autonba {
namespace {

/// Descending: what holds a tile most easily first.
template <typename T>
std::vector<T> from_largest(std::vector<T> values) {
  std::reverse(values.begin(), values.end());
  return values;
}

/// Calls `try_chunk` for the chunks with the deepest buffers and most bits until it returns true; whether it did.
template <typename TryChunk>
bool any_roomy_chunk(const ChunkSpace& space, ChunkKind kind, int stride, TryChunk try_chunk) {
  Chunk chunk{.kind = kind,
              .bits = space.bits.back(),
              .depth_input = space.depth_input.back(),
              .depth_weight = space.depth_weight.back(),
              .depth_output = space.depth_output.back(),
              .accumulator = space.accumulator.back(),
              .port_bits = space.port_bits.front()};
  for (const int stride_max : from_largest(space.stride_max)) {
    for (const int unroll_p : from_largest(space.unroll_p)) {
      for (const int unroll_m : from_largest(space.unroll_m)) {
        for (const int unroll_n : from_largest(space.unroll_n)) {
          chunk.stride_max = stride_max;
          chunk.unroll_p = unroll_p;
          chunk.unroll_m = unroll_m;
          chunk.unroll_n = unroll_n;
          chunk.requant_lanes = unroll_m;  // lanes have no part in what fits
          if (stride_max >= stride && !defect(chunk) && try_chunk(chunk)) {
            return true;
          }
        }
      }
    }
  }
  return false;
}

void check_layer(const Layer& layer, ShapeId id, const DesignSpace& space, Mapper& mapper) {
  const LayerShape& shape = mapper.shape(id);
  const bool depthwise = is_depthwise_kind(shape);
  const ChunkSpace& chunks = depthwise ? space.depthwise : space.conv;
  const ChunkKind kind = depthwise ? ChunkKind::depthwise : ChunkKind::conv;
  const char* kind_name = depthwise ? "depthwise" : "conv";
  const int stride = std::max(shape.stride_rows, shape.stride_cols);
  if (stride > chunks.stride_max.back()) {
    throw input_error("layer {}: has stride {}, {} chunks of the design space {} have at most {}", layer.id, stride,
                      kind_name, space.name, chunks.stride_max.back());
  }
  if (!can_run({.kind = kind, .bits = chunks.bits.back(), .stride_max = stride}, shape)) {
    throw input_error(
        "layer {}: has {} bits, {} chunks of the design space {} have at most {}", layer.id,
        std::max({shape.input.bits, shape.output.bits == 32 ? 0 : shape.output.bits, shape.residual.bits}), kind_name,
        space.name, chunks.bits.back());
  }
  const auto holds_a_tile = [&](const Chunk& chunk) { return mapper.best(id, chunk, 1).has_value(); };
  if (!any_roomy_chunk(chunks, kind, stride, holds_a_tile)) {
    throw input_error(
        "layer {}: no {} chunk of the design space {} has buffers that hold its smallest tile; the deepest have {}, {} "
        "and {} words for input, weights and output",
        layer.id, kind_name, space.name, chunks.depth_input.back(), chunks.depth_weight.back(),
        chunks.depth_output.back());
  }
}

}  // namespace

void check_mappable(const Network& network, const DesignSpace& space, Mapper& mapper) {
  std::set<ShapeId> checked;
  const std::vector<ShapeId> shapes = mapper.intern(network);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (checked.insert(shapes[i]).second) {
      check_layer(network.layers[i], shapes[i], space, mapper);
    }
  }
}

DesignSpace with_chunks(DesignSpace space, const Network& network, int chunks) {
  const auto depthwise = [](const Layer& layer) { return is_depthwise_kind(layer); };
  const bool one_kind = std::all_of(network.layers.begin(), network.layers.end(), depthwise) ||
                        std::none_of(network.layers.begin(), network.layers.end(), depthwise);
  if (chunks < 2 && !one_kind) {
    throw input_error(
        "--chunks: {} is too few: the network has convolutions and depthwise or pooling layers, which need a chunk "
        "each",
        chunks);
  }
  space.chunks_max = chunks;
  // As many of one kind as leave one for the other.
  const int most = one_kind ? chunks : chunks - 1;
  for (ChunkSpace* kind : {&space.conv, &space.depthwise}) {
    kind->chunks_max = std::min(kind->chunks_max, most);
    kind->chunks_min = std::min(kind->chunks_min, kind->chunks_max);
  }
  if (!one_kind) {
    space.depthwise.chunks_min = std::min(space.depthwise.chunks_min, chunks - std::max(1, space.conv.chunks_min));
  }
  return space;
}

const char* usual_space(const Platform& platform) {
  return platform.asic ? "asic" : "fpga";
}

}  // namespace autonba
