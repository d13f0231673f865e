#include "accel/chunk.hpp"

#include <fmt/format.h>

#include <bit>

namespace autonba {
namespace {

constexpr int most_input_banks = 64;

// Registers between the address of an operand and the result in the output buffer, besides the adder tree: address 1,
// buffer read 2 (BRAM with its output register), crossbar 1, multiplier 3 (DSP48 with all registers), correction of
// `dsp2`'s high product 1 (a plain register elsewhere), accumulator 1, requantisation 5 (two products 3, sum and shift
// 1, clamp 1), buffer write 1.
constexpr int fixed_depth = 15;

}  // namespace

std::optional<std::string> defect(const Chunk& chunk) {
  const int q = chunk.requant_lanes;
  const bool lanes_fit =
      chunk.unroll_m % q == 0 || (q % chunk.unroll_m == 0 && chunk.unroll_p % (q / chunk.unroll_m) == 0);
  if (!lanes_fit) {
    return fmt::format("requant_lanes {} neither divides unroll m {} nor is m times a divisor of unroll p {}", q,
                       chunk.unroll_m, chunk.unroll_p);
  }
  if (input_banks(chunk) > most_input_banks) {
    return fmt::format("unroll p {} times stride_max {} is more than {} input banks", chunk.unroll_p, chunk.stride_max,
                       most_input_banks);
  }
  if (chunk.kind == ChunkKind::depthwise && chunk.unroll_n != 1) {
    return fmt::format("unroll n {} of a depthwise chunk is not 1", chunk.unroll_n);
  }
  if (chunk.kind == ChunkKind::depthwise && chunk.accumulator) {
    return "a depthwise chunk has nothing to accumulate over tiles";
  }
  if (chunk.mac == MacKind::dsp2 && chunk.bits > 8) {
    return fmt::format("mac dsp2 takes values of up to 8 bits, not {}", chunk.bits);
  }
  return std::nullopt;
}

int input_banks(const Chunk& chunk) {
  return chunk.unroll_p * chunk.stride_max;
}

int pipeline_depth(ChunkKind kind, int unroll_n) {
  const int adder_tree = kind == ChunkKind::conv ? std::bit_width(static_cast<unsigned>(unroll_n - 1)) : 0;
  return fixed_depth + adder_tree;
}

}  // namespace autonba
