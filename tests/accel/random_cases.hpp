#pragma once

#include "accel/chunk.hpp"
#include "accel/layout.hpp"
#include "base/random.hpp"
#include "model/network.hpp"

namespace autonba {

/// A few layers of any kind on small odd maps: groups, shuffles, splits, concatenations, residuals, strides, dilation,
/// padding, 3 to 8 bits, logits. Passes check().
Network random_network(Rng& rng);

/// A chunk that can run the layer, its buffers as deep as may be.
Chunk random_chunk(Rng& rng, const LayerShape& shape);

/// Tiles of any legal size.
Mapping random_mapping(Rng& rng, const LayerShape& shape, int batch);

int random_between(Rng& rng, int low, int high);

}  // namespace autonba
