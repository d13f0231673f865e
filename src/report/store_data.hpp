#pragma once

#include "base/json.hpp"
#include "explore/map_network.hpp"

namespace autonba {

/// What a mapping's page shows of the feature store over one round, from accelerator.json: {depth, port_bits,
/// word_bits, words, words_alive, maps: [{writer, address, words, slots, begin, cycles}], external_bytes,
/// external_bytes_without}; null without a store. Depth, words and addresses in words; `words` of a map are those of
/// a slot, the others behind its address; a map is alive from `begin`, in the round, for `cycles`. `words_alive`: the
/// most at the same time. Bytes: of an image, with and without the store, tiled alike.
Json store_data(const MapResult& result, const Json& accelerator);

/// What the busiest chunks spend their time on, and the resources of which hardly anything is left:
/// {time: [{name, share}], resources: [name]}, `layers` with their terms.
Json binding_data(const MapResult& result, const Json& layers);

}  // namespace autonba
