#include "explore/exact/layout.hpp"

#include <algorithm>
#include <optional>

#include "explore/least_placement.hpp"

namespace autonba {
namespace {

/// What a layer reads of the network's maps: its inputs, and its residual if that is none of them.
struct Reads {
  std::vector<std::size_t> inputs;
  std::optional<std::size_t> residual;
};

Reads reads_of(const Layer& layer) {
  Reads reads;
  for (const int map : maps_read(layer)) {
    if (map >= 0) {
      reads.inputs.push_back(static_cast<std::size_t>(map));
    }
  }
  const int residual = layer.residual.value_or(network_input);
  const auto map = static_cast<std::size_t>(residual);
  if (residual >= 0 && std::find(reads.inputs.begin(), reads.inputs.end(), map) == reads.inputs.end()) {
    reads.residual = map;
  }
  return reads;
}

}  // namespace

void count_words(const Network& network, const PlacementGroups& groups, std::span<const std::int64_t> map_words,
                 Layout& layout) {
  std::vector<Reads> reads;
  std::vector<int> readers(map_words.size(), 0);
  for (const Layer& layer : network.layers) {
    reads.push_back(reads_of(layer));
    for (const std::size_t map : reads.back().inputs) {
      ++readers[map];
    }
    if (reads.back().residual) {
      ++readers[*reads.back().residual];
    }
  }
  for (std::size_t layer = 0; layer < map_words.size(); ++layer) {
    layout.all_words += groups.layers[layer].output == always_external ? 0 : map_words[layer];
    for (std::size_t mode = 0; mode < modes; ++mode) {
      std::int64_t whole = (mode & output_stored) != 0 ? map_words[layer] : 0;
      double alive = static_cast<double>(whole);
      const auto read = [&](std::size_t map) {
        whole += map_words[map];
        alive += static_cast<double>(map_words[map]) / readers[map];
      };
      if ((mode & input_stored) != 0) {
        std::for_each(reads[layer].inputs.begin(), reads[layer].inputs.end(), read);
      }
      if ((mode & residual_stored) != 0 && reads[layer].residual) {
        read(*reads[layer].residual);
      }
      layout.mode_words.push_back(alive);
      layout.mode_words_at_once.push_back(whole);
    }
  }
}

StoreUse use_of(const Layout& layout, std::size_t mode) {
  return layout.has_store() ? store_use(mode, {.turns = store_turns(layout.slots()),
                                               .word_bits = store_word_bits({0, layout.store_port}, layout.slots())})
                            : StoreUse{};
}

std::int64_t store_capacity(const Layout& layout, const Problem& problem, const PartialResources& chunks) {
  const Platform& platform = problem.platform;
  constexpr std::int64_t step = 512;  // at which BRAM18 step
  const auto fits_beside = [&](std::int64_t depth) {
    const Resources store = store_resources({static_cast<int>(depth), layout.store_port}, layout.slots(), platform);
    const auto within = [](double part, std::int64_t more, std::int64_t most) {
      return part + static_cast<double>(more) <= static_cast<double>(most) * (1 + 1e-12);
    };
    return within(chunks.bram18, store.bram18, platform.bram18) && within(chunks.lut, store.lut, platform.lut) &&
           within(chunks.ff, store.ff, platform.ff) &&
           within(chunks.area_um2, store.area_um2, platform.asic ? platform.asic->area_um2 : 0);
  };
  std::int64_t low = 0;
  std::int64_t high = problem.space.store->depth_max / step + 1;  // steps that do not fit, or are too many
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    (fits_beside(middle * step) ? low : high) = middle;
  }
  // An ASIC's store has any depth: what fits is less than a step more.
  const std::int64_t depth = platform.asic ? (low + 1) * step : low * step;
  return low == 0 && fits_beside(lutram_depth) ? std::max<std::int64_t>(depth, lutram_depth) : depth;
}

PartialResources least_store_resources(const Layout& layout, const Platform& platform, std::int64_t words) {
  if (words <= lutram_depth) {
    return {};  // of a deeper one some resources are less
  }
  const Store store{least_store_depth(words, platform.asic.has_value()), layout.store_port};
  const Resources used = store_resources(store, layout.slots(), platform);
  return {.bram18 = static_cast<double>(used.bram18), .area_um2 = static_cast<double>(used.area_um2)};
}

}  // namespace autonba
