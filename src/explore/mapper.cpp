#include "explore/mapper.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/ceil_div.hpp"
#include "explore/bound.hpp"
#include "explore/exact/memory.hpp"
#include "explore/tilings.hpp"

namespace autonba {
namespace {

constexpr std::size_t remembered_most = 1'000'000;  // mappings, about 100 bytes each

/// All that the best mapping of a layer depends on, packed.
using Key = std::array<std::uint64_t, 6>;

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : key) {
      hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

struct ShapeHash {
  std::size_t operator()(const LayerShape& shape) const { return hash_value(shape); }
};

Key make_key(ShapeId shape, const Chunk& chunk, int batch, const StoreUse& use) {
  const auto at = [](auto value, int shift) { return static_cast<std::uint64_t>(value) << shift; };
  const std::uint64_t how =
      use.any() ? at(use.turns, 32) | at(use.word_bits, 8) | at(use.residual, 1) | at(use.output, 0) : 0;
  return {at(shape, 32) | at(batch, 16) | at(chunk.bits, 8) | at(chunk.accumulator, 1) | at(chunk.kind, 0),
          at(chunk.unroll_m, 48) | at(chunk.unroll_n, 32) | at(chunk.unroll_p, 16) | at(chunk.requant_lanes, 0),
          at(chunk.depth_input, 32) | at(chunk.depth_weight, 0),
          at(chunk.depth_output, 32) | at(chunk.port_bits, 16) | at(chunk.stride_max, 0),
          use.inputs,
          how};
}

/// A tiling whose exact cycles are still unknown.
struct Promise {
  std::int64_t bound = 0;
  const TileSize* m = nullptr;
  const TileSize* n = nullptr;
  const TileSize* rows = nullptr;
  const TileSize* cols = nullptr;
  LoopOrder order = LoopOrder::rows_outer;
};

/// Least bound first; ties by the sizes of tiles, larger ones first.
bool more_promising(const Promise& a, const Promise& b) {
  const auto rank = [](const Promise& p) {
    return std::tuple(p.bound, -p.m->size, -p.n->size, -p.rows->size, -p.cols->size, p.order);
  };
  return rank(a) < rank(b);
}

Mapping mapping_of(const Promise& promise) {
  return {promise.m->size, promise.n->size, promise.rows->size, promise.cols->size, promise.order};
}

/// A layer shape with the lists of its tiles.
struct KnownShape {
  explicit KnownShape(const LayerShape& layer_shape) : shape(layer_shape), tilings(layer_shape) {
    if (!shape.flattened) {
      rows_loaded = tilings.rows(1, 1).front().loaded_most;
    }
  }
  LayerShape shape;
  Tilings tilings;
  std::int64_t rows_loaded = 0;  // by a tile of all rows; flattened layers: all pixels of the batch
};

std::int64_t output_words(const LayerShape& shape, const Chunk& chunk) {
  return shape.output.bits == 32 ? ceil_div(32, chunk.bits) : 1;
}

/// Words of the weight buffer for one group of lanes each way.
std::int64_t weight_words(const LayerShape& shape) {
  return is_pooling(shape) ? 0 : static_cast<std::int64_t>(shape.kernel_height) * shape.kernel_width;
}

/// The chunk with the least buffers that hold the whole layer, where its own are larger, and with the bits on which the
/// cycles depend: chunks that are as good for the layer become equal. Requires can_run.
Chunk as_good(const Chunk& chunk, const KnownShape& known, int batch) {
  const LayerShape& shape = known.shape;
  const std::int64_t m_words = ceil_div(std::min(shape.m, parameter_words), chunk.unroll_m);
  const std::int64_t n_words = ceil_div(shape.n, chunk.unroll_n);
  const std::int64_t rows_loaded = shape.flattened ? tiled_rows(shape, batch) : known.rows_loaded;
  const std::int64_t input = ceil_div(rows_loaded, input_banks(chunk)) * known.tilings.columns().front().loaded_most *
                             (is_depthwise_kind(shape) ? m_words : n_words);
  const std::int64_t weight = weight_words(shape) * m_words * n_words;
  const std::int64_t output =
      m_words * ceil_div(tiled_rows(shape, batch), chunk.unroll_p) * tiled_cols(shape) * output_words(shape, chunk);
  const auto at_most = [](int depth, std::int64_t whole) {
    return static_cast<int>(std::min<std::int64_t>(depth, whole));
  };
  Chunk equal = chunk;
  equal.depth_input = at_most(chunk.depth_input, input);
  equal.depth_weight = at_most(chunk.depth_weight, weight);
  equal.depth_output = at_most(chunk.depth_output, output);
  equal.bits = shape.output.bits == 32 ? chunk.bits : 32;
  return equal;
}

/// Every tiling that the buffers hold, with its bound.
void list_tilings(KnownShape& known, const Chunk& chunk, int batch, const StoreUse& use, const Platform& platform,
                  std::vector<Promise>& promises) {
  const LayerShape& shape = known.shape;
  const bool depthwise = is_depthwise_kind(shape);
  const CycleBound bound(shape, chunk, batch, platform, use);
  const std::vector<TileSize>& row_tiles = known.tilings.rows(chunk.unroll_p, batch);
  for (const TileSize& m : known.tilings.output_channels(chunk.unroll_m)) {
    const std::int64_t m_words = ceil_div(m.size, chunk.unroll_m);
    for (const TileSize& n : known.tilings.input_channels(chunk.unroll_n)) {
      const std::int64_t n_words = ceil_div(n.size, chunk.unroll_n);
      if ((n.tiles > 1 && !chunk.accumulator) || weight_words(shape) * m_words * n_words > chunk.depth_weight) {
        continue;
      }
      const CycleBound::ChannelTerms channels = bound.channel_terms(m, n);
      for (const TileSize& rows : row_tiles) {
        const std::int64_t input_words =
            ceil_div(rows.loaded_most, input_banks(chunk)) * (depthwise ? m_words : n_words);
        const std::int64_t tile_words = m_words * ceil_div(rows.size, chunk.unroll_p) * output_words(shape, chunk);
        for (const TileSize& cols : known.tilings.columns()) {
          if (input_words * cols.loaded_most > chunk.depth_input || tile_words * cols.size > chunk.depth_output) {
            continue;
          }
          for (const LoopOrder order : loop_orders(depthwise, m, n)) {
            promises.push_back({bound.of(channels, rows, cols, order), &m, &n, &rows, &cols, order});
          }
        }
      }
    }
  }
}

}  // namespace

struct Mapper::Memory {
  Platform platform;
  std::deque<KnownShape> shapes;  // by id
  std::unordered_map<LayerShape, ShapeId, ShapeHash> ids;
  std::unordered_map<Key, std::optional<BestMapping>, KeyHash> best;
  std::vector<Promise> promises;  // scratch
  EnergyFronts energy_fronts;
  std::unique_ptr<ExactMemory> exact;

  std::optional<BestMapping> solve(ShapeId id, const Chunk& chunk, int batch, const StoreUse& use);
};

std::optional<BestMapping> Mapper::Memory::solve(ShapeId id, const Chunk& chunk, int batch, const StoreUse& use) {
  KnownShape& known = shapes[static_cast<std::size_t>(id)];
  promises.clear();
  list_tilings(known, chunk, batch, use, platform, promises);
  std::optional<BestMapping> found;
  const auto compute = [&](const Promise& promise) {
    const Mapping mapping = mapping_of(promise);
    const std::int64_t cycles = layer_cycles(known.shape, chunk, mapping, batch, platform, use);
    if (!found || cycles < found->cycles) {
      found = {mapping, cycles};
    }
  };
  const auto first = std::min_element(promises.begin(), promises.end(), more_promising);
  if (first == promises.end()) {
    return std::nullopt;
  }
  compute(*first);
  const auto hopeless = [&](const Promise& promise) { return promise.bound >= found->cycles; };
  *first = promises.back();
  promises.pop_back();
  promises.erase(std::remove_if(promises.begin(), promises.end(), hopeless), promises.end());
  std::sort(promises.begin(), promises.end(), more_promising);
  for (const Promise& promise : promises) {
    if (hopeless(promise)) {
      break;
    }
    compute(promise);
  }
  return found;
}

Mapper::Mapper(Platform platform) : memory_(std::make_unique<Memory>()) {
  memory_->platform = std::move(platform);
}
Mapper::~Mapper() = default;
Mapper::Mapper(Mapper&&) noexcept = default;
Mapper& Mapper::operator=(Mapper&&) noexcept = default;

const Platform& Mapper::platform() const {
  return memory_->platform;
}

ShapeId Mapper::intern(const LayerShape& shape) {
  const auto [place, is_new] = memory_->ids.try_emplace(shape, static_cast<ShapeId>(memory_->shapes.size()));
  if (is_new) {
    memory_->shapes.emplace_back(shape);
  }
  return place->second;
}

std::vector<ShapeId> Mapper::intern(const Network& network) {
  std::vector<ShapeId> ids;
  for (const LayerShape& shape : layer_shapes(network)) {
    ids.push_back(intern(shape));
  }
  return ids;
}

const LayerShape& Mapper::shape(ShapeId id) const {
  return memory_->shapes[static_cast<std::size_t>(id)].shape;
}

std::optional<BestMapping> Mapper::best(ShapeId id, const Chunk& chunk, int batch, const StoreUse& use) {
  const KnownShape& known = memory_->shapes[static_cast<std::size_t>(id)];
  if (!can_run(chunk, known.shape)) {
    return std::nullopt;
  }
  const Chunk equal = as_good(chunk, known, batch);
  const Key key = make_key(id, equal, batch, use);
  if (const auto solved = memory_->best.find(key); solved != memory_->best.end()) {
    return solved->second;
  }
  if (memory_->best.size() >= remembered_most) {
    memory_->best.clear();
  }
  return memory_->best[key] = memory_->solve(id, equal, batch, use);
}

ExactMemory& Mapper::exact_memory(const DesignSpace& space) {
  if (!memory_->exact || !memory_->exact->is_of(space)) {
    memory_->exact = std::make_unique<ExactMemory>(space, memory_->platform);
  }
  return *memory_->exact;
}

std::shared_ptr<const EnergyFront> Mapper::energy_front(ShapeId id, const Chunk& chunk, bool adds_residual, int batch) {
  KnownShape& known = memory_->shapes[static_cast<std::size_t>(id)];
  return memory_->energy_fronts.of(id, known.shape, known.tilings, chunk, adds_residual, batch, memory_->platform);
}

}  // namespace autonba
