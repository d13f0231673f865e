#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accel/placement.hpp"
#include "accel/resources.hpp"
#include "explore/engine.hpp"

namespace autonba {

inline constexpr std::size_t slots_most = 6;  // chunks of a design
inline constexpr std::size_t kind_count = 2;

/// A batch, how many chunks there are of each kind, and what store there is. Slots are numbered by kind, conv first.
struct Layout {
  int batch = 1;
  std::size_t batch_place = 0;  // among those of the problem
  std::array<std::size_t, kind_count> counts = {0, 0};
  int store_port = 0;           // w_f; 0: no store
  std::size_t store_place = 0;  // among those of the problem with other batches, ports or turns
  // With a store, [layer of the network][mode]: words that are alive while the layer runs, of each map that it reads
  // only its share among all layers that do; and the words of whole maps, which are there at once.
  std::vector<double> mode_words;
  std::vector<std::int64_t> mode_words_at_once;
  std::int64_t all_words = 0;  // of one slot of every map
  bool has_store() const { return store_port > 0; }
  std::size_t slots() const { return counts[0] + counts[1]; }
  std::size_t kind_of(std::size_t slot) const { return slot < counts[0] ? 0 : 1; }
  std::size_t first_slot(std::size_t kind) const { return kind == 0 ? 0 : counts[0]; }
};

/// Counts the words of a layout's maps. `map_words`: by layer, of one slot of the map that it writes.
void count_words(const Network& network, const PlacementGroups& groups, std::span<const std::int64_t> map_words,
                 Layout& layout);

/// What a layer has in the store of a layout in a mode.
StoreUse use_of(const Layout& layout, std::size_t mode);

/// Words that the store of a layout has at most, if the chunks take no less than `chunks`.
std::int64_t store_capacity(const Layout& layout, const Problem& problem, const PartialResources& chunks);

/// What the store of a layout takes with at least so many words.
PartialResources least_store_resources(const Layout& layout, const Platform& platform, std::int64_t words);

}  // namespace autonba
