#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace autonba {

/// Coefficients of the linear LUT and FF estimate (docs/cost-model.md, Logic).
struct LogicCoefficients {
  double lut_per_chunk = 0;  // control, address generators, DMA engines
  double ff_per_chunk = 0;
  double lut_per_mac_bit = 0;  // adder trees: per MAC and bit of the datapath
  double ff_per_mac_bit = 0;
  double lut_per_lut_mac_bit2 = 0;  // the product of a `lut` MAC: per bit squared
  double lut_per_requant_lane = 0;
  double ff_per_requant_lane = 0;
  double lut_per_crossbar_input = 0;  // per bit that the lanes read and input bank beyond the first
  double lut_per_buffer_bit = 0;      // write enables and alignment: per bit of the width of all buffers
  double ff_per_buffer_bit = 0;
  double lut_per_port_bit = 0;  // packing and unpacking of memory words
  double ff_per_port_bit = 0;
  double lut_per_lutram_bit = 0;  // a memory of up to 64 words in LUTs: per bit of its width
  friend bool operator==(const LogicCoefficients&, const LogicCoefficients&) = default;
};

/// A multiply-accumulate of `bits` by `bits` bits into a sum of 32.
struct AsicMac {
  int bits = 0;
  double energy_pj = 0;
  double area_um2 = 0;
  friend bool operator==(const AsicMac&, const AsicMac&) = default;
};

/// An SRAM macro, for each bit of its width (energies) and each bit that it holds (area).
struct AsicSram {
  double capacity_bytes = 0;
  double read_pj_per_bit = 0;
  double write_pj_per_bit = 0;
  double area_um2_per_bit = 0;
  friend bool operator==(const AsicSram&, const AsicSram&) = default;
};

/// What an ASIC offers and what its parts take (docs/cost-model.md, ASIC).
struct AsicTables {
  std::int64_t area_um2 = 0;   // for all chunks together
  std::vector<AsicMac> mac;    // ascending bits, from 2 or fewer to 16 or more
  int sram_macro_bits = 0;     // a wider memory is several macros side by side
  std::vector<AsicSram> sram;  // ascending capacity
  double sram_leakage_nw_per_bit = 0;
  double dram_pj_per_bit = 0;
  double logic_um2_per_chunk = 0;  // control, address generators, DMA engines
  double logic_um2_per_requant_lane = 0;
  double logic_um2_per_crossbar_input = 0;  // per bit that the lanes read and input bank beyond the first
  double logic_um2_per_port_bit = 0;        // packing and unpacking of memory words
  double logic_leakage_nw_per_um2 = 0;      // of everything but SRAM
  friend bool operator==(const AsicTables&, const AsicTables&) = default;
};

/// What the target offers, and the constants of its cost model. Every number has its source in
/// configs/platforms/NAME.yaml. An ASIC has tables, and 0 for DSP, BRAM18, LUT and FF.
struct Platform {
  std::string name;
  double clock_mhz = 0;
  int dsp = 0;
  int bram18 = 0;
  int lut = 0;
  int ff = 0;
  int memory_bits_per_cycle = 0;  // external memory, shared by the ports of all chunks
  int read_latency = 0;           // λ_r, cycles before the first word of a load
  int write_latency = 0;          // λ_w, cycles before a store
  int layer_start = 0;            // C0, cycles before a layer's first load
  int layer_end = 0;              // C_B, cycles after a layer's last store
  LogicCoefficients logic;
  std::optional<AsicTables> asic;
  friend bool operator==(const Platform&, const Platform&) = default;
};

/// Reads a platform: the name of a file in configs/platforms without its ending, or a path. Throws InputError.
Platform load_platform(const std::string& name_or_path);

}  // namespace autonba
