#include "explore/exact/class_tree.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "base/ceil_div.hpp"
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

/// Where a class lies, on logarithmic scales, weighted so that few regions are looked at for networks of fbnet-cifar.
std::array<double, 6> place(const ChunkClass& chunks) {
  const Chunk& base = chunks.base;
  return {3 * std::log2(base.port_bits),  0.6 * std::log2(base.unroll_m), 0.8 * std::log2(base.unroll_n),
          0.4 * std::log2(base.unroll_p), 4 * std::log2(base.bits),       0.1 * static_cast<double>(base.mac)};
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

/// What a layer takes at least on any chunk of a class.
class LeastTime {
 public:
  LeastTime(const LayerShape& shape, int batch, const Platform& platform, const StoreUse& use)
      : shape_(shape), batch_(batch), platform_(platform), use_(use), tilings_(shape) {}

  double of(const Chunk& fastest) {
    CycleBound::LeastLoads loads = loads_of(fastest.unroll_p);
    loads.all_channels_fit = shape_.m <= parameter_words && std::int64_t{shape_.kernel_height} * shape_.kernel_width *
                                                                    ceil_div(shape_.m, fastest.unroll_m) *
                                                                    ceil_div(shape_.n, fastest.unroll_n) <=
                                                                fastest.depth_weight;
    return CycleBound(shape_, fastest, batch_, platform_, use_).of_any(loads);
  }

 private:
  CycleBound::LeastLoads loads_of(int unroll_p) {
    const auto [known, is_new] = loads_.try_emplace(unroll_p);
    if (is_new) {
      const std::vector<TileSize>& rows = tilings_.rows(unroll_p, batch_);
      const std::vector<TileSize>& cols = tilings_.columns();
      CycleBound::LeastLoads& loads = known->second;
      loads.rows = least_loaded(rows);
      loads.cols = least_loaded(cols);
      loads.first_share = first_share(rows, loads.rows) * first_share(cols, loads.cols);
      const auto loads_something = [](const TileSize& tile) { return tile.loaded_least > 0; };
      loads.always = std::all_of(rows.begin(), rows.end(), loads_something) &&
                     std::all_of(cols.begin(), cols.end(), loads_something);
    }
    return known->second;
  }

  const LayerShape& shape_;
  int batch_;
  const Platform& platform_;
  StoreUse use_;
  Tilings tilings_;
  std::map<int, CycleBound::LeastLoads> loads_;  // by U_p
};

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
  std::map<std::array<int, 4>, std::uint32_t> first;
  for (std::uint32_t c = 0; c < tree.classes.size(); ++c) {
    const Chunk& base = tree.classes[c].base;
    const std::array<int, 4> datapath = {base.port_bits, base.unroll_m, base.unroll_n, base.unroll_p};
    tree.alike.push_back(first.try_emplace(datapath, c).first->second);
  }
  return tree;
}

std::vector<double> least_times(const ClassTree& tree, const LayerShape& shape, int batch, const Platform& platform,
                                const StoreUse& use) {
  const bool logits = shape.output.bits == 32;  // which take more words of fewer bits; nothing else depends on bits
  LeastTime least_time(shape, batch, platform, use);
  std::vector<double> times(tree.classes.size(), std::numeric_limits<double>::infinity());
  std::vector<double> known(tree.classes.size(), -1);
  for (std::size_t c = 0; c < times.size(); ++c) {
    const Chunk& fastest = tree.classes[c].base;
    if (can_run(fastest, shape)) {
      double& time = known[logits ? c : tree.alike[c]];
      times[c] = time = time < 0 ? least_time.of(fastest) : time;
    }
  }
  return times;
}

std::vector<double> least_by_node(const ClassTree& tree, const std::vector<double>& by_class) {
  std::vector<double> by_node(tree.nodes.size());
  for (std::size_t node = by_node.size(); node-- > 0;) {  // those below a node come after it
    const ClassTree::Node& here = tree.nodes[node];
    by_node[node] = is_single(here) ? by_class[here.first] : std::min(by_node[here.left], by_node[here.right]);
  }
  return by_node;
}

double least_store_time(const LayerShape& shape, int batch, const Platform& platform, const StoreUse& use) {
  const int groups = is_depthwise_kind(shape) ? 1 : shape.groups;
  // Every word with something in it is moved once at least. Of a group each pixel is a run of its own, unless it reads
  // all of one of several maps.
  const auto cycles = [&](bool is_stored, std::int64_t rows, std::int64_t cols, int channels, const MapView& map) {
    const auto words = [&](std::int64_t values) { return ceil_div(values * map.bits, std::int64_t{use.word_bits}); };
    const auto segments = static_cast<std::int64_t>(map.segments.size());
    const bool in_long_runs = groups == 1 || std::any_of(map.segments.begin(), map.segments.end(),
                                                         [](const Segment& segment) { return segment.map.index > 0; });
    const std::int64_t moved = in_long_runs ? rows * words(cols * channels * groups)
                                            : rows * cols * std::max(segments, groups * words(channels));
    return is_stored ? use.turns * moved : 0;
  };
  Tilings tilings(shape);
  const std::int64_t images = shape.flattened ? 1 : batch;
  const std::int64_t rows = images * least_loaded(tilings.rows(1, batch));
  const std::int64_t cols = least_loaded(tilings.columns());
  const int channels = is_depthwise_kind(shape) ? shape.m : shape.n;
  const std::int64_t input = shape.flattened ? cycles(use.inputs != 0, cols, rows, channels, shape.input)
                                             : cycles(use.inputs != 0, rows, cols, channels, shape.input);
  const auto of_outputs = [&](bool is_stored, const MapView& map) {
    const std::int64_t out_rows = std::int64_t{batch} * shape.output.height;
    return shape.flattened ? cycles(is_stored, 1, out_rows * shape.output.width, shape.m, map)
                           : cycles(is_stored, out_rows, shape.output.width, shape.m, map);
  };
  const std::int64_t output = of_outputs(use.output, shape.output);
  const std::int64_t residual = of_outputs(use.residual, shape.residual);
  // Residuals are read where inputs are, and wait for what is written.
  return static_cast<double>(platform.layer_start + platform.layer_end + residual + std::max(input, output));
}

std::optional<std::uint32_t> leaf_of(const ClassTree& tree, const Chunk& chunk) {
  const auto same = [&](const Chunk& base) {
    const bool packed = chunk.mac == MacKind::dsp1 && base.mac == MacKind::dsp2;
    return base.bits == chunk.bits && base.unroll_m == chunk.unroll_m && base.unroll_n == chunk.unroll_n &&
           base.unroll_p == chunk.unroll_p && (base.mac == chunk.mac || packed) && base.port_bits == chunk.port_bits;
  };
  for (std::uint32_t node = 0; node < tree.nodes.size(); ++node) {
    if (is_single(tree.nodes[node]) && same(tree.classes[tree.nodes[node].first].base)) {
      return node;
    }
  }
  return std::nullopt;
}

}  // namespace autonba
