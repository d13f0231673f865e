#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "accel/cycles.hpp"
#include "accel/design_space.hpp"
#include "explore/energy_front.hpp"

namespace autonba {

struct BestMapping {
  Mapping mapping;
  std::int64_t cycles = 0;  // of the layer, a batch
};

class ExactMemory;

/// A layer shape that a mapper knows. Equal shapes have equal ids.
using ShapeId = std::int32_t;

/// Finds the best mapping of a layer on a chunk, exactly over the tilings of explore/tilings.hpp, and remembers it: the
/// same (shape, chunk, batch, use) is solved once while the memory lasts. Results do not depend on what is remembered.
/// One for each platform. Not for use by several threads at once.
class Mapper {
 public:
  explicit Mapper(Platform platform);
  ~Mapper();
  Mapper(Mapper&&) noexcept;
  Mapper& operator=(Mapper&&) noexcept;

  const Platform& platform() const;

  ShapeId intern(const LayerShape& shape);
  std::vector<ShapeId> intern(const Network& network);
  const LayerShape& shape(ShapeId id) const;

  /// None if the chunk cannot run the layer, or no tile of it fits. `use`: the layer's maps in the feature store.
  std::optional<BestMapping> best(ShapeId shape, const Chunk& chunk, int batch, const StoreUse& use = {});

  /// What the engine `exact` remembers of a design space; of one at a time.
  ExactMemory& exact_memory(const DesignSpace& space);

  /// The mappings that are best in cycles and energy together; empty if the chunk cannot run the layer, or no tile of
  /// it fits. Requires a platform with tables.
  std::shared_ptr<const EnergyFront> energy_front(ShapeId shape, const Chunk& chunk, bool adds_residual, int batch);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace autonba
