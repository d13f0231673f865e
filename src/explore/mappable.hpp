#pragma once

#include "accel/design_space.hpp"
#include "explore/mapper.hpp"

namespace autonba {

/// Throws InputError, naming a layer, unless every layer of the network runs on some chunk of the space with a tile
/// that the deepest buffers hold. `mapper` is one for the platform.
void check_mappable(const Network& network, const DesignSpace& space, Mapper& mapper);

/// The space with up to `chunks` chunks in all. Throws InputError if the network needs both kinds and one is allowed.
DesignSpace with_chunks(DesignSpace space, const Network& network, int chunks);

/// The name of the space in configs/accelerator that is for such platforms.
const char* usual_space(const Platform& platform);

}  // namespace autonba
