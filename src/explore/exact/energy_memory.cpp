#include "explore/exact/energy_memory.hpp"

#include <limits>

#include "explore/tilings.hpp"

namespace autonba {
namespace {

constexpr std::size_t remembered_most = 3'000'000;  // tilings, 120 bytes each

}  // namespace

EnergyMemory::EnergyMemory(const std::array<ClassTree, 2>& trees, const Platform& platform)
    : trees_(trees), platform_(platform) {
  for (std::size_t kind = 0; kind < trees.size(); ++kind) {
    for (const ChunkClass& chunks : trees[kind].classes) {
      energies_[kind].push_back(class_energy(chunks, *platform.asic));
    }
  }
}

EnergyMemory::~EnergyMemory() = default;

std::unique_ptr<EnergyMemory::Worker> EnergyMemory::take_worker() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) {
    return std::make_unique<Worker>();
  }
  std::unique_ptr<Worker> worker = std::move(idle_.back());
  idle_.pop_back();
  return worker;
}

std::shared_ptr<const EnergyTilings> EnergyMemory::tilings(ShapeId id, const LayerShape& shape, std::size_t kind,
                                                           std::size_t index, std::size_t lanes_place, int batch) {
  const Key key = {id, batch, static_cast<std::int32_t>(kind), static_cast<std::int32_t>(index),
                   static_cast<std::int32_t>(lanes_place)};
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = tilings_.find(key); known != tilings_.end()) {
      return known->second;
    }
  }
  std::unique_ptr<Worker> worker = take_worker();
  Tilings& tiles = worker->try_emplace(id, shape).first->second;
  auto found = std::make_shared<const EnergyTilings>(energy_tilings(
      {shape, trees_[kind].classes[index], lanes_place, batch, platform_}, tiles, energies_[kind][index]));
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
  if (remembered_ >= remembered_most) {
    tilings_.clear();
    remembered_ = 0;
  }
  const auto [place, is_new] = tilings_.try_emplace(key, std::move(found));
  remembered_ += is_new ? place->second->tilings.size() : 0;
  return place->second;
}

const std::vector<double>& EnergyMemory::least_energies(ShapeId id, const LayerShape& shape, std::size_t kind,
                                                        int batch) {
  const std::lock_guard lock(mutex_);
  std::vector<double>& least = least_[{id, batch}];
  if (least.empty()) {
    Tilings tiles(shape);
    for (std::size_t index = 0; index < trees_[kind].classes.size(); ++index) {
      least.push_back(least_energy(shape, tiles, trees_[kind].classes[index], energies_[kind][index], batch));
    }
  }
  return least;
}

}  // namespace autonba
