#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "accel/cycles.hpp"
#include "explore/tilings.hpp"

namespace autonba {

/// Depths that buffers may have, ascending, up to depths_most of each: input, weight, output.
inline constexpr std::size_t depths_most = 126;  // so that a place, and the one after the last, are below 128
using BufferDepths = std::array<std::vector<int>, 3>;

/// Throws InputError for more than depths_most of one.
void check_depths(const BufferDepths& depths);

/// What a tiling needs of a chunk, a byte each: an accumulator (0 or 1), and the places in BufferDepths of the least
/// depths that hold it. The input buffer's depends on how many banks there are, that is on the largest stride.
using Cell = std::uint64_t;
inline constexpr std::size_t strides_most = 3;

struct Needs {
  std::size_t accumulator = 0;
  std::array<std::size_t, strides_most> input = {0, 0, 0};  // by place of the stride
  std::size_t weight = 0;
  std::size_t output = 0;
};

constexpr Cell cell_of(const Needs& needs) {
  return Cell{needs.accumulator} << 40 | Cell{needs.input[0]} << 32 | Cell{needs.input[1]} << 24 |
         Cell{needs.input[2]} << 16 | Cell{needs.weight} << 8 | Cell{needs.output};
}

constexpr Needs needs_of(Cell cell) {
  const auto byte = [cell](int shift) { return static_cast<std::size_t>(cell >> shift & 0xff); };
  return {byte(40), {byte(32), byte(24), byte(16)}, byte(8), byte(0)};
}

/// Whether every byte of `needed` is at most that of `offered`: no byte of the difference borrows.
constexpr bool within(Cell needed, Cell offered) {
  constexpr Cell spare = 0x8080'8080'8080;
  return (((offered | spare) - needed) & spare) == spare;
}

struct FrontTiling {
  std::int64_t cycles = 0;
  Cell needs = 0;
};

/// Finds for a layer every tiling that no other beats in cycles and in all that it needs. Keeps lists between calls;
/// one for each thread.
class LayerFronts {
 public:
  /// References are kept. Throws InputError for more than depths_most depths.
  LayerFronts(const BufferDepths& depths, const Platform& platform);

  /// By ascending cycles. Buffer depths, accumulator and largest stride of `chunk` do not matter: found are the tilings
  /// for all depths of the lists, with `accumulator` both with and without one, and for all of `strides`. Empty if no
  /// tile fits. `use`: the layer's maps in the feature store.
  std::span<const FrontTiling> of(const LayerShape& shape, Tilings& tilings, const Chunk& chunk, bool accumulator,
                                  std::span<const int> strides, int batch, const StoreUse& use = {});

  /// Of the first of these tilings, without the others, which takes less time; none if no tile fits.
  std::optional<std::int64_t> least_cycles(const LayerShape& shape, Tilings& tilings, const Chunk& chunk,
                                           bool accumulator, std::span<const int> strides, int batch,
                                           const StoreUse& use = {});

 private:
  struct Candidate {
    std::int64_t bound = 0;
    Cell needs = 0;
    Mapping mapping;
  };
  void list(const LayerShape& shape, Tilings& tilings, const Chunk& chunk, bool accumulator,
            std::span<const int> strides, int batch, const StoreUse& use);
  void sort_roughly();
  std::size_t place(std::size_t buffer, std::int64_t words) const;

  const BufferDepths& depths_;
  const Platform& platform_;
  std::array<std::vector<std::uint8_t>, 3> places_;  // by words, up to the deepest
  std::vector<Candidate> candidates_;                // scratch
  std::vector<std::uint32_t> order_;
  std::vector<FrontTiling> front_;  // of the last call
};

}  // namespace autonba
