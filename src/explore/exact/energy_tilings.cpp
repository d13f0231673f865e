#include "explore/exact/energy_tilings.hpp"

#include <algorithm>
#include <limits>

#include "accel/cycles.hpp"
#include "accel/resources.hpp"
#include "accel/traffic.hpp"
#include "base/ceil_div.hpp"
#include "explore/bound.hpp"
#include "explore/tilings.hpp"

namespace autonba {
namespace {

const std::vector<int>& list_of(const ChunkClass& chunks, Amount amount) {
  return chunks.lists[static_cast<std::size_t>(amount)];
}

/// Of the least depth that holds so many words; the number of depths if none does.
std::size_t place_of(const std::vector<int>& depths, std::int64_t words) {
  return static_cast<std::size_t>(std::lower_bound(depths.begin(), depths.end(), words) - depths.begin());
}

/// The chunk as far as tilings depend on it.
Chunk datapath(const ChunkClass& chunks, std::size_t lanes_place) {
  Amounts amounts = chunks.most();
  at(amounts, Amount::requant_lanes) = static_cast<std::uint8_t>(lanes_place);
  return chunk_at(chunks, amounts);
}

void count(const Traffic& traffic, EnergyTiling& tiling) {
  const auto words = [](const BufferAccesses& accesses) {
    return WordEnergy{static_cast<double>(accesses.reads), static_cast<double>(accesses.writes)};
  };
  tiling.port_words = static_cast<double>(traffic.loaded_words + traffic.stored_words);
  tiling.input = words(traffic.input);
  tiling.weight = words(traffic.weight);
  tiling.output = words(traffic.output);
  tiling.accumulated = static_cast<double>(traffic.accumulator.writes);  // as many as are read
  tiling.parameters = words(traffic.parameters);
}

/// The most that a takes more than b in one of some memories.
double most_more(const WordEnergy& a, const WordEnergy& b, std::span<const WordEnergy> memories) {
  const double reads = a.read - b.read;
  const double writes = a.write - b.write;
  double most = -std::numeric_limits<double>::infinity();
  for (const WordEnergy& each : memories) {
    most = std::max(most, reads * each.read + writes * each.write);
  }
  return most;
}

/// Compares tilings of one layer on the chunks of a class.
class Comparison {
 public:
  Comparison(const TilingsFor& wanted, const ClassEnergy& energy)
      : energy_(energy),
        adds_residual_(!wanted.shape.residual.segments.empty()),
        stride_(list_of(wanted.chunks, Amount::stride_max).size() - 1) {}

  /// On the smallest chunk that holds it.
  double least(const EnergyTiling& tiling) const {
    const Needs needs = needs_of(tiling.needs);
    return energy_at(tiling, energy_, {needs.input[stride_], needs.weight, needs.output, true}) +
           parameter_energy(tiling, energy_.least_parameters);
  }

  /// Whether a is as good on every chunk that holds b.
  bool beats(const EnergyTiling& a, const EnergyTiling& b) const {
    if (a.cycles > b.cycles || !within(a.needs, b.needs)) {
      return false;
    }
    const Needs needs = needs_of(b.needs);
    const auto from = [](const std::vector<WordEnergy>& memories, std::size_t place) {
      return std::span(memories).subspan(place);
    };
    double output = most_more(a.output, b.output, from(energy_.output[1], needs.output));
    if (!adds_residual_) {
      output = std::max(output, most_more(a.output, b.output, from(energy_.output[0], needs.output)));
    }
    const double more = (a.port_words - b.port_words) * energy_.port_word_pj +
                        most_more(a.input, b.input, from(energy_.input, needs.input[stride_])) +
                        most_more(a.weight, b.weight, from(energy_.weight, needs.weight)) + output +
                        most_more({a.accumulated, a.accumulated}, {b.accumulated, b.accumulated},
                                  from(energy_.accumulator, needs.output)) +
                        most_more(a.parameters, b.parameters, energy_.parameters);
    return more <= 0;
  }

 private:
  const ClassEnergy& energy_;
  bool adds_residual_;
  std::size_t stride_;  // place of the largest, with which the input buffer must be least deep
};

/// Every tiling that some depths of the class hold, with lower bounds of what it takes.
std::vector<EnergyTiling> candidates(const TilingsFor& wanted, Tilings& tilings, const Chunk& chunk) {
  const LayerShape& shape = wanted.shape;
  const bool depthwise = is_depthwise_kind(shape);
  const std::vector<int>& strides = list_of(wanted.chunks, Amount::stride_max);
  const std::vector<int>& inputs = list_of(wanted.chunks, Amount::depth_input);
  const std::vector<int>& weights = list_of(wanted.chunks, Amount::depth_weight);
  const std::vector<int>& outputs = list_of(wanted.chunks, Amount::depth_output);
  const CycleBound bound(shape, chunk, wanted.batch, wanted.platform);
  const std::int64_t kernel = is_pooling(shape) ? 0 : std::int64_t{shape.kernel_height} * shape.kernel_width;
  const std::int64_t words_of_output = shape.output.bits == 32 ? ceil_div(32, chunk.bits) : 1;
  const std::vector<TileSize>& row_tiles = tilings.rows(chunk.unroll_p, wanted.batch);
  std::vector<EnergyTiling> found;
  for (const TileSize& m : tilings.output_channels(chunk.unroll_m)) {
    const std::int64_t m_words = ceil_div(m.size, chunk.unroll_m);
    for (const TileSize& n : tilings.input_channels(chunk.unroll_n)) {
      const std::int64_t n_words = ceil_div(n.size, chunk.unroll_n);
      const std::size_t weight = place_of(weights, kernel * m_words * n_words);
      if ((n.tiles > 1 && !chunk.accumulator) || weight == weights.size()) {
        continue;
      }
      const CycleBound::ChannelTerms channels = bound.channel_terms(m, n);
      for (const TileSize& rows : row_tiles) {
        for (const TileSize& cols : tilings.columns()) {
          Needs needs{
              .accumulator = n.tiles > 1 ? 1U : 0U,
              .weight = weight,
              .output = place_of(outputs, m_words * ceil_div(rows.size, chunk.unroll_p) * words_of_output * cols.size)};
          for (std::size_t i = 0; i < strides.size(); ++i) {
            needs.input[i] = place_of(inputs, ceil_div(rows.loaded_most, chunk.unroll_p * strides[i]) *
                                                  (depthwise ? m_words : n_words) * cols.loaded_most);
          }
          // The largest stride has the most banks.
          if (needs.input[strides.size() - 1] == inputs.size() || needs.output == outputs.size()) {
            continue;
          }
          for (const LoopOrder order : loop_orders(depthwise, m, n)) {
            EnergyTiling& tiling = found.emplace_back();
            tiling.needs = cell_of(needs);
            tiling.mapping = {m.size, n.size, rows.size, cols.size, order};
            tiling.cycles = static_cast<double>(bound.of(channels, rows, cols, order));
            count(least_traffic(shape, chunk, tiling.mapping, wanted.batch), tiling);
          }
        }
      }
    }
  }
  return found;
}

/// Of a pixel of all that the view has, in whole granules.
std::int64_t pixel_bits(const MapView& view) {
  std::int64_t sum = 0;
  for (const Segment& segment : view.segments) {
    sum += std::int64_t{granule_bits} * ceil_div(segment.channels, granule_values(view.bits));
  }
  return sum;
}

double lane_groups(const LayerShape& shape, const Chunk& chunk, int batch) {
  return static_cast<double>(std::int64_t{shape.groups} * ceil_div(shape.m, chunk.unroll_m) *
                             ceil_div(tiled_rows(shape, batch), chunk.unroll_p) * tiled_cols(shape) *
                             (shape.flattened ? 1 : batch));
}

}  // namespace

ClassEnergy class_energy(const ChunkClass& chunks, const AsicTables& tables) {
  Chunk chunk = datapath(chunks, 0);
  chunk.accumulator = true;  // what it would be like
  ClassEnergy energy{.operation_pj = mac_of(tables, chunk.bits).energy_pj,
                     .port_word_pj = chunk.port_bits * tables.dram_pj_per_bit};
  const auto of = [&](const BufferMemories& memory) {
    const AsicSram sram = sram_of(tables, memory.width_bits, memory.depth);
    const auto width = static_cast<double>(memory.width_bits);
    return WordEnergy{width * sram.read_pj_per_bit, width * sram.write_pj_per_bit};
  };
  for (const int depth : list_of(chunks, Amount::depth_input)) {
    chunk.depth_input = depth;
    energy.input.push_back(of(chunk_memories(chunk, false).input));
  }
  for (const int depth : list_of(chunks, Amount::depth_weight)) {
    chunk.depth_weight = depth;
    energy.weight.push_back(of(chunk_memories(chunk, false).weight));
  }
  for (const int depth : list_of(chunks, Amount::depth_output)) {
    chunk.depth_output = depth;
    energy.output[0].push_back(of(chunk_memories(chunk, false).output));
    energy.output[1].push_back(of(chunk_memories(chunk, true).output));
    energy.accumulator.push_back(of(chunk_memories(chunk, false).accumulator));
  }
  energy.least_parameters = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  for (const int lanes : list_of(chunks, Amount::requant_lanes)) {
    chunk.requant_lanes = lanes;
    energy.parameters.push_back(of(chunk_memories(chunk, false).parameters));
    energy.least_parameters.read = std::min(energy.least_parameters.read, energy.parameters.back().read);
    energy.least_parameters.write = std::min(energy.least_parameters.write, energy.parameters.back().write);
  }
  return energy;
}

/// Those that take least come first: a tiling that one of them beats, by what it takes at least, is not counted.
EnergyTilings energy_tilings(const TilingsFor& wanted, Tilings& tilings, const ClassEnergy& energy) {
  const Chunk chunk = datapath(wanted.chunks, wanted.lanes_place);
  std::vector<EnergyTiling> promising = candidates(wanted, tilings, chunk);
  const Comparison comparison(wanted, energy);
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < promising.size(); ++i) {
    order.emplace_back(comparison.least(promising[i]), i);
  }
  std::sort(order.begin(), order.end());
  EnergyTilings found{.groups = lane_groups(wanted.shape, chunk, wanted.batch)};
  std::vector<EnergyTiling>& kept = found.tilings;
  std::size_t likely = 0;  // what beat the last one often beats the next
  const auto is_beaten = [&](const EnergyTiling& tiling) {
    if (likely < kept.size() && comparison.beats(kept[likely], tiling)) {
      return true;
    }
    const auto by = std::find_if(kept.begin(), kept.end(),
                                 [&](const EnergyTiling& better) { return comparison.beats(better, tiling); });
    likely = by == kept.end() ? likely : static_cast<std::size_t>(by - kept.begin());
    return by != kept.end();
  };
  for (const auto& [least, index] : order) {
    EnergyTiling& tiling = promising[index];
    if (is_beaten(tiling)) {
      continue;
    }
    const Traffic traffic = layer_traffic(wanted.shape, chunk, tiling.mapping, wanted.batch);
    count(traffic, tiling);
    tiling.cycles =
        static_cast<double>(layer_cycles(wanted.shape, chunk, tiling.mapping, wanted.batch, wanted.platform));
    found.operations = static_cast<double>(traffic.operations);
    if (!is_beaten(tiling)) {
      std::erase_if(kept, [&](const EnergyTiling& worse) { return comparison.beats(tiling, worse); });
      kept.push_back(tiling);
    }
  }
  kept.shrink_to_fit();
  return found;
}

double least_energy(const LayerShape& shape, Tilings& tilings, const ChunkClass& chunks, const ClassEnergy& energy,
                    int batch) {
  const Chunk chunk = datapath(chunks, list_of(chunks, Amount::requant_lanes).size() - 1);
  if (!can_run(chunk, shape)) {
    return std::numeric_limits<double>::infinity();
  }
  const std::vector<TileSize>& row_tiles = tilings.rows(chunk.unroll_p, batch);
  const auto fewest = [](const std::vector<TileSize>& tiles) {
    const auto less = [](const TileSize& a, const TileSize& b) { return a.loaded_sum < b.loaded_sum; };
    return std::min_element(tiles.begin(), tiles.end(), less)->loaded_sum;
  };
  const int images = shape.flattened ? 1 : batch;
  const std::int64_t inputs = images * row_tiles.front().loaded_sum * tilings.columns().front().loaded_sum;
  const std::int64_t used = images * fewest(row_tiles) * fewest(tilings.columns());
  const std::int64_t outputs = std::int64_t{batch} * shape.output.height * shape.output.width;
  // What is counted of a single tile is counted of several at least, but for inputs between them that none uses.
  const Mapping whole{shape.m, shape.n, tiled_rows(shape, batch), tiled_cols(shape), LoopOrder::channels_outer};
  const Traffic traffic = least_traffic(shape, chunk, whole, batch);
  EnergyTiling tiling;
  count(traffic, tiling);
  // Whole granules pass through the port, not values.
  const auto more = [&](const MapView& view, std::int64_t pixels, std::int64_t values, std::int64_t counted) {
    const std::int64_t of_values = ceil_div(counted * values * view.bits, chunk.port_bits);
    return static_cast<double>(ceil_div(pixels * pixel_bits(view), chunk.port_bits) - of_values);
  };
  if (shape.groups == 1) {
    tiling.port_words += more(shape.input, used, is_depthwise_kind(shape) ? shape.m : shape.n, inputs) +
                         more(shape.output, outputs, shape.m, outputs);
    if (!shape.residual.segments.empty()) {
      tiling.port_words += more(shape.residual, outputs, shape.m, outputs);
    }
  } else if (used < inputs) {  // a run for each pixel of each group
    tiling.port_words -= static_cast<double>((inputs - used) * shape.groups *
                                             ceil_div(std::int64_t{shape.n} * shape.input.bits, chunk.port_bits));
  }
  tiling.input.write *= static_cast<double>(used) / static_cast<double>(std::max<std::int64_t>(inputs, 1));
  return static_cast<double>(traffic.operations) * energy.operation_pj + energy_at(tiling, energy, {0, 0, 0, true}) +
         parameter_energy(tiling, energy.least_parameters);
}

}  // namespace autonba
