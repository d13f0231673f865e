#pragma once

#include <span>
#include <vector>

#include "explore/exact/instance.hpp"

namespace autonba {

/// What one layer may take on a slot, at least, without leakage.
struct EnergyPoint {
  double cycles = 0;
  double pj = 0;
  Cell needs = 0;
  std::uint32_t tiling = 0;  // in its list
};

/// For every item of a slot's kind the points that no other beats in both cycles and energy; none where no chunk of
/// the slot can run it.
struct EnergyRow {
  std::vector<EnergyPoint> points;
  std::vector<std::uint32_t> begins;  // by item, and the end
  std::span<const EnergyPoint> of(std::size_t item) const {
    return std::span(points).subspan(begins[item], begins[item + 1] - begins[item]);
  }
};

/// Of the chunks with amounts from `low` to `high`: no chunk of them takes less, in any tiling, in both cycles and
/// energy than some point, and a single chunk takes just that if `lanes` are exact. `needed`, where given: as `high`,
/// without what no tiling needs.
void energy_row(const Instance& instance, const Region& region, std::size_t slot, const Amounts& low,
                const Amounts& high, Instance::Lanes lanes, EnergyRow& row, Amounts* needed = nullptr);

/// The list of tilings that a point of the slot's row is of.
std::shared_ptr<const EnergyTilings> tilings_of(const Instance& instance, const Region& region, std::size_t slot,
                                                std::size_t item, const Amounts& high, Instance::Lanes lanes);

/// pJ that a slot's chunks leak in a cycle, at least: exact for a single chunk.
double least_leakage(const ChunkClass& chunks, const Amounts& low, const Amounts& high, const Platform& platform);

}  // namespace autonba
