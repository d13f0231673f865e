#include "accel/asic.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "accel/resources.hpp"
#include "base/ceil_div.hpp"

namespace autonba {
namespace {

/// Where x lies between two entries of a table, 0 to 1, on a logarithmic scale.
double share_between(double x, double low, double high) {
  return std::clamp(std::log(x / low) / std::log(high / low), 0.0, 1.0);
}

/// On the power law through (0, low) and (1, high).
double power_law(double low, double high, double share) {
  return low * std::pow(high / low, share);
}

/// The first entry whose key is not below x, or the last one; and the one before it.
template <typename Entry, typename Key>
std::pair<const Entry*, const Entry*> neighbours(const std::vector<Entry>& table, double x, Key key) {
  const auto above = std::find_if(table.begin(), table.end(), [&](const Entry& entry) { return key(entry) >= x; });
  const Entry* high = above == table.end() ? &table.back() : &*above;
  return {high == &table.front() ? high : high - 1, high};
}

WordAccess access_to(const BufferMemories& memory, const AsicTables& tables) {
  const AsicSram sram = sram_of(tables, memory.width_bits, memory.depth);
  const auto width = static_cast<double>(memory.width_bits);
  return {width * sram.read_pj_per_bit, width * sram.write_pj_per_bit};
}

}  // namespace

AsicMac mac_of(const AsicTables& tables, int bits) {
  const auto [low, high] = neighbours(tables.mac, bits, [](const AsicMac& mac) { return double(mac.bits); });
  if (low == high) {
    return *high;
  }
  const double share = share_between(bits, low->bits, high->bits);
  return {bits, power_law(low->energy_pj, high->energy_pj, share), power_law(low->area_um2, high->area_um2, share)};
}

AsicSram sram_of(const AsicTables& tables, std::int64_t width_bits, std::int64_t depth) {
  const std::int64_t macros = ceil_div(width_bits, tables.sram_macro_bits);
  const double bytes = static_cast<double>(width_bits * depth) / static_cast<double>(8 * macros);
  const auto [low, high] = neighbours(tables.sram, bytes, [](const AsicSram& sram) { return sram.capacity_bytes; });
  if (low == high) {
    return *high;
  }
  const double share = share_between(bytes, low->capacity_bytes, high->capacity_bytes);
  return {bytes, power_law(low->read_pj_per_bit, high->read_pj_per_bit, share),
          power_law(low->write_pj_per_bit, high->write_pj_per_bit, share),
          power_law(low->area_um2_per_bit, high->area_um2_per_bit, share)};
}

AsicArea asic_logic_area(const Chunk& chunk, const AsicTables& tables) {
  AsicArea area;
  area.macs_um2 = static_cast<double>(mac_count(chunk)) * mac_of(tables, chunk.bits).area_um2;
  area.logic_um2 = tables.logic_um2_per_chunk + tables.logic_um2_per_requant_lane * chunk.requant_lanes +
                   tables.logic_um2_per_crossbar_input * crossbar_inputs(chunk) +
                   tables.logic_um2_per_port_bit * chunk.port_bits;
  return area;
}

AsicArea asic_area(const Chunk& chunk, bool adds_residual, const AsicTables& tables) {
  AsicArea area = asic_logic_area(chunk, tables);
  for (const BufferMemories& memory : chunk_memories(chunk, adds_residual).all()) {
    if (memory.count > 0) {
      const double bits = static_cast<double>(memory.count * memory.width_bits * memory.depth);
      area.sram_bits += bits;
      area.sram_um2 += bits * sram_of(tables, memory.width_bits, memory.depth).area_um2_per_bit;
    }
  }
  return area;
}

ChunkEnergy::ChunkEnergy(const Chunk& chunk, bool adds_residual, const AsicTables& tables)
    : operation_pj_(mac_of(tables, chunk.bits).energy_pj), port_word_pj_(chunk.port_bits * tables.dram_pj_per_bit) {
  const ChunkMemories memories = chunk_memories(chunk, adds_residual);
  input_ = access_to(memories.input, tables);
  weight_ = access_to(memories.weight, tables);
  output_ = access_to(memories.output, tables);
  accumulator_ = access_to(memories.accumulator, tables);
  parameters_ = access_to(memories.parameters, tables);
  const AsicArea area = asic_area(chunk, adds_residual, tables);
  leakage_nw_ = area.sram_bits * tables.sram_leakage_nw_per_bit +
                (area.macs_um2 + area.logic_um2) * tables.logic_leakage_nw_per_um2;
}

StoreEnergy::StoreEnergy(const Store& store, std::size_t chunks, const AsicTables& tables) {
  const BufferMemories memory = store_memory(store, chunks);
  access_ = access_to(memory, tables);
  const double packing_um2 = static_cast<double>(chunks) * tables.logic_um2_per_port_bit * store.port_bits;
  leakage_nw_ = static_cast<double>(memory.width_bits * memory.depth) * tables.sram_leakage_nw_per_bit +
                packing_um2 * tables.logic_leakage_nw_per_um2;
}

double ChunkEnergy::of(const Traffic& traffic) const {
  return static_cast<double>(traffic.operations) * operation_pj_ +
         static_cast<double>(traffic.loaded_words + traffic.stored_words) * port_word_pj_ + input_.of(traffic.input) +
         weight_.of(traffic.weight) + output_.of(traffic.output) + accumulator_.of(traffic.accumulator) +
         parameters_.of(traffic.parameters);
}

}  // namespace autonba
