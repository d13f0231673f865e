#include "explore/exact/energy_rows.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"
#include "explore/exact/constants.hpp"
#include "explore/exact/energy_memory.hpp"

namespace autonba {
namespace {

/// Points that no other beats, of one item.
class PointFront {
 public:
  explicit PointFront(std::vector<EnergyPoint>& points) : points_(points), first_(points.size()) {}

  void add(const EnergyPoint& point) {
    for (std::size_t i = first_; i < points_.size(); ++i) {
      if (points_[i].cycles <= point.cycles && points_[i].pj <= point.pj) {
        return;
      }
    }
    std::size_t kept = first_;
    for (std::size_t i = first_; i < points_.size(); ++i) {
      if (points_[i].cycles < point.cycles || points_[i].pj < point.pj) {
        points_[kept++] = points_[i];
      }
    }
    points_.resize(kept);
    points_.push_back(point);
  }

 private:
  std::vector<EnergyPoint>& points_;
  std::size_t first_;
};

WordEnergy least_parameters(const ClassEnergy& energy, const Amounts& low, const Amounts& high) {
  WordEnergy least = energy.parameters[at(low, Amount::requant_lanes)];
  for (std::size_t lanes = at(low, Amount::requant_lanes); lanes <= at(high, Amount::requant_lanes); ++lanes) {
    least.read = std::min(least.read, energy.parameters[lanes].read);
    least.write = std::min(least.write, energy.parameters[lanes].write);
  }
  return least;
}

std::size_t lanes_place(const ChunkClass& chunks, const Amounts& high, Instance::Lanes lanes) {
  return lanes == Instance::Lanes::exact ? at(high, Amount::requant_lanes)
                                         : chunks.lists[static_cast<std::size_t>(Amount::requant_lanes)].size() - 1;
}

/// What tilings of a region need at most.
struct MostNeeds {
  Needs needs;
  void add(Cell cell, std::size_t low_stride, std::size_t high_stride) {
    const Needs more = needs_of(cell);
    needs.accumulator = std::max(needs.accumulator, more.accumulator);
    for (std::size_t stride = low_stride; stride <= high_stride; ++stride) {
      needs.input[0] = std::max(needs.input[0], more.input[stride]);
    }
    needs.weight = std::max(needs.weight, more.weight);
    needs.output = std::max(needs.output, more.output);
  }
};

}  // namespace

std::shared_ptr<const EnergyTilings> tilings_of(const Instance& instance, const Region& region, std::size_t slot,
                                                std::size_t item, const Amounts& high, Instance::Lanes lanes) {
  const KindPart& part = instance.kind_of(region, slot);
  const ShapeId id = part.items[item].id;
  return instance.energies().tilings(
      id, instance.shape(id), instance.layout_of(region).kind_of(slot), instance.node_of(region, slot).first,
      lanes_place(instance.class_of(region, slot), high, lanes), instance.batch_of(region));
}

void energy_row(const Instance& instance, const Region& region, std::size_t slot, const Amounts& low,
                const Amounts& high, Instance::Lanes lanes, EnergyRow& row, Amounts* needed) {
  const ChunkClass& chunks = instance.class_of(region, slot);
  const std::vector<Item>& items = instance.kind_of(region, slot).items;
  const ClassEnergy& energy =
      instance.energies().energy(instance.layout_of(region).kind_of(slot), instance.node_of(region, slot).first);
  const WordEnergy parameters = least_parameters(energy, low, high);
  const Chunk most = chunk_at(chunks, high);
  const Cell offer = offered(chunks, high);
  const bool residual = adds_residual_at(chunks, high);
  const std::size_t stride = at(high, Amount::stride_max);
  const int requant_cycles = ceil_div(most.unroll_m * most.unroll_p, most.requant_lanes);
  MostNeeds all_needs;
  row.points.clear();
  row.begins.assign(1, 0);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    if (item.bits <= most.bits && item.stride <= most.stride_max && (residual || !item.adds_residual)) {
      PointFront front(row.points);
      const auto list = tilings_of(instance, region, slot, i, high, lanes);
      const double operations = list->operations * energy.operation_pj;
      const double least_cycles = list->groups * requant_cycles;
      for (std::size_t t = 0; t < list->tilings.size(); ++t) {
        const EnergyTiling& tiling = list->tilings[t];
        if (!within(tiling.needs, offer)) {
          continue;
        }
        if (needed != nullptr) {
          all_needs.add(tiling.needs, at(low, Amount::stride_max), stride);
        }
        const Needs needs = needs_of(tiling.needs);
        // A buffer is at least as deep as the tiling needs, whatever the lower end.
        const EnergyPlaces places{std::max<std::size_t>(needs.input[stride], at(low, Amount::depth_input)),
                                  std::max<std::size_t>(needs.weight, at(low, Amount::depth_weight)),
                                  std::max<std::size_t>(needs.output, at(low, Amount::depth_output)), residual};
        front.add({std::max(tiling.cycles, least_cycles),
                   operations + energy_at(tiling, energy, places) + parameter_energy(tiling, parameters), tiling.needs,
                   static_cast<std::uint32_t>(t)});
      }
    }
    row.begins.push_back(static_cast<std::uint32_t>(row.points.size()));
  }
  if (needed != nullptr) {
    *needed = high;
    const auto lower = [&](Amount amount, std::size_t place) {
      at(*needed, amount) =
          static_cast<std::uint8_t>(std::clamp<std::size_t>(place, at(low, amount), at(high, amount)));
    };
    lower(Amount::depth_input, all_needs.needs.input[0]);
    lower(Amount::depth_weight, all_needs.needs.weight);
    lower(Amount::depth_output, all_needs.needs.output);
    if (all_needs.needs.accumulator == 0) {
      lower(Amount::accumulator, 0);
    }
  }
}

double least_leakage(const ChunkClass& chunks, const Amounts& low, const Amounts& high, const Platform& platform) {
  const AsicTables& tables = *platform.asic;
  const Chunk chunk = chunk_at(chunks, low);
  double sram_bits = 0;
  double parameter_sram_bits = infinity;  // of more lanes they may be fewer
  const auto bits_of = [](const BufferMemories& memory) {
    return static_cast<double>(memory.count * memory.width_bits * memory.depth);
  };
  const ChunkMemories memories = chunk_memories(chunk, adds_residual_at(chunks, low));
  for (const BufferMemories& memory : {memories.input, memories.weight, memories.output, memories.accumulator}) {
    sram_bits += bits_of(memory);
  }
  for (Amounts lanes = low; at(lanes, Amount::requant_lanes) <= at(high, Amount::requant_lanes);
       ++at(lanes, Amount::requant_lanes)) {
    parameter_sram_bits =
        std::min(parameter_sram_bits, bits_of(chunk_memories(chunk_at(chunks, lanes), false).parameters));
  }
  const AsicArea logic = asic_logic_area(chunk, tables);
  const double leakage_nw = (sram_bits + parameter_sram_bits) * tables.sram_leakage_nw_per_bit +
                            (logic.macs_um2 + logic.logic_um2) * tables.logic_leakage_nw_per_um2;
  return leakage_pj_per_cycle(leakage_nw, platform);
}

}  // namespace autonba
