#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accel/accelerator.hpp"
#include "accel/layout.hpp"
#include "accel/store.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "model/network.hpp"
#include "walker.hpp"

namespace autonba {

/// A few layers of any kind on small odd maps: groups, shuffles, splits, concatenations, residuals, strides and
/// dilations that differ down and across, padding that differs from side to side, 3 to 8 bits, logits, maps of the
/// host. Passes check().
Network random_network(Rng& rng);

/// A chunk that can run the layer, its buffers as deep as may be.
Chunk random_chunk(Rng& rng, const LayerShape& shape);

/// Tiles of any legal size.
Mapping random_mapping(Rng& rng, const LayerShape& shape, int batch);

/// A store with about half of the maps that the layer reads and writes in it, as walked and as counted.
struct RandomStore {
  WalkedStore walked;
  StoreUse use;
};
RandomStore random_store(Rng& rng, const Network& network, int layer);

/// An accelerator for the network with a chunk for each layer, so that chunks of all kinds occur. None where the
/// network has no layout.
std::optional<Accelerator> random_accelerator(Rng& rng, const Network& network);

int random_between(Rng& rng, int low, int high);

/// Calls `see(network, layer, shape)` for the layers of random networks, `layers` of them.
template <typename See>
void for_random_layers(Rng& rng, int layers, See see) {
  for (int seen = 0; seen < layers;) {
    const Network network = random_network(rng);
    std::vector<LayerShape> shapes;
    try {
      shapes = layer_shapes(network);
    } catch (const InputError&) {
      continue;  // channels tied to two places: no layout
    }
    for (int i = 0; i < static_cast<int>(shapes.size()); ++i, ++seen) {
      see(network, i, shapes[static_cast<std::size_t>(i)]);
    }
  }
}

/// What a failing case is, so that it can be built again by hand.
std::string describe(const Layer& layer, const Chunk& chunk, const Mapping& mapping, int batch);

}  // namespace autonba
