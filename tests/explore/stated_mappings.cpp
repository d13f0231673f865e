#include "stated_mappings.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace autonba {
namespace {

int up(int a, int b) {
  return (a + b - 1) / b;
}

/// 1 … 8, then 10, 12, 14, 16, 20, 24, 28, 32, 40, … below `most`, and `most`.
std::set<int> counts_up_to(int most) {
  std::set<int> counts{most};
  for (int k = 1; k <= 8; ++k) {
    counts.insert(k);
  }
  for (int step = 2; 5 * step <= most; step *= 2) {
    for (const int k : {5 * step, 6 * step, 7 * step, 8 * step}) {
      counts.insert(k);
    }
  }
  counts.erase(counts.upper_bound(most), counts.end());
  return counts;
}

std::set<int> channel_sizes(int n, int unroll, int limit, const std::function<bool(int)>& allowed) {
  std::set<int> sizes;
  for (const int k : counts_up_to(up(n, unroll))) {
    for (int size = up(n, k); size <= std::min(n, limit); ++size) {
      if (allowed(size)) {
        sizes.insert(size);
        break;
      }
    }
    for (int size = std::min({n, limit, unroll * up(up(n, unroll), k)}); size > 0; --size) {
      if (allowed(size)) {
        sizes.insert(size);
        break;
      }
    }
  }
  return sizes;
}

std::set<int> column_sizes(int n) {
  std::set<int> sizes{1};
  for (int k = 1; k < n; k *= 2) {
    sizes.insert(up(n, k));
  }
  return sizes;
}

std::set<int> row_sizes(int n, int unroll) {
  std::set<int> sizes;
  for (const int k : counts_up_to(up(n, unroll))) {
    sizes.insert(std::min(n, unroll * up(up(n, unroll), k)));
  }
  return sizes;
}

}  // namespace

std::vector<Mapping> stated_mappings(const LayerShape& shape, const Chunk& chunk, int batch) {
  std::vector<Mapping> mappings;
  const std::set<int> input_sizes =
      channel_sizes(shape.n, chunk.unroll_n, shape.n, [&](int s) { return input_tile_fits(shape, s); });
  const std::set<int> rows_sizes = row_sizes(tiled_rows(shape, batch), chunk.unroll_p);
  for (const int m :
       channel_sizes(shape.m, chunk.unroll_m, parameter_words, [&](int s) { return output_tile_fits(shape, s); })) {
    for (const int n : input_sizes) {
      for (const int rows : rows_sizes) {
        for (const int cols : column_sizes(tiled_cols(shape))) {
          mappings.push_back({m, n, rows, cols, LoopOrder::channels_outer});
          if (!is_depthwise_kind(shape) && n == shape.n && m < shape.m) {
            mappings.push_back({m, n, rows, cols, LoopOrder::rows_outer});
          }
        }
      }
    }
  }
  return mappings;
}

}  // namespace autonba
