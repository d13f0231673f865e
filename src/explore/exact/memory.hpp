#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <vector>

#include "explore/exact/class_tree.hpp"
#include "explore/exact/energy_memory.hpp"
#include "explore/exact/node_rows.hpp"
#include "explore/layer_front.hpp"

namespace autonba {

using ShapeId = std::int32_t;  // as in explore/mapper.hpp

/// What a layer takes on one datapath: a chunk but for its buffers and its largest stride.
struct DatapathFront {
  std::vector<FrontTiling> tilings;
  double groups = 0;  // of lanes of outputs, at least: each takes as long as its requantisation, or longer
};

/// What the engine `exact` works out of a design space, whatever the network: trees of classes, and for each layer
/// shape least times and fronts. For several threads at once. The results are the same whatever is remembered.
class ExactMemory {
 public:
  ExactMemory(const DesignSpace& space, const Platform& platform);
  ~ExactMemory();

  bool is_of(const DesignSpace& space) const { return space == space_; }

  /// On a platform with tables.
  EnergyMemory& energies();

  const ClassTree& tree(ChunkKind kind) const { return trees_[static_cast<std::size_t>(kind)]; }

  /// For every node of the tree of the shape's kind, what one such layer takes at least on any chunk below it, with the
  /// maps of `mode` (explore/least_placement.hpp) in a store of one turn and the widest words.
  NodeRows::Column least_times(ShapeId id, const LayerShape& shape, int batch, std::size_t mode = 0);

  /// Of the chunk's datapath, for all depths of the space and all `strides`, with an accumulator if some chunk of the
  /// space may have one. Whether the chunk's bits and stride allow the layer is not looked at.
  /// `use`: the layer's maps in the store, its inputs all or none.
  std::shared_ptr<const DatapathFront> front(ShapeId id, const LayerShape& shape, const Chunk& chunk,
                                             std::span<const int> strides, int batch, const StoreUse& use = {});

  /// Of the front's first tiling, found sooner; infinity if no tile fits.
  double least_cycles(ShapeId id, const LayerShape& shape, const Chunk& chunk, std::span<const int> strides, int batch,
                      const StoreUse& use = {});

 private:
  using Key = std::array<int, 11>;
  struct Worker;
  const BufferDepths& depths(ChunkKind kind) const { return depths_[static_cast<std::size_t>(kind)]; }
  static Key key_of(ShapeId id, const LayerShape& shape, const Chunk& chunk, int batch, const StoreUse& use);
  std::unique_ptr<Worker> take_worker();
  template <typename Count>
  auto counted(ShapeId id, const LayerShape& shape, ChunkKind kind, Count count);

  DesignSpace space_;
  Platform platform_;
  std::array<ClassTree, 2> trees_;
  std::array<BufferDepths, 2> depths_;
  bool accumulator_ = false;
  std::mutex mutex_;
  std::map<std::tuple<ShapeId, int, std::size_t>, NodeRows::Column> least_;
  std::size_t least_size_ = 0;  // numbers in it
  std::map<Key, std::shared_ptr<const DatapathFront>> fronts_;
  std::map<Key, double> least_cycles_;
  std::vector<std::unique_ptr<Worker>> idle_;
  std::unique_ptr<EnergyMemory> energies_;
};

}  // namespace autonba
