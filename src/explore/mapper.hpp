#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "accel/cycles.hpp"

namespace autonba {

struct BestMapping {
  Mapping mapping;
  std::int64_t cycles = 0;
};

/// Finds the best mapping of a layer on a chunk and remembers it: the same (shape, chunk, batch) is solved once.
/// One for each platform. Not for use by several threads at once.
class Mapper {
 public:
  explicit Mapper(Platform platform);
  ~Mapper();

  /// None if the chunk cannot run the layer, or no tile of it fits.
  std::optional<BestMapping> best(const LayerShape& shape, const Chunk& chunk, int batch);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace autonba
