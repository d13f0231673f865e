#pragma once

#include <span>
#include <vector>

#include "accel/accelerator.hpp"
#include "explore/mapper.hpp"

namespace autonba {

/// Time of a layer on a chunk of its kind, of a batch, also where the chunk cannot run it. Then the chunk is imagined
/// as large as it must be, and the cycles are multiplied (docs/engines.md, What cannot run):
/// - too few bits: ⌈bits / chunk bits⌉²; - too small a stride: ⌈stride / stride_max⌉²;
/// - no tile fits: 2 for every doubling of all buffer depths until one does.
struct ImaginedTime {
  double cycles = 0;
  bool runs = false;  // as it is, nothing imagined
  Mapping mapping;    // where it runs
};

/// `use`: the layer's maps in the feature store.
ImaginedTime time_on(const Chunk& chunk, ShapeId shape, int batch, Mapper& mapper, const StoreUse& use = {});

/// Cycles of a layer for which there is no chunk of the kind: ten for every multiply-accumulate or pooled value.
double cycles_without_chunk(const LayerShape& shape, int batch);

/// Where a layer runs and how long for a batch.
struct LayerTime {
  int chunk = 0;
  double cycles = 0;
};

/// The fastest chunk of the layer's kind with its best mapping, as time_on. Without a chunk of the kind,
/// cycles_without_chunk, charged to chunk 0. Requires a chunk.
LayerTime fastest_time(ShapeId shape, const Accelerator& accelerator, Mapper& mapper, const StoreUse& use = {});

/// Seconds an image that each chunk is busy with the layers.
std::vector<double> chunk_seconds(std::span<const LayerTime> layers, const Accelerator& accelerator,
                                  const Platform& platform);

}  // namespace autonba
