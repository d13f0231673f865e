#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "accel/accelerator.hpp"
#include "accel/design_space.hpp"
#include "accel/layout.hpp"
#include "accel/placement.hpp"
#include "accel/platform.hpp"
#include "explore/objective.hpp"

namespace autonba {

/// What a design choice decides.
enum class Parameter {
  batch,
  chunk_count,
  bits,
  stride_max,
  unroll_p,
  unroll_m,
  unroll_n,
  mac,
  requant_lanes,
  depth_input,
  depth_weight,
  depth_output,
  accumulator,
  port_bits,
  layer_slot,
  store_port,
  map_place,
};

/// One design choice m, decided by its own vector γ^m of as many logits as it has options.
struct DesignChoice {
  Parameter parameter = Parameter::batch;
  ChunkKind kind = ChunkKind::conv;  // of the chunks that it is about; elsewhere without meaning
  int index = 0;                     // slot of the chunk, or number of the layer or group of maps; 0 elsewhere
  std::vector<int> options;          // what it chooses from; slots for layer_slot
};

/// Whether it is about one chunk.
bool is_of_chunk(const DesignChoice& choice);

/// The place among `options`, at least one, of the value nearest to `value`.
int nearest_option(const std::vector<int>& options, int value);

inline constexpr int not_chosen = -1;

/// An option for every design choice, and the accelerator that they make. Chunks that get no layer are not built.
struct Design {
  std::vector<int> picks;  // by choice, index into its options; not_chosen for the chunks beyond the number of chunks
  int batch = 1;
  std::vector<Chunk> chunks;
  std::vector<int> slots;     // by chunk
  std::vector<int> chunk_of;  // by layer; a chunk of its kind
  int store_port = 0;         // w_f; 0: no store
  std::vector<char> stored;   // by group of maps, whether it lies in the store; empty: none
};

/// What a chunk must have at least.
struct ChunkNeeds {
  int bits = 0;
  int stride = 0;
};

/// Throws InputError unless chunks can be built of every value of the space, of multipliers that the platform has.
void check_space(const DesignSpace& space, const Platform& platform);

/// All design choices of a problem. A slot is a place for a chunk: the first ones are for conv chunks, the others for
/// depthwise ones. A layer goes to a chunk of its kind.
class DesignChoices {
 public:
  /// `groups`: of the network's maps; without groups there is no store to choose.
  DesignChoices(const DesignSpace& space, std::span<const LayerShape> shapes, const Platform& platform,
                Objective objective, PlacementGroups groups = {});

  /// In the order in which they are made: an option rules out options of later choices only.
  const std::vector<DesignChoice>& choices() const { return choices_; }
  int slots() const { return conv_slots_ + depthwise_slots_; }

  /// The pick for one choice, of the options that `allowed` marks (at least one).
  using Pick = std::function<int(std::size_t choice, const std::vector<char>& allowed)>;

  /// Makes all choices. Ruled out are chunks that cannot be built (accel/chunk.hpp, defect), ports wider than what the
  /// memory has left, more chunks than the space allows in all, bits and strides of the last chunk of a kind that leave
  /// a layer without a chunk, and chunks that cannot run the layer. Where that leaves no option, all are allowed.
  /// Designs over the budget of DSP, BRAM18, LUT or FF are not ruled out.
  Design make(const Pick& pick) const;

  /// The picks that describe an accelerator: for each choice the option that is equal or nearest. Its chunks take the
  /// slots of their kind in their order; those beyond the space's number are left out, and choices about chunks that it
  /// lacks are not_chosen. Layers keep their chunks where it has a place for each layer of the network.
  std::vector<int> describe(const Accelerator& accelerator) const;

 private:
  /// What a kind of chunks takes at least; nothing if no layer needs it.
  struct Least {
    int chunks = 0;
    int port_bits = 0;  // of each
  };
  const Least& least_of(ChunkKind kind) const { return least_[static_cast<std::size_t>(kind)]; }

  void add_chunk_choices(const ChunkSpace& space, ChunkKind kind, int slot);
  void add_store_choices(const StoreSpace& space);
  struct Draft;
  bool is_there(const Draft& draft, const DesignChoice& choice) const;
  ChunkNeeds needs_of_last(const Draft& draft, const DesignChoice& choice) const;
  void mark_allowed(const Draft& draft, const DesignChoice& choice, std::vector<char>& allowed) const;
  void apply(Draft& draft, const DesignChoice& choice, int value) const;
  Design built(Draft draft) const;
  int describe_store(const DesignChoice& choice, const Accelerator& accelerator) const;

  std::vector<LayerShape> shapes_;
  PlacementGroups groups_;
  std::vector<ChunkNeeds> needs_;  // by layer
  std::vector<DesignChoice> choices_;
  std::array<Least, 2> least_;
  int conv_slots_ = 0;
  int depthwise_slots_ = 0;
  int chunks_max_ = 0;   // of both kinds
  int memory_bits_ = 0;  // per cycle
};

}  // namespace autonba
