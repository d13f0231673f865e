#pragma once

#include <array>
#include <span>
#include <vector>

#include "explore/exact/incumbent.hpp"

namespace autonba {

/// What the layers of one kind take on its chunks.
struct LayerTimes {
  std::vector<std::vector<double>> of_chunk;  // by place in the kind's layers
  std::vector<const double*> rows;
};

/// On the chunks at the region's upper ends. `stored`, where given: by group, where the network's maps lie; else each
/// item is where it is fastest.
LayerTimes layer_times(const Instance& instance, const Region& region, std::size_t kind,
                       const std::vector<char>* stored = nullptr);
std::array<LayerTimes, kind_count> all_times(const Instance& instance, const Region& region,
                                             const std::vector<char>* stored = nullptr);

/// The best design with the layers of all kinds placed as their times say, if its chunks fit. With `prove` the best of
/// all assignments is looked for, else a good one.
Best place_all(const Instance& instance, const Region& region, std::span<const LayerTimes> times, bool prove);

/// What a chunk with these amounts takes.
Resources used_by(const Instance& instance, const Region& region, std::size_t slot, const Amounts& amounts,
                  bool adds_residual);
Resources used_by(const Instance& instance, const Region& region, std::size_t slot, const Amounts& amounts);

/// A chunk has what residuals need only if a layer on it adds one, and is not built without layers.
struct AsBuilt {
  Resources used;
  bool is_as_flagged = true;  // each chunk that was made for residuals adds one
};
AsBuilt as_built(const Instance& instance, const Region& region, const Found& found);

}  // namespace autonba
