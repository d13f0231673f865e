#include "explore/exact/memory.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/ceil_div.hpp"
#include "explore/least_placement.hpp"

namespace autonba {
namespace {

constexpr std::size_t remembered_most = 400'000;      // fronts, about 500 bytes each
constexpr std::size_t least_size_most = 100'000'000;  // least times by node, 8 bytes each

BufferDepths buffer_depths(const ChunkSpace& space) {
  return {space.depth_input, space.depth_weight, space.depth_output};
}

double lane_groups(const LayerShape& shape, const Chunk& chunk, int batch) {
  return static_cast<double>(shape.groups) * ceil_div(shape.m, chunk.unroll_m) *
         ceil_div(tiled_rows(shape, batch), chunk.unroll_p) * tiled_cols(shape) * (shape.flattened ? 1 : batch);
}

}  // namespace

/// What a thread keeps while it works fronts out.
struct ExactMemory::Worker {
  Worker(const std::array<BufferDepths, 2>& depths, const Platform& platform)
      : fronts{LayerFronts(depths[0], platform), LayerFronts(depths[1], platform)} {}
  std::map<ShapeId, Tilings> tilings;
  std::array<LayerFronts, 2> fronts;  // by kind
};

ExactMemory::ExactMemory(const DesignSpace& space, const Platform& platform)
    : space_(space),
      platform_(platform),
      trees_{class_tree(chunk_classes(space.conv, ChunkKind::conv), platform),
             class_tree(chunk_classes(space.depthwise, ChunkKind::depthwise), platform)},
      depths_{buffer_depths(space.conv), buffer_depths(space.depthwise)},
      accumulator_(std::find(space.conv.accumulator.begin(), space.conv.accumulator.end(), true) !=
                   space.conv.accumulator.end()) {}

ExactMemory::~ExactMemory() = default;

EnergyMemory& ExactMemory::energies() {
  const std::lock_guard lock(mutex_);
  if (!energies_) {
    energies_ = std::make_unique<EnergyMemory>(trees_, platform_);
  }
  return *energies_;
}

NodeRows::Column ExactMemory::least_times(ShapeId id, const LayerShape& shape, int batch, std::size_t mode) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = least_.find({id, batch, mode}); known != least_.end()) {
      return known->second;
    }
  }
  const ClassTree& classes = tree(is_depthwise_kind(shape) ? ChunkKind::depthwise : ChunkKind::conv);
  const StoreUse use = store_use(mode, {.turns = 1, .word_bits = store_word_bits_most});
  auto times = std::make_shared<const std::vector<double>>(
      least_by_node(classes, autonba::least_times(classes, shape, batch, platform_, use)));
  const std::lock_guard lock(mutex_);
  if (least_size_ >= least_size_most) {
    least_.clear();
    least_size_ = 0;
  }
  const auto [place, is_new] = least_.try_emplace({id, batch, mode}, std::move(times));
  least_size_ += is_new ? place->second->size() : 0;
  return place->second;
}

std::unique_ptr<ExactMemory::Worker> ExactMemory::take_worker() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) {
    return std::make_unique<Worker>(depths_, platform_);
  }
  std::unique_ptr<Worker> worker = std::move(idle_.back());
  idle_.pop_back();
  return worker;
}

/// count(fronts, tilings, accumulator) with lists that no other thread uses meanwhile.
template <typename Count>
auto ExactMemory::counted(ShapeId id, const LayerShape& shape, ChunkKind kind, Count count) {
  std::unique_ptr<Worker> worker = take_worker();
  Tilings& tilings = worker->tilings.try_emplace(id, shape).first->second;
  auto found = count(worker->fronts[static_cast<std::size_t>(kind)], tilings, accumulator_ && kind == ChunkKind::conv);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
  return found;
}

ExactMemory::Key ExactMemory::key_of(ShapeId id, const LayerShape& shape, const Chunk& chunk, int batch,
                                     const StoreUse& use) {
  // Logits are written in ⌈32 / bits⌉ words, of the chunk's bits; all else is the same for any bits.
  const int bits = shape.output.bits == 32 ? chunk.bits : 0;
  const auto mode = static_cast<int>(mode_of(use));
  return {id,
          batch,
          bits,
          chunk.unroll_m,
          chunk.unroll_n,
          chunk.unroll_p,
          chunk.requant_lanes,
          chunk.port_bits,
          mode,
          mode == 0 ? 0 : use.turns,
          mode == 0 ? 0 : use.word_bits};
}

std::shared_ptr<const DatapathFront> ExactMemory::front(ShapeId id, const LayerShape& shape, const Chunk& chunk,
                                                        std::span<const int> strides, int batch, const StoreUse& use) {
  const Key key = key_of(id, shape, chunk, batch, use);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = fronts_.find(key); known != fronts_.end()) {
      return known->second;
    }
  }
  auto front = counted(id, shape, chunk.kind, [&](LayerFronts& fronts, Tilings& tilings, bool accumulator) {
    const auto found = fronts.of(shape, tilings, chunk, accumulator, strides, batch, use);
    return std::make_shared<const DatapathFront>(
        DatapathFront{{found.begin(), found.end()}, lane_groups(shape, chunk, batch)});
  });
  const std::lock_guard lock(mutex_);
  if (fronts_.size() >= remembered_most) {
    fronts_.clear();
  }
  return fronts_.try_emplace(key, std::move(front)).first->second;
}

double ExactMemory::least_cycles(ShapeId id, const LayerShape& shape, const Chunk& chunk, std::span<const int> strides,
                                 int batch, const StoreUse& use) {
  const Key key = key_of(id, shape, chunk, batch, use);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = least_cycles_.find(key); known != least_cycles_.end()) {
      return known->second;
    }
  }
  const auto least = counted(id, shape, chunk.kind, [&](LayerFronts& fronts, Tilings& tilings, bool accumulator) {
    return fronts.least_cycles(shape, tilings, chunk, accumulator, strides, batch, use);
  });
  const std::lock_guard lock(mutex_);
  if (least_cycles_.size() >= remembered_most) {
    least_cycles_.clear();
  }
  return least_cycles_.try_emplace(key, least ? static_cast<double>(*least) : std::numeric_limits<double>::infinity())
      .first->second;
}

}  // namespace autonba
