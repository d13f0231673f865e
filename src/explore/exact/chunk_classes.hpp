#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "accel/design_space.hpp"
#include "accel/resources.hpp"
#include "explore/layer_front.hpp"

namespace autonba {

/// What a chunk may have more or less of. More of it never costs cycles, whatever the layer and the mapping
/// (docs/exact.md), so the fastest chunk between two is the one with most of everything.
/// `residual`: whether layers that add a residual may run on it, which its output buffer must be made for.
enum class Amount : std::uint8_t {
  stride_max,
  requant_lanes,
  accumulator,
  residual,
  depth_input,
  depth_weight,
  depth_output,
};
inline constexpr std::size_t amount_count = 7;

/// Places in the lists of a class, by amount.
using Amounts = std::array<std::uint8_t, amount_count>;

inline std::uint8_t& at(Amounts& amounts, Amount amount) {
  return amounts[static_cast<std::size_t>(amount)];
}
inline std::uint8_t at(const Amounts& amounts, Amount amount) {
  return amounts[static_cast<std::size_t>(amount)];
}

/// Chunks of one width of the datapath, unrolling, port and kind of multiplier.
struct ChunkClass {
  Chunk base;                                        // with most of every amount
  std::array<std::vector<int>, amount_count> lists;  // ascending
  Amounts most() const;                              // the last places
};

Chunk chunk_at(const ChunkClass& chunks, const Amounts& amounts);
bool adds_residual_at(const ChunkClass& chunks, const Amounts& amounts);

/// What the chunk offers to tilings.
Cell offered(const ChunkClass& chunks, const Amounts& amounts);

/// All classes of a space. Of two kinds of multiplier that differ in nothing but how much they take, the larger one is
/// left out: `dsp1` where there is `dsp2`, for up to 8 bits.
std::vector<ChunkClass> chunk_classes(const ChunkSpace& space, ChunkKind kind);

/// The least of each resource.
PartialResources least(const PartialResources& a, const PartialResources& b);

/// No chunk between the two takes less, of any resource.
PartialResources least_resources(const ChunkClass& chunks, const Amounts& low, const Amounts& high,
                                 const Platform& platform);

}  // namespace autonba
