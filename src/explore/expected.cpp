#include "explore/expected.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"

namespace autonba {
namespace {

constexpr double cycles_per_operation = 10;
constexpr int deepest = 1 << 26;  // words that no layer exceeds

/// The bits that a chunk needs for the layer.
int bits_of(const LayerShape& shape) {
  const int residual = shape.residual.segments.empty() ? 0 : shape.residual.bits;
  const int output = shape.output.bits == 32 ? 0 : shape.output.bits;  // logits pass as they are
  return std::max({shape.input.bits, output, residual});
}

}  // namespace

ImaginedTime time_on(const Chunk& chunk, ShapeId id, int batch, Mapper& mapper, const StoreUse& use) {
  if (const auto best = mapper.best(id, chunk, batch, use)) {
    return {static_cast<double>(best->cycles), true, best->mapping};
  }
  const LayerShape& shape = mapper.shape(id);
  const int bits = bits_of(shape);
  const int stride = std::max(shape.stride_rows, shape.stride_cols);
  Chunk imagined = chunk;
  double factor = 1;
  if (bits > chunk.bits) {
    imagined.bits = bits;
    factor *= ceil_div(bits, chunk.bits) * ceil_div(bits, chunk.bits);
  }
  if (stride > chunk.stride_max) {
    imagined.stride_max = stride;
    factor *= ceil_div(stride, chunk.stride_max) * ceil_div(stride, chunk.stride_max);
  }
  for (; std::max({imagined.depth_input, imagined.depth_weight, imagined.depth_output}) < deepest; factor *= 2) {
    if (const auto best = mapper.best(id, imagined, batch, use)) {
      return {factor * static_cast<double>(best->cycles), false, best->mapping};
    }
    imagined.depth_input *= 2;
    imagined.depth_weight *= 2;
    imagined.depth_output *= 2;
  }
  return {factor * cycles_without_chunk(shape, batch), false, {}};
}

double cycles_without_chunk(const LayerShape& shape, int batch) {
  return cycles_per_operation * batch * shape.output.height * shape.output.width * shape.groups * shape.m * shape.n *
         shape.kernel_height * shape.kernel_width;
}

LayerTime fastest_time(ShapeId id, const Accelerator& accelerator, Mapper& mapper, const StoreUse& use) {
  const ChunkKind kind = is_depthwise_kind(mapper.shape(id)) ? ChunkKind::depthwise : ChunkKind::conv;
  LayerTime fastest{0, cycles_without_chunk(mapper.shape(id), accelerator.batch)};
  bool found = false;
  for (std::size_t i = 0; i < accelerator.chunks.size(); ++i) {
    if (accelerator.chunks[i].kind != kind) {
      continue;
    }
    const double cycles = time_on(accelerator.chunks[i], id, accelerator.batch, mapper, use).cycles;
    if (!found || cycles < fastest.cycles) {
      fastest = {static_cast<int>(i), cycles};
      found = true;
    }
  }
  return fastest;
}

std::vector<double> chunk_seconds(std::span<const LayerTime> layers, const Accelerator& accelerator,
                                  const Platform& platform) {
  std::vector<double> seconds(accelerator.chunks.size(), 0.0);
  for (const LayerTime& layer : layers) {
    seconds[static_cast<std::size_t>(layer.chunk)] += layer.cycles / (platform.clock_mhz * 1e6 * accelerator.batch);
  }
  return seconds;
}

}  // namespace autonba
