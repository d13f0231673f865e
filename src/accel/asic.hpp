#pragma once

#include <cstdint>

#include "accel/chunk.hpp"
#include "accel/platform.hpp"
#include "accel/store.hpp"
#include "accel/traffic.hpp"

/// Area and energy of a chunk on an ASIC (docs/cost-model.md, ASIC).
namespace autonba {

/// A multiplier of `bits` bits, 2 to 16, on the power law between its neighbours in the table.
AsicMac mac_of(const AsicTables& tables, int bits);

/// What a memory of `width_bits` by `depth` words takes, for each bit: that of its macros, on the power law between
/// their neighbours in the table; smaller and larger macros take what the smallest and the largest of the table take.
AsicSram sram_of(const AsicTables& tables, std::int64_t width_bits, std::int64_t depth);

struct AsicArea {
  double macs_um2 = 0;
  double sram_um2 = 0;
  double sram_bits = 0;
  double logic_um2 = 0;  // control, requantisation, crossbar, port
};

/// All but the memories.
AsicArea asic_logic_area(const Chunk& chunk, const AsicTables& tables);

/// `adds_residual` as for chunk_resources.
AsicArea asic_area(const Chunk& chunk, bool adds_residual, const AsicTables& tables);

/// pJ of reading and writing a word of a memory.
struct WordAccess {
  double read_pj = 0;
  double write_pj = 0;
  double of(const BufferAccesses& accesses) const {
    return static_cast<double>(accesses.reads) * read_pj + static_cast<double>(accesses.writes) * write_pj;
  }
};

/// What a chunk's work costs.
class ChunkEnergy {
 public:
  ChunkEnergy(const Chunk& chunk, bool adds_residual, const AsicTables& tables);

  /// Of a layer, without leakage, in pJ.
  double of(const Traffic& traffic) const;

  /// While the accelerator is on, whether the chunk works or waits.
  double leakage_nw() const { return leakage_nw_; }

 private:
  double operation_pj_ = 0;
  double port_word_pj_ = 0;
  WordAccess input_;
  WordAccess weight_;
  WordAccess output_;
  WordAccess accumulator_;
  WordAccess parameters_;
  double leakage_nw_ = 0;
};

/// What the work of the feature store of some chunks costs.
class StoreEnergy {
 public:
  StoreEnergy(const Store& store, std::size_t chunks, const AsicTables& tables);
  double of(const Traffic& traffic) const { return access_.of(traffic.store); }
  double leakage_nw() const { return leakage_nw_; }

 private:
  WordAccess access_;
  double leakage_nw_ = 0;
};

}  // namespace autonba
