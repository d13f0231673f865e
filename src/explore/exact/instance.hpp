#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "explore/engine.hpp"
#include "explore/exact/memory.hpp"

namespace autonba {

inline constexpr std::size_t slots_most = 6;  // chunks of a design
inline constexpr std::size_t kind_count = 2;

/// Layers of one shape.
struct Item {
  ShapeId id = 0;
  double count = 1;
  int bits = 0;    // that a chunk needs to run it
  int stride = 1;  // the same
  bool adds_residual = false;
};

/// What a design has to do with one kind of chunk.
struct KindPart {
  ChunkKind kind = ChunkKind::conv;
  std::size_t chunks_max = 0;  // 0 without layers
  const ClassTree* tree = nullptr;
  std::vector<Item> items;
  std::vector<std::size_t> layers;               // of the network
  std::vector<std::size_t> item_of;              // by place in `layers`
  std::vector<std::vector<double>> least_times;  // by batch, [node of the tree][item], all layers of the item
  bool adds_residuals = false;
  // Energy and EDP only:
  std::vector<std::vector<double>> least_pj;  // as least_times, without leakage
  std::vector<double> least_leakage_pj;       // a cycle, by node of the tree
};

inline bool counts_energy(Objective objective) {
  return objective == Objective::energy || objective == Objective::edp;
}

/// A batch and how many chunks there are of each kind. Slots are numbered by kind, conv first.
struct Layout {
  int batch = 1;
  std::size_t batch_place = 0;  // among those of the problem
  std::array<std::size_t, kind_count> counts = {0, 0};
  std::size_t slots() const { return counts[0] + counts[1]; }
  std::size_t kind_of(std::size_t slot) const { return slot < counts[0] ? 0 : 1; }
  std::size_t first_slot(std::size_t kind) const { return kind == 0 ? 0 : counts[0]; }
};

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
};

/// What the items of a kind, all layers of each, take on each chunk of it: by slot, for makespan_bound.
using SlotRows = std::array<const double*, slots_most>;

struct SlotTimes {
  std::array<std::vector<double>, slots_most> of_slot;
  SlotRows rows{};
};

/// A problem with what its regions are made of. For several threads at once.
class Instance {
 public:
  Instance(const Problem& problem, Mapper& mapper, ExactMemory& memory, int threads = 1);

  const Problem& problem() const { return problem_; }
  const Platform& platform() const { return problem_.platform; }
  const std::vector<Layout>& layouts() const { return layouts_; }
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

  /// Cycles a batch of all layers of each item on the chunk with these amounts and their best mappings; infinity where
  /// it cannot run them. `needed`, where given: as `amounts`, without buffers that none of these mappings needs.
  void times(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes, std::vector<double>& times,
             Amounts* needed = nullptr) const;

 private:
  using Fronts = std::vector<std::shared_ptr<const DatapathFront>>;  // by item
  KindPart make_kind(ChunkKind kind, std::span<const LayerShape> shapes, Mapper& mapper, int threads);
  void add_energies(KindPart& part) const;
  const Fronts& fronts(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes) const;

  const Problem& problem_;
  std::vector<int> batches_;
  const Mapper& mapper_;
  ExactMemory& memory_;
  EnergyMemory* energies_ = nullptr;
  std::array<KindPart, kind_count> kinds_;
  std::vector<Layout> layouts_;
  mutable std::shared_mutex mutex_;
  mutable std::unordered_map<std::uint64_t, std::unique_ptr<const Fronts>> fronts_;
};

}  // namespace autonba
