#pragma once

#include <cstdint>
#include <string>

namespace autonba {

/// What the target offers, and the constants of its cost model. Every number has its source in
/// configs/platforms/NAME.yaml.
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
  // LUT and FF coefficients: see accel/resources.hpp
  friend bool operator==(const Platform&, const Platform&) = default;
};

/// Reads a platform: the name of a file in configs/platforms without its ending, or a path. Throws InputError.
Platform load_platform(const std::string& name_or_path);

}  // namespace autonba
