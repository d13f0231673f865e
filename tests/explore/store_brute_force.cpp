#include "store_brute_force.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "accel/cycles.hpp"
#include "accel/layout.hpp"
#include "accel/resources.hpp"
#include "stated_mappings.hpp"

namespace autonba {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::int64_t up(std::int64_t value, std::int64_t by) {
  std::int64_t times = 0;
  while (times * by < value) {
    ++times;
  }
  while ((times - 1) * by >= value) {
    --times;
  }
  return times;
}

/// The maps that a layer reads besides its residual.
std::set<int> inputs_of(const Layer& layer) {
  std::set<int> writers;
  for (const MapSlice& slice : layer.inputs) {
    writers.insert(slice.writer);
  }
  return writers;
}

/// A set of layers whose maps lie in the store: bit i of layer i.
using Stored = unsigned;

bool may_be(const Network& network, Stored stored) {
  const auto is_stored = [&](int writer) { return writer >= 0 && (stored >> writer & 1U) != 0; };
  std::set<int> read;
  for (const Layer& layer : network.layers) {
    const std::set<int> inputs = inputs_of(layer);
    const auto first = is_stored(*inputs.begin());
    for (const int writer : inputs) {
      if (is_stored(writer) != first) {
        return false;
      }
    }
    read.insert(inputs.begin(), inputs.end());
    read.insert(layer.residual.value_or(network_input));
  }
  for (const HostOp& op : network.host_ops) {
    for (const int writer : op.reads) {
      if (is_stored(writer)) {
        return false;
      }
    }
  }
  for (int layer = 0; layer < static_cast<int>(network.layers.size()); ++layer) {
    if (is_stored(layer) && read.count(layer) == 0) {
      return false;
    }
  }
  return true;
}

/// A map of one slot: the cycles in which it is alive in the first of many rounds, and the words that it takes then.
struct Box {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t words = 0;
};

/// The least words in which boxes lie that repeat in every round: of every two that meet one is above the other, and
/// all ways to say which are tried.
std::int64_t least_height(const std::vector<Box>& boxes, std::int64_t ii) {
  std::vector<std::pair<std::size_t, std::size_t>> meeting;
  for (std::size_t a = 0; a < boxes.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      for (const std::int64_t shift : {-ii, std::int64_t{0}, ii}) {
        if (boxes[a].begin < boxes[b].end + shift && boxes[b].begin + shift < boxes[a].end) {
          meeting.emplace_back(a, b);
          break;
        }
      }
    }
  }
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (unsigned above = 0; above < 1U << meeting.size(); ++above) {
    std::vector<std::int64_t> low(boxes.size(), 0);
    bool moved = true;
    for (std::size_t pass = 0; moved && pass <= boxes.size(); ++pass) {
      moved = false;
      for (std::size_t pair = 0; pair < meeting.size(); ++pair) {
        const auto [a, b] = meeting[pair];
        const std::size_t upper = (above >> pair & 1U) != 0 ? a : b;
        const std::size_t lower = upper == a ? b : a;
        if (low[upper] < low[lower] + boxes[lower].words) {
          low[upper] = low[lower] + boxes[lower].words;
          moved = true;
        }
      }
    }
    if (moved) {
      continue;  // a circle
    }
    std::int64_t height = 0;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      height = std::max(height, low[i] + boxes[i].words);
    }
    least = std::min(least, height);
  }
  return least;
}

/// A problem with a batch, a store and a number of chunks.
class Tries {
 public:
  /// Best cycles of layers on chunks, by all that they depend on.
  using Known = std::map<std::array<std::size_t, 6>, std::int64_t>;

  Tries(const Problem& problem, int batch, int store_port, Stored stored, std::size_t chunks, Known& known,
        Enumeration& all)
      : problem_(problem),
        batch_(batch),
        store_port_(store_port),
        stored_(stored),
        chunks_(chunks),
        known_(known),
        all_(all) {
    shapes_ = layer_shapes(problem.network);
    for (const ChunkKind kind : {ChunkKind::conv, ChunkKind::depthwise}) {
      const ChunkSpace& space = kind == ChunkKind::conv ? problem.space.conv : problem.space.depthwise;
      for (const Chunk& chunk : every_chunk(space, kind)) {
        kinds_of_chunk_.push_back(chunk);
        cycles_.emplace_back();
        for (std::size_t layer = 0; layer < shapes_.size(); ++layer) {
          map_layer(layer, chunk);
        }
      }
    }
    chunk_of_.resize(shapes_.size());
    for (std::size_t layer = 0; layer < shapes_.size(); ++layer) {
      reads_.push_back(all_read(layer));
    }
  }

  void run() { place(0); }

 private:
  int turns() const {
    int turns = 1;
    while (turns < static_cast<int>(chunks_)) {
      turns *= 2;
    }
    return turns;
  }
  bool is_stored(int writer) const { return writer >= 0 && (stored_ >> writer & 1U) != 0; }

  void map_layer(std::size_t layer, const Chunk& chunk) {
    const Layer& of = problem_.network.layers[layer];
    StoreUse use{.turns = turns(), .word_bits = turns() * std::max(store_port_, 32)};
    use.inputs = is_stored(*inputs_of(of).begin()) ? all_maps : 0;
    use.residual = of.residual && is_stored(*of.residual);
    use.output = is_stored(static_cast<int>(layer));
    const std::size_t mode = (use.inputs != 0 ? 1U : 0U) | (use.residual ? 2U : 0U) | (use.output ? 4U : 0U);
    const bool any = mode != 0;
    const auto [place, is_new] = known_.try_emplace(
        {layer, cycles_.size(), mode, static_cast<std::size_t>(batch_), static_cast<std::size_t>(any ? use.turns : 0),
         static_cast<std::size_t>(any ? use.word_bits : 0)},
        never);
    std::int64_t& best = place->second;
    if (is_new && can_run(chunk, shapes_[layer])) {
      for (const Mapping& mapping : stated_mappings(shapes_[layer], chunk, batch_)) {
        if (tile_fits(chunk, shapes_[layer], mapping, batch_)) {
          const std::int64_t cycles = layer_cycles(shapes_[layer], chunk, mapping, batch_, problem_.platform, use);
          best = std::min(best, cycles);
        }
      }
    }
    cycles_.back().push_back(best);
  }

  /// Whether no design with these chunks and at least these loads is better than the best one, or fits.
  bool is_hopeless(std::size_t layers) const {
    std::vector<std::int64_t> loads(chunks_, 0);
    for (std::size_t layer = 0; layer < layers; ++layer) {
      loads[chunk_of_[layer]] += cycles(layer);
    }
    const std::int64_t most = problem_.objective == Objective::latency
                                  ? std::accumulate(loads.begin(), loads.end(), std::int64_t{0})
                                  : *std::max_element(loads.begin(), loads.end());
    Resources used;
    for (const std::size_t chunk : built_) {
      used = used + chunk_resources(kinds_of_chunk_[chunk], false, problem_.platform);
    }
    const bool is_late = all_.accelerator && seconds(most) >= all_.value;
    return is_late || used.dsp > problem_.platform.dsp || used.port_bits > problem_.platform.memory_bits_per_cycle;
  }

  double seconds(std::int64_t cycles) const {
    return static_cast<double>(cycles) / (problem_.platform.clock_mhz * 1e6 * batch_);
  }

  /// The layers from number `layer` on, each on one of the chunks that there are already or on one more.
  void place(std::size_t layer) {
    if (is_hopeless(layer)) {
      return;
    }
    if (layer == shapes_.size()) {
      if (built_.size() == chunks_) {
        check();
      }
      return;
    }
    for (std::size_t chunk = 0; chunk < built_.size(); ++chunk) {
      if (cycles_[built_[chunk]][layer] != never) {
        chunk_of_[layer] = chunk;
        place(layer + 1);
      }
    }
    if (built_.size() == chunks_) {
      return;
    }
    for (std::size_t kind = 0; kind < kinds_of_chunk_.size(); ++kind) {
      if (cycles_[kind][layer] != never && has_room(kinds_of_chunk_[kind].kind)) {
        built_.push_back(kind);
        chunk_of_[layer] = built_.size() - 1;
        place(layer + 1);
        built_.pop_back();
      }
    }
  }

  bool has_room(ChunkKind kind) const {
    const ChunkSpace& space = kind == ChunkKind::conv ? problem_.space.conv : problem_.space.depthwise;
    const auto count = std::count_if(built_.begin(), built_.end(),
                                     [&](std::size_t chunk) { return kinds_of_chunk_[chunk].kind == kind; });
    return count < space.chunks_max;
  }

  std::int64_t cycles(std::size_t layer) const { return cycles_[built_[chunk_of_[layer]]][layer]; }

  void check() {
    ++all_.designs;
    std::vector<std::int64_t> loads(chunks_, 0);
    for (std::size_t layer = 0; layer < shapes_.size(); ++layer) {
      loads[chunk_of_[layer]] += cycles(layer);
    }
    const std::int64_t ii = *std::max_element(loads.begin(), loads.end());
    const std::int64_t sum = std::accumulate(loads.begin(), loads.end(), std::int64_t{0});
    const double value = seconds(problem_.objective == Objective::latency ? sum : ii);
    Resources used;
    for (std::size_t chunk = 0; chunk < chunks_; ++chunk) {
      bool adds = false;
      for (std::size_t layer = 0; layer < shapes_.size(); ++layer) {
        adds = adds || (chunk_of_[layer] == chunk && problem_.network.layers[layer].residual);
      }
      used = used + chunk_resources(kinds_of_chunk_[built_[chunk]], adds, problem_.platform);
    }
    if (!fits(used, problem_.platform) || (stored_ != 0 && !some_order_fits(used, ii))) {
      return;
    }
    ++all_.feasible;
    all_.value = value;
    all_.accelerator = Accelerator{.batch = batch_};
  }

  bool fits_with(std::int64_t words, const Resources& chunks) const {
    std::int64_t depth = 64;
    while (depth < words) {
      depth = depth == 64 ? 512 : depth + 512;
    }
    const Store store{static_cast<int>(depth), store_port_};
    return depth <= problem_.space.store->depth_max &&
           fits(chunks + store_resources(store, chunks_, problem_.platform), problem_.platform);
  }

  std::int64_t words_of(std::size_t layer) const {
    const int word_bits = turns() * store_port_;
    const std::int64_t row_bits = shapes_[layer].output.segments.front().map.row_bits;
    return batch_ * shapes_[layer].output.height * up(row_bits, word_bits);
  }

  /// The last stage of the layers that an operation of the host needs, through others too; −2 if it needs none.
  std::int64_t host_stage(std::size_t op, const std::vector<std::int64_t>& stage) const {
    std::int64_t last = -2;
    for (const int writer : problem_.network.host_ops[op].reads) {
      if (writer >= 0) {
        last = std::max(last, stage[static_cast<std::size_t>(writer)]);
      } else if (writer < network_input) {
        last = std::max(last, host_stage(host_op_of(writer), stage));
      }
    }
    return last;
  }

  bool some_order_fits(const Resources& chunks, std::int64_t ii) const {
    std::int64_t largest = 0;
    for (std::size_t layer = 0; layer < shapes_.size(); ++layer) {
      largest = std::max(largest, is_stored(static_cast<int>(layer)) ? words_of(layer) : 0);
    }
    if (!fits_with(largest, chunks)) {
      return false;
    }
    std::vector<std::size_t> order(shapes_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    do {
      for (unsigned waits = 0; waits < 1U << order.size(); ++waits) {
        if (fits_with(words_in(order, waits, ii), chunks)) {
          return true;
        }
      }
    } while (std::next_permutation(order.begin(), order.end()));
    return false;
  }

  std::set<int> all_read(std::size_t layer) const {
    std::set<int> writers = inputs_of(problem_.network.layers[layer]);
    if (problem_.network.layers[layer].residual) {
      writers.insert(*problem_.network.layers[layer].residual);
    }
    return writers;
  }

  /// Words that all stored maps take in an order.
  std::int64_t words_in(const std::vector<std::size_t>& order, unsigned waits, std::int64_t ii) const {
    std::vector<std::int64_t> start(order.size(), -1);
    std::vector<std::int64_t> free(chunks_, 0);
    std::vector<std::int64_t> to_do(chunks_, 0);
    for (const std::size_t layer : order) {
      to_do[chunk_of_[layer]] += cycles(layer);
    }
    for (const std::size_t layer : order) {
      const std::size_t chunk = chunk_of_[layer];
      std::int64_t ready = free[chunk];
      for (const int writer : reads_[layer]) {
        if ((waits >> layer & 1U) != 0 && writer >= 0 && start[static_cast<std::size_t>(writer)] >= 0) {
          ready = std::max(ready, start[static_cast<std::size_t>(writer)] + cycles(static_cast<std::size_t>(writer)));
        }
      }
      start[layer] = ready + to_do[chunk] <= ii ? ready : free[chunk];
      free[chunk] = start[layer] + cycles(layer);
      to_do[chunk] -= cycles(layer);
    }
    std::vector<std::int64_t> stage(order.size(), 0);
    for (std::size_t layer = 0; layer < order.size(); ++layer) {
      for (const int writer : reads_[layer]) {
        if (writer < network_input) {
          stage[layer] = std::max(stage[layer], host_stage(host_op_of(writer), stage) + 2);
        }
        if (writer >= 0) {
          const auto w = static_cast<std::size_t>(writer);
          stage[layer] = std::max(stage[layer], stage[w] + up(start[w] + cycles(w) - start[layer], ii));
        }
      }
    }
    std::int64_t words = 0;
    std::vector<Box> sharing;
    for (std::size_t w = 0; w < order.size(); ++w) {
      std::int64_t end = start[w];
      for (std::size_t layer = 0; layer < order.size(); ++layer) {
        if (reads_[layer].count(static_cast<int>(w)) == 1) {
          end = std::max(end, (stage[layer] - stage[w]) * ii + start[layer] + cycles(layer));
        }
      }
      if (!is_stored(static_cast<int>(w))) {
        continue;
      }
      if (const std::int64_t slots = up(end - start[w], ii); slots > 1) {
        words += slots * words_of(w);
      } else {
        sharing.push_back({start[w], end, words_of(w)});
      }
    }
    return words + least_height(sharing, ii);
  }

  const Problem& problem_;
  int batch_;
  int store_port_;
  Stored stored_;
  std::size_t chunks_;
  Known& known_;
  Enumeration& all_;
  std::vector<LayerShape> shapes_;
  std::vector<Chunk> kinds_of_chunk_;              // that may be built
  std::vector<std::vector<std::int64_t>> cycles_;  // of a layer on each of these
  std::vector<std::set<int>> reads_;               // by layer, residuals too
  std::vector<std::size_t> built_;                 // one of kinds_of_chunk_ each
  std::vector<std::size_t> chunk_of_;              // by layer, among those built
};

}  // namespace

Enumeration brute_force_with_store(const Problem& problem) {
  Enumeration all;
  Tries::Known known;
  for (const int batch : problem.objective == Objective::latency ? std::vector{1} : problem.space.batch) {
    for (std::size_t chunks = 1; chunks <= static_cast<std::size_t>(problem.space.chunks_max); ++chunks) {
      Tries(problem, batch, 0, 0, chunks, known, all).run();
      for (const int port : problem.space.store->port_bits) {
        for (Stored stored = 1; stored < 1U << problem.network.layers.size(); ++stored) {
          if (may_be(problem.network, stored)) {
            Tries(problem, batch, port, stored, chunks, known, all).run();
          }
        }
      }
    }
  }
  return all;
}

}  // namespace autonba
