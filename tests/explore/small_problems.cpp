#include "small_problems.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "../accel/random_cases.hpp"
#include "accel/layout.hpp"
#include "accel/resources.hpp"
#include "base/error.hpp"
#include "brute_force.hpp"

namespace autonba {
namespace {

template <typename T>
const T& one_of(Rng& rng, const std::vector<T>& values) {
  return values[uniform_index(rng, values.size())];
}

bool chance(Rng& rng, double probability) {
  return uniform(rng) < probability;
}

/// Reads the last map. Often of the shape of an earlier layer, and often with a residual.
Layer next_layer(Rng& rng, const Network& network, bool last) {
  const int index = static_cast<int>(network.layers.size());
  const NetworkInput map = map_of(network, index - 1);
  Layer layer{.id = "layer" + std::to_string(index),
              .inputs = {{index - 1, {{0, map.channels}}}},
              .channels_in = map.channels,
              .channels_out = map.channels,
              .height_in = map.height,
              .width_in = map.width,
              .bits = map.bits,
              .bits_out = chance(rng, 0.6) ? map.bits : one_of<int>(rng, {4, 6, 8})};
  if (last && chance(rng, 0.4)) {
    layer.op = LayerOp::linear;
    layer.channels_out = random_between(rng, 2, 12);
    layer.kernel = {map.height, map.width};
    layer.bits_out = 32;
    return layer;
  }
  layer.op = one_of<LayerOp>(rng, {LayerOp::conv, LayerOp::conv, LayerOp::conv, LayerOp::depthwise, LayerOp::depthwise,
                                   LayerOp::avgpool, LayerOp::maxpool});
  layer.kernel = square(chance(rng, 0.5) ? 3 : 1);
  layer.padding = all_sides(layer.kernel[0] / 2);
  layer.stride = square(map.height > 1 && map.width > 1 && chance(rng, 0.3) ? 2 : 1);
  if (is_depthwise_kind(layer)) {
    layer.groups = map.channels;
  } else {
    layer.groups = map.channels % 2 == 0 && chance(rng, 0.2) ? 2 : 1;
    layer.channels_out = chance(rng, 0.4) ? map.channels : layer.groups * random_between(rng, 1, 24 / layer.groups);
  }
  for (int writer = network_input; writer < index; ++writer) {
    const NetworkInput added = map_of(network, writer);
    if (chance(rng, 0.5) && added.channels == layer.channels_out && added.height == height_out(layer) &&
        added.width == width_out(layer)) {
      layer.residual = writer;
    }
  }
  return layer;
}

/// One layer after the other, as in the networks that are searched for.
Network random_chain(Rng& rng) {
  Network network{.input = {.channels = random_between(rng, 1, 16),
                            .height = random_between(rng, 1, 9),
                            .width = random_between(rng, 1, 9),
                            .bits = one_of<int>(rng, {4, 6, 8, 8})}};
  const int layers = random_between(rng, 2, 5);
  for (int i = 0; i < layers; ++i) {
    network.layers.push_back(next_layer(rng, network, i + 1 == layers));
  }
  check(network, "random chain");
  return network;
}

/// Few enough layers and channels to try every mapping on every chunk.
bool is_small(const Network& network) {
  const auto is_narrow = [](const Layer& layer) { return std::max(layer.channels_in, layer.channels_out) <= 24; };
  return network.layers.size() >= 2 && network.layers.size() <= 5 &&
         std::all_of(network.layers.begin(), network.layers.end(), is_narrow);
}

/// A chain, or layers of every kind that read one another at random.
Network small_network(Rng& rng) {
  while (true) {
    const Network network = chance(rng, 0.6) ? random_chain(rng) : random_network(rng);
    if (!is_small(network)) {
      continue;
    }
    try {
      layer_shapes(network);
      return network;
    } catch (const InputError&) {  // channels tied to two places
    }
  }
}

/// `count` of the values, in their order.
template <typename T>
std::vector<T> some_of(Rng& rng, std::size_t count, std::vector<T> values) {
  while (values.size() > count) {
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(uniform_index(rng, values.size())));
  }
  return values;
}

/// Some lanes must work with any unrolling, or the space would be refused.
bool lanes_work(const ChunkSpace& space) {
  for (const int m : space.unroll_m) {
    for (const int p : space.unroll_p) {
      const auto works = [&](int lanes) { return !defect({.unroll_m = m, .unroll_p = p, .requant_lanes = lanes}); };
      if (std::none_of(space.requant_lanes.begin(), space.requant_lanes.end(), works)) {
        return false;
      }
    }
  }
  return true;
}

bool runs_on(const Layer& layer, ChunkKind kind) {
  return is_depthwise_kind(layer) == (kind == ChunkKind::depthwise);
}

/// The largest value becomes what the layers need, where it is less.
void raise(std::vector<int>& values, int needed, const std::vector<int>& among) {
  if (values.back() < needed) {
    values.back() = *std::lower_bound(among.begin(), among.end(), needed);
  }
}

/// Some parameters have two values or three, the others one. Seldom, a layer runs on no chunk.
ChunkSpace random_chunk_space(Rng& rng, ChunkKind kind, bool asic, const Network& network) {
  const bool conv = kind == ChunkKind::conv;
  const auto count = [&]() -> std::size_t { return chance(rng, 0.5) ? 1 : chance(rng, 0.8) ? 2 : 3; };
  ChunkSpace space;
  space.mac =
      asic ? std::vector{MacKind::plain} : some_of<MacKind>(rng, count(), {MacKind::dsp1, MacKind::dsp2, MacKind::lut});
  const bool wide = chance(rng, 0.5) && space.mac != std::vector{MacKind::dsp2};  // which takes up to 8 bits
  space.bits = some_of<int>(rng, count(), wide ? std::vector{6, 8, 16} : std::vector{4, 6, 8});
  space.stride_max = some_of<int>(rng, count(), {1, 2, 4});
  space.depth_input = some_of<int>(rng, count(), {16, 32, 64, 128, 256, 512});
  space.depth_weight = some_of<int>(rng, count(), {16, 32, 64, 128, 512});
  space.depth_output = some_of<int>(rng, count(), {16, 32, 48, 64, 128, 256});  // in LUTs up to 32, residuals up to 64
  for (const Layer& layer : network.layers) {
    if (runs_on(layer, kind) && chance(rng, 0.95)) {
      const int added_bits = layer.residual ? map_of(network, *layer.residual).bits : 0;
      const int bits_out = layer.bits_out == 32 ? 0 : layer.bits_out;
      raise(space.bits, std::max({layer.bits, bits_out, added_bits}), {4, 6, 8});
      raise(space.stride_max, std::max(layer.stride[0], layer.stride[1]), {1, 2, 4});
      raise(space.depth_input, layer.channels_in / layer.groups * layer.kernel[0] * layer.kernel[1], {256, 512, 4096});
      raise(space.depth_weight, layer.channels_in / layer.groups * layer.kernel[0] * layer.kernel[1], {128, 512, 4096});
    }
  }
  space.port_bits = some_of<int>(rng, count(), {32, 64, 128, 256});
  space.unroll_n = conv ? some_of<int>(rng, count(), {1, 2, 3, 4, 8}) : std::vector{1};
  space.accumulator = {false};
  if (conv) {
    space.accumulator = some_of<bool>(rng, count(), {false, true});
  }
  const std::size_t counts_m = count();
  const std::size_t counts_p = count();
  const std::size_t counts_q = count();
  do {
    space.unroll_m = some_of<int>(rng, counts_m, {1, 2, 4, 6, 8, 16});
    space.unroll_p = some_of<int>(rng, counts_p, {1, 2, 3, 4});
    space.requant_lanes = some_of<int>(rng, counts_q, {1, 2, 3, 4, 8, 16});
  } while (!lanes_work(space));
  return space;
}

/// What a random design takes, with one chunk or more of every kind that the network needs.
Resources of_random_design(Rng& rng, const RandomProblem& problem) {
  Resources total;
  int left = problem.space.chunks_max;
  for (const ChunkKind kind : {ChunkKind::depthwise, ChunkKind::conv}) {
    const auto runs_there = [&](const Layer& layer) { return runs_on(layer, kind); };
    if (std::none_of(problem.network.layers.begin(), problem.network.layers.end(), runs_there)) {
      continue;
    }
    const ChunkSpace& space = kind == ChunkKind::conv ? problem.space.conv : problem.space.depthwise;
    std::vector<Chunk> chunks = every_chunk(space, kind);
    std::erase_if(chunks, [&](const Chunk& chunk) {  // the others run less, and may run too little
      return chunk.bits < space.bits.back() || chunk.stride_max < space.stride_max.back();
    });
    const int needed_later = kind == ChunkKind::depthwise ? 1 : 0;
    for (int i = random_between(rng, 1, std::min(space.chunks_max, left - needed_later)); i > 0; --i, --left) {
      total = total + chunk_resources(one_of(rng, chunks), chance(rng, 0.5), problem.platform);
    }
  }
  return total;
}

/// Of each resource as much as some random design takes, or, but for the ports, as much as there is.
void limit_platform(Rng& rng, RandomProblem& problem) {
  Platform& platform = problem.platform;
  const double limited = platform.asic ? 0.6 : 0.35;  // of one resource and of five
  const auto limit = [&](auto& available, std::int64_t Resources::*used) {
    if (used == &Resources::port_bits || chance(rng, limited)) {
      available = static_cast<std::remove_reference_t<decltype(available)>>(of_random_design(rng, problem).*used);
    }
  };
  limit(platform.memory_bits_per_cycle, &Resources::port_bits);
  if (platform.asic) {
    limit(platform.asic->area_um2, &Resources::area_um2);
  } else {
    limit(platform.dsp, &Resources::dsp);
    limit(platform.bram18, &Resources::bram18);
    limit(platform.lut, &Resources::lut);
    limit(platform.ff, &Resources::ff);
  }
}

/// With up to `most` different chunks.
ChunkSpace small_chunk_space(Rng& rng, ChunkKind kind, bool asic, const Network& network, std::size_t most) {
  while (true) {
    ChunkSpace space = random_chunk_space(rng, kind, asic, network);
    const std::size_t chunks = every_chunk(space, kind).size();
    if (chunks <= most) {
      space.chunks_max = chunks <= 12 && chance(rng, 0.4) ? 3 : chance(rng, 0.7) ? 2 : 1;
      return space;
    }
  }
}

/// With up to so many different chunks of each kind.
RandomProblem random_problem(Rng& rng, Platform platform, std::size_t convs = 64, std::size_t depthwise = 24) {
  RandomProblem problem{.network = small_network(rng), .platform = std::move(platform), .space = {.name = "random"}};
  // Layers as small as these would otherwise only wait.
  problem.platform.read_latency = random_between(rng, 1, 30);
  problem.platform.write_latency = random_between(rng, 1, 15);
  problem.platform.layer_start = random_between(rng, 1, 50);
  problem.platform.layer_end = random_between(rng, 1, 20);
  const bool asic = problem.platform.asic.has_value();
  problem.space.batch = one_of<std::vector<int>>(rng, {{1, 2}, {1, 4}, {1}, {2, 4}});
  problem.space.conv = small_chunk_space(rng, ChunkKind::conv, asic, problem.network, convs);
  problem.space.depthwise = small_chunk_space(rng, ChunkKind::depthwise, asic, problem.network, depthwise);
  problem.space.chunks_max = chance(rng, 0.3) ? 2 : 3;
  limit_platform(rng, problem);
  return problem;
}

}  // namespace

RandomProblem random_fpga_problem(Rng& rng) {
  return random_problem(rng, load_platform(one_of<std::string>(rng, {"zc706", "zc706-pl", "pynq-z2"})));
}

RandomProblem random_store_problem(Rng& rng) {
  RandomProblem problem =
      random_problem(rng, load_platform(one_of<std::string>(rng, {"zc706", "zc706-pl", "pynq-z2"})), 8, 4);
  problem.platform.bram18 += random_between(rng, 0, 12);
  problem.platform.lut += random_between(rng, 0, 2000);
  problem.space.store = StoreSpace{.port_bits = some_of<int>(rng, chance(rng, 0.5) ? 1 : 2, {32, 64, 128}),
                                   .depth_max = one_of<int>(rng, {64, 512, 1024, 4096})};
  return problem;
}

RandomProblem random_asic_problem(Rng& rng) {
  Platform platform = load_platform(one_of<std::string>(rng, {"asic-65nm", "asic-28nm"}));
  const auto scale = [&](double& value, const std::vector<double>& by) { value *= one_of(rng, by); };
  scale(platform.asic->dram_pj_per_bit, {0.02, 0.2, 1});
  const double leakage = one_of<double>(rng, {1, 30, 1000});
  platform.asic->sram_leakage_nw_per_bit *= leakage;
  platform.asic->logic_leakage_nw_per_um2 *= leakage;
  return random_problem(rng, std::move(platform));
}

}  // namespace autonba
