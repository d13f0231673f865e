#pragma once

#include <cstdint>

#include "accel/chunk.hpp"
#include "accel/platform.hpp"
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

/// What a chunk's work costs.
class ChunkEnergy {
 public:
  ChunkEnergy(const Chunk& chunk, bool adds_residual, const AsicTables& tables);

  /// Of a layer, without leakage, in pJ.
  double of(const Traffic& traffic) const;

  /// While the accelerator is on, whether the chunk works or waits.
  double leakage_nw() const { return leakage_nw_; }

 private:
  /// Of one access to one memory.
  struct Access {
    double read_pj = 0;
    double write_pj = 0;
    double of(const BufferAccesses& accesses) const {
      return static_cast<double>(accesses.reads) * read_pj + static_cast<double>(accesses.writes) * write_pj;
    }
  };

  double operation_pj_ = 0;
  double port_word_pj_ = 0;
  Access input_;
  Access weight_;
  Access output_;
  Access accumulator_;
  Access parameters_;
  double leakage_nw_ = 0;
};

}  // namespace autonba
