#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "explore/engine.hpp"
#include "explore/exact/layout.hpp"
#include "explore/exact/memory.hpp"
#include "explore/exact/node_rows.hpp"
#include "explore/least_placement.hpp"

namespace autonba {

/// Layers of one shape, of which the same maps may lie in a store.
struct Item {
  ShapeId id = 0;
  double count = 1;
  std::size_t storable = 0;  // the mode (explore/least_placement.hpp) in which all of these maps lie there
  int bits = 0;              // that a chunk needs to run it
  int stride = 1;            // the same
  bool adds_residual = false;
};

/// What a design has to do with one kind of chunk.
struct KindPart {
  ChunkKind kind = ChunkKind::conv;
  std::size_t chunks_max = 0;  // 0 without layers
  const ClassTree* tree = nullptr;
  std::vector<Item> items;
  std::vector<std::size_t> layers;                           // of the network
  std::vector<std::size_t> item_of;                          // by place in `layers`
  std::vector<std::unique_ptr<const NodeRows>> least_times;  // by batch, [node of the tree][item], all layers of it
  // With a store: the same by batch and mode, [node of the tree][item][mode], whatever the store; and by store what its
  // sides take at least, on any chunk, [item][mode].
  std::vector<std::unique_ptr<const NodeRows>> least_times_by_mode;
  std::vector<std::vector<double>> store_times;
  bool adds_residuals = false;
  // Energy and EDP only:
  std::vector<std::unique_ptr<const NodeRows>> least_pj;  // as least_times, without leakage
  std::vector<double> least_leakage_pj;                   // a cycle, by node of the tree
};

inline bool counts_energy(Objective objective) {
  return objective == Objective::energy || objective == Objective::edp;
}

/// The chunks that one slot may have: of the classes below a node of the tree; of a single class, those with amounts
/// from `low` to `high`.
struct Slot {
  std::uint32_t node = 0;
  Amounts low{};
  Amounts high{};
};

/// A set of designs: all assignments of layers to the chunks that the slots may have.
struct Region {
  double bound = 0;  // no design of it has a lower value
  std::uint32_t layout = 0;
  bool is_tight = false;  // the bound is tight_bound's
  std::array<Slot, slots_most> slots{};
  std::array<double, kind_count> kind_bounds{};  // cycles on the slowest chunk of each kind
  std::array<double, slots_most> prices{};       // of the chunks' time, for makespan_bound; those of a kind add up to 1
  // For StoreBound: of a word of the store, in cycles, and what share of the prices of all chunks those of each kind
  // are.
  double store_price = 0;
  std::int64_t store_words = 0;                  // that a store has at least, of single classes
  std::array<double, kind_count> kind_shares{};  // 0: not known yet
};

/// What the items of a kind, all layers of each, take on each chunk of it: by slot, for makespan_bound.
using SlotRows = std::array<const double*, slots_most>;

struct SlotTimes {
  std::array<std::vector<double>, slots_most> of_slot;
  SlotRows rows{};
};

/// What the items of a kind, all layers of each, take at least on any chunk of some classes, with the store of a
/// layout.
struct LeastTimes {
  std::vector<double> of_item;  // in the best mode
  std::vector<double> by_mode;  // [item][mode]
};

/// A problem with what its regions are made of. For several threads at once.
class Instance {
 public:
  Instance(const Problem& problem, Mapper& mapper, ExactMemory& memory, int threads = 1);

  const Problem& problem() const { return problem_; }
  const Platform& platform() const { return problem_.platform; }
  const std::vector<Layout>& layouts() const { return layouts_; }
  std::size_t batch_count() const { return batches_.size(); }
  const KindPart& kind(std::size_t index) const { return kinds_[index]; }
  const LayerShape& shape(ShapeId id) const { return mapper_.shape(id); }
  EnergyMemory& energies() const { return *energies_; }  // energy and EDP only

  const Layout& layout_of(const Region& region) const { return layouts_[region.layout]; }
  const KindPart& kind_of(const Region& region, std::size_t slot) const {
    return kinds_[layout_of(region).kind_of(slot)];
  }
  const ClassTree::Node& node_of(const Region& region, std::size_t slot) const {
    return kind_of(region, slot).tree->nodes[region.slots[slot].node];
  }
  /// Requires a slot of a single class.
  const ChunkClass& class_of(const Region& region, std::size_t slot) const {
    return kind_of(region, slot).tree->classes[node_of(region, slot).first];
  }
  int batch_of(const Region& region) const { return layout_of(region).batch; }

  /// An image, in steady state, of cycles a batch; and back.
  double seconds(const Region& region, double cycles) const;
  double cycles(const Region& region, double seconds) const;

  /// All designs of a layout.
  Region whole(std::uint32_t layout) const;

  /// A slot of a single class with all amounts; others stay as they are.
  void open(Region& region, std::size_t slot) const;

  /// Whether requantisation takes as long as the chunk's lanes make it, or a little less: then chunks that differ in
  /// their lanes share what is worked out.
  enum class Lanes { exact, bounded };

  /// Groups of maps and what they mean to the layers of the network, in its order.
  const PlacementGroups& groups() const { return groups_; }
  const LeastPlacement& least_placement() const { return least_placement_; }

  /// The item of a layer of the network: its kind and its place in the kind.
  std::pair<std::size_t, std::size_t> item_of(std::size_t layer) const { return items_of_layers_[layer]; }

  /// Of a slot of a single class, with a store: exact cycles with the most of every amount, more than the tree knows.
  const LeastTimes& least_of_class(const Region& region, std::size_t slot) const;

  /// As accel/placement.hpp, from the shapes that are known.
  std::vector<std::int64_t> slot_words(const Accelerator& accelerator) const;

  /// Cycles a batch of all layers of each item on the chunk with these amounts and their best mappings; infinity where
  /// it cannot run them. With a store: with each item's maps where it is fastest. `needed`, where given: as `amounts`,
  /// without buffers that none of these mappings needs.
  void times(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes, std::vector<double>& times,
             Amounts* needed = nullptr) const;

  /// The same by item and mode; infinity for modes with maps in the store that may not lie there.
  void mode_times(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes,
                  std::vector<double>& times) const;

  /// The same of one item in one mode.
  double mode_time(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes, std::size_t item,
                   std::size_t mode) const;

 private:
  /// Of a class with given lanes, by item and mode; worked out when they are asked for.
  struct Fronts {
    explicit Fronts(std::size_t count) : known(count) {}
    std::vector<std::atomic<const DatapathFront*>> known;
    std::mutex mutex;
    std::vector<std::shared_ptr<const DatapathFront>> kept;
  };
  /// A slot's chunk with some amounts, and what its layers' tilings are taken from.
  struct SlotChunk;
  SlotChunk slot_chunk(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes) const;
  const FrontTiling* best_tiling(const SlotChunk& chunk, std::size_t item, std::size_t mode, double& cycles) const;
  void add_layouts();
  void add_layout(const Layout& without);
  std::vector<std::int64_t> map_words(int batch, int word_bits) const;
  void place_store(Layout& layout);
  void list_items_of_layers();
  KindPart make_kind(ChunkKind kind, std::span<const LayerShape> shapes, Mapper& mapper, int threads);
  std::unique_ptr<const NodeRows> least_times(const KindPart& part, int batch, std::size_t modes_here, int threads);
  std::vector<double> store_times(const KindPart& part, const Layout& layout) const;
  void add_energies(KindPart& part) const;
  std::uint64_t key_of(const Region& region, std::size_t slot, std::uint8_t lanes) const;
  Fronts& fronts(const Region& region, std::size_t slot, std::uint8_t lanes) const;
  const DatapathFront& front(const SlotChunk& chunk, std::size_t item, std::size_t mode) const;

  const Problem& problem_;
  std::vector<int> batches_;
  const Mapper& mapper_;
  ExactMemory& memory_;
  EnergyMemory* energies_ = nullptr;
  PlacementGroups groups_;
  LeastPlacement least_placement_;
  std::array<KindPart, kind_count> kinds_;
  std::vector<std::pair<std::size_t, std::size_t>> items_of_layers_;
  std::vector<Layout> layouts_;
  std::size_t stores_ = 0;  // of different places
  mutable std::shared_mutex mutex_;
  mutable std::unordered_map<std::uint64_t, std::unique_ptr<Fronts>> fronts_;
  mutable std::unordered_map<std::uint64_t, std::unique_ptr<const LeastTimes>> least_of_classes_;
};

}  // namespace autonba
