#include "explore/energy_front.hpp"

#include <algorithm>
#include <tuple>

#include "accel/cycles.hpp"
#include "accel/traffic.hpp"
#include "explore/bound.hpp"

namespace autonba {
namespace {

constexpr std::size_t remembered_most = 200'000;  // fronts, about 300 bytes each

/// A mapping of which lower bounds are known.
struct Candidate {
  double least_pj = 0;
  std::int64_t least_cycles = 0;
  Mapping mapping;
};

std::vector<Candidate> candidates(const LayerShape& shape, Tilings& tilings, const Chunk& chunk,
                                  const ChunkEnergy& energy, int batch, const Platform& platform) {
  const bool depthwise = is_depthwise_kind(shape);
  const CycleBound bound(shape, chunk, batch, platform);
  const std::vector<TileSize>& row_tiles = tilings.rows(chunk.unroll_p, batch);
  std::vector<Candidate> found;
  for (const TileSize& m : tilings.output_channels(chunk.unroll_m)) {
    for (const TileSize& n : tilings.input_channels(chunk.unroll_n)) {
      if (n.tiles > 1 && !chunk.accumulator) {
        continue;
      }
      const CycleBound::ChannelTerms channels = bound.channel_terms(m, n);
      for (const TileSize& rows : row_tiles) {
        for (const TileSize& cols : tilings.columns()) {
          for (const LoopOrder order : loop_orders(depthwise, m, n)) {
            const Mapping mapping{m.size, n.size, rows.size, cols.size, order};
            if (tile_fits(chunk, shape, mapping, batch)) {
              found.push_back({energy.of(least_traffic(shape, chunk, mapping, batch)),
                               bound.of(channels, rows, cols, order), mapping});
            }
          }
        }
      }
    }
  }
  return found;
}

/// Least energy first; the rest only makes the order the same every time.
bool comes_first(const Candidate& a, const Candidate& b) {
  const auto rank = [](const Candidate& c) {
    const Mapping& m = c.mapping;
    return std::tuple(c.least_pj, c.least_cycles, -m.tile_m, -m.tile_n, -m.tile_rows, -m.tile_cols, m.order);
  };
  return rank(a) < rank(b);
}

/// Whether some mapping of the front is as good in both.
bool is_beaten(const EnergyFront& front, std::int64_t cycles, double pj) {
  return std::any_of(front.begin(), front.end(),
                     [&](const PricedMapping& priced) { return priced.cycles <= cycles && priced.energy_pj <= pj; });
}

}  // namespace

EnergyFront energy_front(const LayerShape& shape, Tilings& tilings, const Chunk& chunk, const ChunkEnergy& energy,
                         int batch, const Platform& platform) {
  std::vector<Candidate> left = candidates(shape, tilings, chunk, energy, batch, platform);
  EnergyFront front;
  const auto count = [&](const Candidate& candidate) {
    const double pj = energy.of(layer_traffic(shape, chunk, candidate.mapping, batch));
    if (is_beaten(front, candidate.least_cycles, pj)) {
      return;
    }
    const std::int64_t cycles = layer_cycles(shape, chunk, candidate.mapping, batch, platform);
    if (!is_beaten(front, cycles, pj)) {
      std::erase_if(front, [&](const PricedMapping& p) { return p.cycles >= cycles && p.energy_pj >= pj; });
      front.push_back({cycles, pj, candidate.mapping});
    }
  };
  const auto beaten = [&](const Candidate& c) { return is_beaten(front, c.least_cycles, c.least_pj); };
  // The most promising ones leave few of the others, so that these need not all be sorted.
  const auto fewest_cycles = [](const Candidate& a, const Candidate& b) {
    return std::tie(a.least_cycles, a.least_pj) < std::tie(b.least_cycles, b.least_pj);
  };
  if (!left.empty()) {
    count(*std::min_element(left.begin(), left.end(), comes_first));
    count(*std::min_element(left.begin(), left.end(), fewest_cycles));
    std::erase_if(left, beaten);
    std::sort(left.begin(), left.end(), comes_first);
  }
  for (const Candidate& candidate : left) {
    if (!beaten(candidate)) {
      count(candidate);
    }
  }
  std::sort(front.begin(), front.end(),
            [](const PricedMapping& a, const PricedMapping& b) { return a.cycles < b.cycles; });
  return front;
}

std::vector<std::size_t> hull_of(const EnergyFront& front) {
  std::vector<std::size_t> hull;
  for (std::size_t i = 0; i < front.size(); ++i) {
    // The corner before is none if the way around it saves at least as much for each cycle.
    while (hull.size() > 1) {
      const PricedMapping& a = front[hull[hull.size() - 2]];
      const PricedMapping& b = front[hull.back()];
      const PricedMapping& c = front[i];
      const double by_b = (a.energy_pj - b.energy_pj) * static_cast<double>(c.cycles - a.cycles);
      const double past_b = (a.energy_pj - c.energy_pj) * static_cast<double>(b.cycles - a.cycles);
      if (by_b > past_b) {
        break;
      }
      hull.pop_back();
    }
    hull.push_back(i);
  }
  return hull;
}

std::shared_ptr<const EnergyFront> EnergyFronts::of(std::int32_t shape_id, const LayerShape& shape, Tilings& tilings,
                                                    const Chunk& chunk, bool adds_residual, int batch,
                                                    const Platform& platform) {
  const Key key = {shape_id,
                   batch,
                   static_cast<int>(chunk.kind),
                   chunk.bits,
                   chunk.unroll_m,
                   chunk.unroll_n,
                   chunk.unroll_p,
                   static_cast<int>(chunk.mac),
                   chunk.requant_lanes,
                   chunk.stride_max,
                   chunk.depth_input,
                   chunk.depth_weight,
                   chunk.depth_output,
                   chunk.accumulator ? 1 : 0,
                   chunk.port_bits,
                   adds_residual ? 1 : 0};
  if (const auto known = fronts_.find(key); known != fronts_.end()) {
    return known->second;
  }
  if (fronts_.size() >= remembered_most) {
    fronts_.clear();
  }
  EnergyFront front;
  if (can_run(chunk, shape)) {
    const ChunkEnergy energy(chunk, adds_residual, *platform.asic);
    front = energy_front(shape, tilings, chunk, energy, batch, platform);
  }
  return fronts_[key] = std::make_shared<const EnergyFront>(std::move(front));
}

}  // namespace autonba
