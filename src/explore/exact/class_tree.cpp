#include "explore/exact/class_tree.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "explore/bound.hpp"
#include "explore/tilings.hpp"

namespace autonba {
namespace {

PartialResources least_of_all(const ChunkClass& chunks, const Platform& platform) {
  return least_resources(chunks, Amounts{}, chunks.most(), platform);
}

bool fits_alone(const PartialResources& part, int port_bits, const Platform& platform) {
  return fits(
      {static_cast<std::int64_t>(part.dsp), static_cast<std::int64_t>(part.bram18), static_cast<std::int64_t>(part.lut),
       static_cast<std::int64_t>(part.ff), port_bits, static_cast<std::int64_t>(part.area_um2)},
      platform);
}

/// Where a class lies, on logarithmic scales. Ports matter most for time.
std::array<double, 6> place(const ChunkClass& chunks) {
  const Chunk& base = chunks.base;
  return {2 * std::log2(base.port_bits), std::log2(base.unroll_m), std::log2(base.unroll_n),
          std::log2(base.unroll_p),      2 * std::log2(base.bits), 0.1 * static_cast<double>(base.mac)};
}

/// Sorts the range along the dimension in which it is widest.
void sort_along_widest(std::span<ChunkClass> range) {
  std::size_t widest = 0;
  double extent = -1;
  for (std::size_t d = 0; d < place(range.front()).size(); ++d) {
    const auto [low, high] = std::minmax_element(
        range.begin(), range.end(), [&](const auto& a, const auto& b) { return place(a)[d] < place(b)[d]; });
    if (place(*high)[d] - place(*low)[d] > extent) {
      extent = place(*high)[d] - place(*low)[d];
      widest = d;
    }
  }
  std::stable_sort(range.begin(), range.end(),
                   [&](const ChunkClass& a, const ChunkClass& b) { return place(a)[widest] < place(b)[widest]; });
}

/// Appends the node of a range and all below it; returns its index.
std::uint32_t build(ClassTree& tree, std::uint32_t first, std::uint32_t last, const Platform& platform) {
  const auto index = static_cast<std::uint32_t>(tree.nodes.size());
  tree.nodes.push_back({first, last});
  ClassTree::Node node{first, last};
  if (last - first == 1) {
    node.least = least_of_all(tree.classes[first], platform);
    node.least_port_bits = tree.classes[first].base.port_bits;
  } else {
    sort_along_widest(std::span(tree.classes).subspan(first, last - first));
    const std::uint32_t middle = first + (last - first) / 2;
    node.left = build(tree, first, middle, platform);
    node.right = build(tree, middle, last, platform);
    const ClassTree::Node& a = tree.nodes[node.left];
    const ClassTree::Node& b = tree.nodes[node.right];
    node.least = least(a.least, b.least);
    node.least_port_bits = std::min(a.least_port_bits, b.least_port_bits);
  }
  tree.nodes[index] = node;
  return index;
}

std::int64_t least_loaded(const std::vector<TileSize>& tiles) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const TileSize& tile : tiles) {
    least = std::min(least, tile.loaded_sum);
  }
  return least;
}

/// CycleBound::LeastLoads::first_share of one dimension.
double first_share(const std::vector<TileSize>& tiles, std::int64_t loaded) {
  double share = loaded > 0 ? 1 : 0;
  for (const TileSize& tile : tiles) {
    share = std::min(share, static_cast<double>(tile.loaded_first * tile.tiles) /
                                static_cast<double>(std::max<std::int64_t>(loaded, 1)));
  }
  return share;
}

double least_time(const LayerShape& shape, Tilings& tilings, const ChunkClass& chunks, int batch,
                  const Platform& platform) {
  const Chunk fastest = chunk_at(chunks, chunks.most());
  if (!can_run(fastest, shape)) {
    return std::numeric_limits<double>::infinity();
  }
  const std::vector<TileSize>& rows = tilings.rows(fastest.unroll_p, batch);
  const std::vector<TileSize>& cols = tilings.columns();
  CycleBound::LeastLoads loads{.rows = least_loaded(rows), .cols = least_loaded(cols)};
  loads.first_share = first_share(rows, loads.rows) * first_share(cols, loads.cols);
  const auto loads_something = [](const TileSize& tile) { return tile.loaded_least > 0; };
  loads.always =
      std::all_of(rows.begin(), rows.end(), loads_something) && std::all_of(cols.begin(), cols.end(), loads_something);
  const auto steps = [](int size, int unroll) { return std::int64_t{(size + unroll - 1) / unroll}; };
  loads.all_channels_fit = shape.m <= parameter_words && std::int64_t{shape.kernel_height} * shape.kernel_width *
                                                                 steps(shape.m, fastest.unroll_m) *
                                                                 steps(shape.n, fastest.unroll_n) <=
                                                             fastest.depth_weight;
  return CycleBound(shape, fastest, batch, platform).of_any(loads);
}

}  // namespace

ClassTree class_tree(std::vector<ChunkClass> classes, const Platform& platform) {
  std::erase_if(classes, [&](const ChunkClass& chunks) {
    return !fits_alone(least_of_all(chunks, platform), chunks.base.port_bits, platform);
  });
  ClassTree tree;
  tree.classes = std::move(classes);
  if (!tree.classes.empty()) {
    build(tree, 0, static_cast<std::uint32_t>(tree.classes.size()), platform);
  }
  return tree;
}

std::vector<double> least_times(const ClassTree& tree, const LayerShape& shape, int batch, const Platform& platform) {
  Tilings tilings(shape);
  std::map<std::array<int, 5>, double> known;  // multipliers change nothing, bits little
  std::vector<double> times;
  for (const ChunkClass& chunks : tree.classes) {
    const Chunk& base = chunks.base;
    const bool logits = shape.output.bits == 32;
    const bool runs = can_run(chunk_at(chunks, chunks.most()), shape);
    const auto [place, is_new] = known.try_emplace(
        {base.port_bits, base.unroll_m, base.unroll_n, base.unroll_p, logits || !runs ? base.bits : 0});
    if (is_new) {
      place->second = least_time(shape, tilings, chunks, batch, platform);
    }
    times.push_back(place->second);
  }
  return times;
}

}  // namespace autonba
