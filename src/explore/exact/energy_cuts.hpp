#pragma once

#include <array>
#include <span>
#include <vector>

#include "explore/exact/energy_rows.hpp"

namespace autonba {

/// For all designs of a set: `with_pj`·D + Σ_s cycle_prices[s]·C_s ≥ value, with D the energy of all layers of a batch
/// and C_s the cycles of slot s, so that `with_pj`·D + cycle_price·II ≥ value.
struct EnergyCut {
  double with_pj = 0;  // 0 or 1
  std::array<double, slots_most> cycle_prices{};
  double cycle_price = 0;  // Σ of them
  double value = 0;
};

/// The least value of the objective, D + leakage·II or that times II, that the cuts allow. `least_cycles`: of II.
double least_value(Objective objective, std::span<const EnergyCut> cuts, double leakage_pj, double least_cycles);

/// Bounds of what a region takes, from rows of its slots (docs/exact.md, Energy).
class EnergyCuts {
 public:
  /// References are kept.
  EnergyCuts(const Instance& instance, const Region& region) : instance_(instance), region_(region) {}

  /// Finds cuts, for rows that must stay as they are. False where a layer has no point.
  bool find(std::span<const EnergyRow> rows, std::span<const double> leakage_pj);

  std::span<const EnergyCut> cuts() const { return cuts_; }
  double leakage_pj() const { return leakage_; }

  /// The least value of the objective, in its unit.
  double value() const { return value_; }

  /// The same if one slot had another row, and leaked so much.
  double value_with(std::size_t slot, const EnergyRow& row, double leakage_pj) const;

  double in_unit(double value) const;

 private:
  EnergyCut cut(double with_pj, double cycle_price) const;
  double price(EnergyCut& cut, std::array<double, slots_most>& loads) const;
  void keep(const EnergyCut& cut);
  double of_cuts() const { return least_value(instance_.problem().objective, cuts_, leakage_, 0); }

  const Instance& instance_;
  const Region& region_;
  std::span<const EnergyRow> rows_;
  std::array<double, slots_most> leakages_{};
  double leakage_ = 0;
  double value_ = 0;
  std::vector<EnergyCut> cuts_;
  std::vector<std::array<std::vector<double>, slots_most>> minima_;  // by cut, slot and item: of all layers of the item
};

}  // namespace autonba
