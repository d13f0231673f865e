#pragma once

#include "explore/exact/energy_rows.hpp"
#include "explore/exact/incumbent.hpp"

namespace autonba {

/// Single chunks with what layers take on them.
struct EnergyChunks {
  Region region;                                   // lower ends are upper ends
  Instance::Lanes lanes = Instance::Lanes::exact;  // bounded: less than they take, but found faster
  std::vector<EnergyRow> rows;
  std::array<double, slots_most> leakage{};  // pJ a cycle
};

/// Those at the upper ends of a region of single classes.
EnergyChunks chunks_at_upper_ends(const Instance& instance, const Region& region, Instance::Lanes lanes);

/// Rows and leakage of a slot anew, after its amounts have changed.
void read_slot(const Instance& instance, EnergyChunks& chunks, std::size_t slot);

/// The best assignment and mappings for energy or EDP, if it is below `limit`; after `most_nodes` the best so far, with
/// the bound that was proven.
Best best_on(const Instance& instance, const EnergyChunks& chunks, double limit, std::int64_t most_nodes);

}  // namespace autonba
