#include "accel/resources.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "accel/asic.hpp"
#include "base/ceil_div.hpp"

namespace autonba {
namespace {

constexpr int accumulator_bits = 32;
constexpr int dsp_of_requant_lane = 3;  // acc·m (32×18 bits) two, residual·m_r one

std::int64_t mac_dsp(const Chunk& chunk) {
  switch (chunk.mac) {
    case MacKind::dsp1:
      return mac_count(chunk);
    case MacKind::dsp2:  // two weights share an activation; depthwise: two activations share a weight
      return chunk.kind == ChunkKind::conv ? std::int64_t{ceil_div(chunk.unroll_m, 2)} * chunk.unroll_n * chunk.unroll_p
                                           : std::int64_t{chunk.unroll_m} * ceil_div(chunk.unroll_p, 2);
    case MacKind::lut:
    case MacKind::plain:
      break;
  }
  return 0;
}

Resources rounded_up(const PartialResources& parts, std::int64_t port_bits) {
  const auto whole = [](double amount) { return static_cast<std::int64_t>(std::ceil(amount)); };
  return {whole(parts.dsp), whole(parts.bram18), whole(parts.lut), whole(parts.ff), port_bits, whole(parts.area_um2)};
}

}  // namespace

std::int64_t mac_count(const Chunk& chunk) {
  return std::int64_t{chunk.unroll_m} * chunk.unroll_n * chunk.unroll_p;
}

double crossbar_inputs(const Chunk& chunk) {
  const double lanes_in = chunk.kind == ChunkKind::depthwise ? chunk.unroll_m : chunk.unroll_n;
  return lanes_in * chunk.bits * chunk.unroll_p * (input_banks(chunk) - 1);
}

ChunkMemories chunk_memories(const Chunk& chunk, bool adds_residual) {
  const std::int64_t lanes_in = chunk.kind == ChunkKind::depthwise ? chunk.unroll_m : chunk.unroll_n;
  const std::int64_t parameter_banks = std::min(chunk.requant_lanes, chunk.unroll_m);
  return {
      .input = {input_banks(chunk), lanes_in * chunk.bits, 2LL * chunk.depth_input},
      .weight = {1, std::int64_t{chunk.unroll_m} * chunk.unroll_n * chunk.bits, 2LL * chunk.depth_weight},
      // Read and written in one cycle, the residual's half needs a port of its own: two memories of one half each.
      .output = {chunk.unroll_p * (adds_residual ? 2LL : 1LL), std::int64_t{chunk.unroll_m} * chunk.bits,
                 (adds_residual ? 1LL : 2LL) * chunk.depth_output},
      .accumulator = {chunk.accumulator ? chunk.unroll_p : 0, std::int64_t{chunk.unroll_m} * accumulator_bits,
                      chunk.depth_output},
      .parameters = {parameter_banks, parameter_bits, 2 * ceil_div(parameter_words, parameter_banks)},
  };
}

PartialResources operator+(const PartialResources& a, const PartialResources& b) {
  return {a.dsp + b.dsp, a.bram18 + b.bram18, a.lut + b.lut, a.ff + b.ff, a.area_um2 + b.area_um2};
}

PartialResources operator*(const PartialResources& a, double factor) {
  return {a.dsp * factor, a.bram18 * factor, a.lut * factor, a.ff * factor, a.area_um2 * factor};
}

Resources operator+(const Resources& a, const Resources& b) {
  return {a.dsp + b.dsp, a.bram18 + b.bram18,       a.lut + b.lut,
          a.ff + b.ff,   a.port_bits + b.port_bits, a.area_um2 + b.area_um2};
}

std::int64_t memory_bram18(std::int64_t width_bits, std::int64_t depth) {
  if (depth <= lutram_depth) {
    return 0;
  }
  // Aspect ratios of an 18 Kbit block (UG473): words and their width; the ninth bits are used as data.
  constexpr std::array<std::array<std::int64_t, 2>, 6> aspects = {
      {{16384, 1}, {8192, 2}, {4096, 4}, {2048, 9}, {1024, 18}, {512, 36}}};
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const auto& [words, bits] : aspects) {
    least = std::min(least, ceil_div(width_bits, bits) * ceil_div(depth, words));
  }
  return least;
}

PartialResources memory_resources(const BufferMemories& memory, const Platform& platform) {
  const auto width = static_cast<double>(memory.count * memory.width_bits);
  PartialResources part;
  if (platform.asic) {
    if (memory.count > 0) {
      part.area_um2 = width * static_cast<double>(memory.depth) *
                      sram_of(*platform.asic, memory.width_bits, memory.depth).area_um2_per_bit;
    }
    return part;
  }
  const bool in_luts = memory.depth <= lutram_depth;
  part.bram18 = static_cast<double>(memory.count * memory_bram18(memory.width_bits, memory.depth));
  part.lut = width * (platform.logic.lut_per_buffer_bit + (in_luts ? platform.logic.lut_per_lutram_bit : 0));
  part.ff = width * platform.logic.ff_per_buffer_bit;
  return part;
}

PartialResources logic_resources(const Chunk& chunk, const Platform& platform) {
  PartialResources part;
  if (platform.asic) {
    const AsicArea area = asic_logic_area(chunk, *platform.asic);
    part.area_um2 = area.macs_um2 + area.logic_um2;
    return part;
  }
  const LogicCoefficients& logic = platform.logic;
  const auto macs = static_cast<double>(mac_count(chunk));
  const double bits = chunk.bits;
  const double lut_macs = chunk.mac == MacKind::lut ? macs : 0;
  part.dsp = static_cast<double>(mac_dsp(chunk) + dsp_of_requant_lane * chunk.requant_lanes);
  part.lut = logic.lut_per_chunk + logic.lut_per_mac_bit * macs * bits +
             logic.lut_per_lut_mac_bit2 * lut_macs * bits * bits + logic.lut_per_requant_lane * chunk.requant_lanes +
             logic.lut_per_crossbar_input * crossbar_inputs(chunk) + logic.lut_per_port_bit * chunk.port_bits;
  part.ff = logic.ff_per_chunk + logic.ff_per_mac_bit * macs * bits + logic.ff_per_requant_lane * chunk.requant_lanes +
            logic.ff_per_port_bit * chunk.port_bits;
  return part;
}

Resources chunk_resources(const Chunk& chunk, bool adds_residual, const Platform& platform) {
  PartialResources parts = logic_resources(chunk, platform);
  for (const BufferMemories& memory : chunk_memories(chunk, adds_residual).all()) {
    parts = parts + memory_resources(memory, platform);
  }
  return rounded_up(parts, chunk.port_bits);
}

BufferMemories store_memory(const Store& store, std::size_t chunks) {
  return {1, store_word_bits(store, chunks), store.depth};
}

Resources store_resources(const Store& store, std::size_t chunks, const Platform& platform) {
  PartialResources parts = memory_resources(store_memory(store, chunks), platform);
  const double bits = static_cast<double>(chunks) * store.port_bits;
  if (platform.asic) {
    parts.area_um2 += platform.asic->logic_um2_per_port_bit * bits;
  } else {
    parts.lut += platform.logic.lut_per_port_bit * bits;
    parts.ff += platform.logic.ff_per_port_bit * bits;
  }
  return rounded_up(parts, 0);
}

std::array<ResourceUse, 6> use_of(const Resources& resources, const Platform& platform) {
  return {{{"DSP", resources.dsp, platform.dsp},
           {"BRAM18", resources.bram18, platform.bram18},
           {"LUT", resources.lut, platform.lut},
           {"FF", resources.ff, platform.ff},
           {"bits of memory a cycle", resources.port_bits, platform.memory_bits_per_cycle},
           {"um2", resources.area_um2, platform.asic ? platform.asic->area_um2 : 0}}};
}

bool fits(const Resources& resources, const Platform& platform) {
  const auto uses = use_of(resources, platform);
  return std::all_of(uses.begin(), uses.end(), [](const ResourceUse& use) { return use.used <= use.available; });
}

}  // namespace autonba
