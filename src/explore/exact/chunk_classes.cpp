#include "explore/exact/chunk_classes.hpp"

#include <algorithm>
#include <utility>

namespace autonba {
namespace {

constexpr int bits_of_dsp2 = 8;  // at most

int value(const ChunkClass& chunks, const Amounts& amounts, Amount amount) {
  return chunks.lists[static_cast<std::size_t>(amount)][at(amounts, amount)];
}

/// The values with which the chunk can be built.
template <typename Set>
std::vector<int> buildable(const std::vector<int>& values, Chunk chunk, Set set) {
  std::vector<int> left;
  for (const int value : values) {
    set(chunk, value);
    if (!defect(chunk)) {
      left.push_back(value);
    }
  }
  return left;
}

/// Whether another kind of multiplier of the space is as good for as many bits.
bool is_outdone(const ChunkSpace& space, const Chunk& base) {
  const bool packed = std::find(space.mac.begin(), space.mac.end(), MacKind::dsp2) != space.mac.end();
  return base.mac == MacKind::dsp1 && packed && base.bits <= bits_of_dsp2;
}

}  // namespace

PartialResources least(const PartialResources& a, const PartialResources& b) {
  return {std::min(a.dsp, b.dsp), std::min(a.bram18, b.bram18), std::min(a.lut, b.lut), std::min(a.ff, b.ff),
          std::min(a.area_um2, b.area_um2)};
}

Amounts ChunkClass::most() const {
  Amounts amounts{};
  for (std::size_t i = 0; i < amount_count; ++i) {
    amounts[i] = static_cast<std::uint8_t>(lists[i].size() - 1);
  }
  return amounts;
}

Chunk chunk_at(const ChunkClass& chunks, const Amounts& amounts) {
  Chunk chunk = chunks.base;
  chunk.stride_max = value(chunks, amounts, Amount::stride_max);
  chunk.requant_lanes = value(chunks, amounts, Amount::requant_lanes);
  chunk.accumulator = value(chunks, amounts, Amount::accumulator) != 0;
  chunk.depth_input = value(chunks, amounts, Amount::depth_input);
  chunk.depth_weight = value(chunks, amounts, Amount::depth_weight);
  chunk.depth_output = value(chunks, amounts, Amount::depth_output);
  return chunk;
}

bool adds_residual_at(const ChunkClass& chunks, const Amounts& amounts) {
  return value(chunks, amounts, Amount::residual) != 0;
}

Cell offered(const ChunkClass& chunks, const Amounts& amounts) {
  constexpr std::size_t any = 0x7f;
  Needs needs{.accumulator = value(chunks, amounts, Amount::accumulator) != 0 ? 1U : 0U,
              .input = {any, any, any},
              .weight = at(amounts, Amount::depth_weight),
              .output = at(amounts, Amount::depth_output)};
  needs.input[at(amounts, Amount::stride_max)] = at(amounts, Amount::depth_input);
  return cell_of(needs);
}

std::vector<ChunkClass> chunk_classes(const ChunkSpace& space, ChunkKind kind) {
  std::vector<ChunkClass> classes;
  std::vector<int> accumulator(space.accumulator.begin(), space.accumulator.end());
  std::sort(accumulator.begin(), accumulator.end());
  const auto add = [&](const Chunk& base) {
    ChunkClass chunks{base,
                      {buildable(space.stride_max, base, [](Chunk& c, int value) { c.stride_max = value; }),
                       buildable(space.requant_lanes, base, [](Chunk& c, int value) { c.requant_lanes = value; }),
                       accumulator,
                       {0, 1},
                       space.depth_input,
                       space.depth_weight,
                       space.depth_output}};
    if (!is_outdone(space, base) &&
        std::none_of(chunks.lists.begin(), chunks.lists.end(), [](const auto& list) { return list.empty(); })) {
      chunks.base = chunk_at(chunks, chunks.most());
      classes.push_back(std::move(chunks));
    }
  };
  for (const int port : space.port_bits) {
    for (const int p : space.unroll_p) {
      for (const int m : space.unroll_m) {
        for (const int n : space.unroll_n) {
          for (const MacKind mac : space.mac) {
            for (const int bits : space.bits) {
              add({.kind = kind,
                   .bits = bits,
                   .unroll_m = m,
                   .unroll_n = n,
                   .unroll_p = p,
                   .mac = mac,
                   .port_bits = port});
            }
          }
        }
      }
    }
  }
  return classes;
}

PartialResources least_resources(const ChunkClass& chunks, const Amounts& low, const Amounts& high,
                                 const Platform& platform) {
  const bool known_residual = at(low, Amount::residual) == at(high, Amount::residual);
  const auto memories = [&](const Amounts& amounts, bool residual) {
    return chunk_memories(chunk_at(chunks, amounts), residual);
  };
  // Memories of more words need no fewer blocks, but those of few words are made of LUTs.
  Amounts deep = low;
  for (const Amount depth : {Amount::depth_input, Amount::depth_weight, Amount::depth_output}) {
    at(deep, depth) = at(high, depth);
  }
  const auto of = [&](const BufferMemories& memory) { return memory_resources(memory, platform); };
  const bool residual = adds_residual_at(chunks, low);
  const ChunkMemories shallow_ones = memories(low, residual);
  const ChunkMemories deep_ones = memories(deep, residual);
  PartialResources all = logic_resources(chunk_at(chunks, low), platform);
  all = all + least(of(shallow_ones.input), of(deep_ones.input));
  all = all + least(of(shallow_ones.weight), of(deep_ones.weight));
  all = all + least(of(shallow_ones.accumulator), of(deep_ones.accumulator));
  PartialResources output = least(of(shallow_ones.output), of(deep_ones.output));
  if (!known_residual) {
    output = least(output, least(of(memories(low, true).output), of(memories(deep, true).output)));
  }
  // The parameter buffer of more lanes is wider, and less deep.
  PartialResources parameters = of(shallow_ones.parameters);
  Amounts lanes = low;
  while (at(lanes, Amount::requant_lanes) < at(high, Amount::requant_lanes)) {
    ++at(lanes, Amount::requant_lanes);
    parameters = least(parameters, of(memories(lanes, residual).parameters));
  }
  return all + output + parameters;
}

}  // namespace autonba
