#include "walker.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "walked_maps.hpp"

namespace autonba {
namespace {

/// A pixel of a batch of maps.
struct Pixel {
  int image = 0;
  int row = 0;
  int col = 0;
};

class Walker {
 public:
  Walker(const Network& network, int index, const Chunk& chunk, const Mapping& mapping, int batch,
         const Platform& platform, const WalkedStore& store)
      : layer_(network.layers[static_cast<std::size_t>(index)]),
        index_(index),
        chunk_(chunk),
        mapping_(mapping),
        batch_(batch),
        platform_(platform),
        store_(store),
        maps_(walk_maps(network)) {
    for (const int writer : store.maps) {  // rows begin on words of the store, where these are wider
      while (maps_.maps[writer].row_bits % store.word_bits != 0) {
        ++maps_.maps[writer].row_bits;
      }
    }
    depthwise_ = walks_as_depthwise(layer_);
    pooling_ = depthwise_ && layer_.op != LayerOp::depthwise;
    groups_ = depthwise_ ? 1 : layer_.groups;
    out_m_ = layer_.channels_out / groups_;
    in_n_ = depthwise_ ? 1 : layer_.channels_in / groups_;
    one_by_one_ = layer_.kernel[0] == 1 && layer_.kernel[1] == 1;
    flattened_ = one_by_one_ && layer_.padding == std::array{0, 0, 0, 0} && height_out(layer_) == layer_.height_in &&
                 width_out(layer_) == layer_.width_in;
    lanes_in_ = depthwise_ ? chunk.unroll_m : chunk.unroll_n;
  }

  bool tile_is_legal(bool input, int tile) {
    for (int group = 0; group < groups_; ++group) {
      set_group(group);
      const std::vector<Channel>& channels = input ? inputs_ : outputs_;
      const int count = input ? in_n_ : out_m_;
      using Place = std::pair<int, int>;  // map, segment
      std::map<Place, int> of_segment;
      for (int c = 0; c < count; ++c) {
        ++of_segment[place(channels[static_cast<std::size_t>(c)])];
      }
      for (int begin = 0; begin < count; begin += tile) {
        const int end = std::min(begin + tile, count);
        std::map<Place, int> of_tile;
        for (int c = begin; c < end; ++c) {
          ++of_tile[place(channels[static_cast<std::size_t>(c)])];
        }
        const bool whole = std::all_of(of_tile.begin(), of_tile.end(),
                                       [&](const auto& entry) { return entry.second == of_segment[entry.first]; });
        const auto starts_granule = [&](int c) {
          const Channel& channel = channels[static_cast<std::size_t>(c)];
          return maps_.maps[channel.first].first_bit[static_cast<std::size_t>(channel.second)] % 32 == 0;
        };
        const bool granules = starts_granule(begin) && (end == count || starts_granule(end));
        if (!whole && !(of_tile.size() == 1 && (input || granules))) {
          return false;
        }
      }
    }
    return true;
  }

  Walk walk() {
    for (int group = 0; group < groups_; ++group) {
      set_group(group);
      const int tiles_m = tiles(out_m_, mapping_.tile_m);
      const int tiles_space = space_tiles();
      if (mapping_.order == LoopOrder::rows_outer) {
        for (int space = 0; space < tiles_space; ++space) {
          for (int m = 0; m < tiles_m; ++m) {
            walk_output_tile(space, m);
          }
        }
      } else {
        for (int m = 0; m < tiles_m; ++m) {
          for (int space = 0; space < tiles_space; ++space) {
            walk_output_tile(space, m);
          }
        }
      }
    }
    return finish();
  }

 private:
  /// What a transfer takes and moves: through the port, and between store and buffer.
  struct Moved {
    std::int64_t cycles = 0;
    std::int64_t port_words = 0;
    std::int64_t store_cycles = 0;
    std::int64_t store_words = 0;
    std::int64_t buffer_words = 0;
    Moved& operator+=(const Moved& other) {
      cycles += other.cycles;
      port_words += other.port_words;
      store_cycles += other.store_cycles;
      store_words += other.store_words;
      buffer_words += other.buffer_words;
      return *this;
    }
  };

  /// Cycles of a step by what is done, without latencies.
  struct Times {
    std::int64_t weights = 0;  // and parameters
    Moved input;
    Moved residual;
    Moved output;
    std::int64_t compute = 0;
  };

  std::pair<int, int> place(const Channel& channel) {
    return {channel.first, maps_.maps[channel.first].segment[static_cast<std::size_t>(channel.second)]};
  }

  static int tiles(int size, int tile) {
    int count = 0;
    for (int i = 0; i < size; i += tile) {
      ++count;
    }
    return count;
  }

  static std::int64_t up(std::int64_t value, std::int64_t by) { return value / by + (value % by != 0 ? 1 : 0); }

  int rows() const { return flattened_ ? batch_ * layer_.height_in * layer_.width_in : height_out(layer_); }
  int cols() const { return flattened_ ? 1 : width_out(layer_); }
  int space_tiles() const {
    return (flattened_ ? 1 : batch_) * tiles(rows(), mapping_.tile_rows) * tiles(cols(), mapping_.tile_cols);
  }

  /// Channels of the group in the order in which tiles take them: output by address; input by map and address, or as
  /// the output where the layer is depthwise.
  void set_group(int group) {
    const WalkedMap& out = maps_.maps[index_];
    outputs_.clear();
    inputs_.clear();
    for (int c = 0; c < out_m_; ++c) {
      outputs_.emplace_back(index_, group * out_m_ + c);
    }
    std::sort(outputs_.begin(), outputs_.end(), [&](Channel a, Channel b) {
      return out.first_bit[static_cast<std::size_t>(a.second)] < out.first_bit[static_cast<std::size_t>(b.second)];
    });
    const std::vector<Channel> read = channels_read(layer_);
    if (depthwise_) {
      for (const Channel& output : outputs_) {
        inputs_.push_back(read[static_cast<std::size_t>(output.second)]);
      }
    } else {
      for (int c = 0; c < in_n_; ++c) {
        inputs_.push_back(read[static_cast<std::size_t>(group * in_n_ + c)]);
      }
      const auto appearance = [&](int writer) {
        return std::find_if(read.begin(), read.end(), [&](Channel c) { return c.first == writer; }) - read.begin();
      };
      std::sort(inputs_.begin(), inputs_.end(), [&](Channel a, Channel b) {
        return std::pair(appearance(a.first), maps_.maps[a.first].first_bit[static_cast<std::size_t>(a.second)]) <
               std::pair(appearance(b.first), maps_.maps[b.first].first_bit[static_cast<std::size_t>(b.second)]);
      });
    }
    kept_input_of_ = -1;
    kept_weights_of_ = -1;
  }

  void walk_output_tile(int space, int m) {
    const int row_tiles = tiles(rows(), mapping_.tile_rows);
    const int col_tiles = tiles(cols(), mapping_.tile_cols);
    const int image = space / (row_tiles * col_tiles);
    const int row_begin = space / col_tiles % row_tiles * mapping_.tile_rows;
    const int row_end = std::min(row_begin + mapping_.tile_rows, rows());
    const int col_begin = space % col_tiles * mapping_.tile_cols;
    const int col_end = std::min(col_begin + mapping_.tile_cols, cols());
    const int m_begin = m * mapping_.tile_m;
    const int m_end = std::min(m_begin + mapping_.tile_m, out_m_);
    std::vector<Pixel> written;
    std::vector<Pixel> loaded;
    for (int r = row_begin; r < row_end; ++r) {
      for (int c = col_begin; c < col_end; ++c) {
        written.push_back(flattened_ ? flat_pixel(r) : Pixel{image, r, c});
      }
    }
    if (flattened_) {
      loaded = written;
    } else {
      loaded = loaded_pixels(image, row_begin, row_end, col_begin, col_end);
    }
    for (int n_begin = 0; n_begin < in_n_; n_begin += mapping_.tile_n) {
      const int n_end = std::min(n_begin + mapping_.tile_n, in_n_);
      const bool last = n_end == in_n_;
      const bool whole = mapping_.tile_n == in_n_;
      Times times;
      if (!(whole && !depthwise_ && mapping_.order == LoopOrder::rows_outer && kept_input_of_ == space)) {
        times.input = depthwise_ ? runs(loaded, inputs_, m_begin, m_end, lanes_in_, 1)
                                 : runs(loaded, inputs_, n_begin, n_end, lanes_in_, 1);
        count_load(times.input, found_.traffic.input.writes);
        kept_input_of_ = space;
      }
      const bool weights_kept = whole && mapping_.order == LoopOrder::channels_outer && kept_weights_of_ == m;
      if (!weights_kept) {
        for (int word = 0; !pooling_ && word < weight_words(m_end - m_begin, n_end - n_begin); ++word) {
          const auto port_words = up(std::int64_t{chunk_.unroll_m} * chunk_.unroll_n * layer_.bits, chunk_.port_bits);
          times.weights += port_words;
          found_.traffic.loaded_words += port_words;
          ++found_.traffic.weight.writes;
        }
        if (last) {
          const std::int64_t port_words = up(96LL * (m_end - m_begin), chunk_.port_bits);
          times.weights += std::max<std::int64_t>(port_words, m_end - m_begin);
          found_.traffic.loaded_words += port_words;
          found_.traffic.parameters.writes += m_end - m_begin;
        }
        kept_weights_of_ = m;
      }
      if (last && layer_.residual) {
        std::vector<Channel> added;
        for (const Channel& output : outputs_) {
          added.emplace_back(*layer_.residual, output.second);
        }
        times.residual = runs(written, added, m_begin, m_end, chunk_.unroll_m, 1);
        count_load(times.residual, found_.traffic.output.writes);
      }
      if (last) {
        times.output = runs(written, outputs_, m_begin, m_end, chunk_.unroll_m, output_words());
        found_.traffic.stored_words += times.output.port_words;
        found_.traffic.store.writes += times.output.store_words;
        found_.traffic.output.reads += times.output.buffer_words;
      }
      times.compute = compute(row_end - row_begin, col_end - col_begin, m_end - m_begin, n_end - n_begin, last);
      steps_.push_back(times);
      for (int channel = m_begin; channel < m_end; channel += chunk_.unroll_m) {
        for (int row = row_begin; row < row_end; row += chunk_.unroll_p) {
          for (int col = col_begin; col < col_end; ++col) {
            access_buffers(std::min(chunk_.unroll_m, m_end - channel), row, std::min(chunk_.unroll_p, row_end - row),
                           col, n_begin, n_end);
          }
        }
      }
      measure_buffers(loaded, row_end - row_begin, col_end - col_begin, m_end - m_begin, n_end - n_begin);
    }
  }

  void count_load(const Moved& moved, std::int64_t& buffer_writes) {
    found_.traffic.loaded_words += moved.port_words;
    found_.traffic.store.reads += moved.store_words;
    buffer_writes += moved.buffer_words;
  }

  /// What the sums of `channels` channels, `rows` rows from `row` and one column over the input channels of a tile read
  /// and write.
  void access_buffers(int channels, int row, int rows, int col, int n_begin, int n_end) {
    Traffic& traffic = found_.traffic;
    const bool last = n_end == in_n_;
    for (int n = n_begin; n < n_end; n += chunk_.unroll_n) {
      for (int kh = 0; kh < layer_.kernel[0]; ++kh) {
        for (int kw = 0; kw < layer_.kernel[1]; ++kw) {
          traffic.weight.reads += pooling_ ? 0 : 1;
          for (int r = row; r < row + rows; ++r) {
            traffic.operations += channels * std::min(chunk_.unroll_n, n_end - n);
            traffic.input.reads += flattened_ || in_map(r, kh, col, kw) ? 1 : 0;
          }
        }
      }
    }
    for (int r = 0; r < rows; ++r) {
      traffic.accumulator.reads += n_begin > 0 ? 1 : 0;
      traffic.accumulator.writes += last ? 0 : 1;
      traffic.output.writes += last ? output_words() : 0;
      traffic.output.reads += last && layer_.residual ? 1 : 0;
      // Lanes beyond those of one row take the same channels of further rows.
      const bool first_of_lanes = r % std::max(1, chunk_.requant_lanes / chunk_.unroll_m) == 0;
      traffic.parameters.reads += last && first_of_lanes ? channels : 0;
    }
  }

  bool in_map(int row, int kh, int col, int kw) const {
    const int r = row * layer_.stride[0] - layer_.padding[0] + kh * layer_.dilation[0];
    const int c = col * layer_.stride[1] - layer_.padding[1] + kw * layer_.dilation[1];
    return r >= 0 && r < layer_.height_in && c >= 0 && c < layer_.width_in;
  }

  Pixel flat_pixel(int number) const {
    const int size = layer_.height_in * layer_.width_in;
    return {number / size, number % size / layer_.width_in, number % layer_.width_in};
  }

  std::vector<Pixel> loaded_pixels(int image, int row_begin, int row_end, int col_begin, int col_end) const {
    std::set<int> rows_used;
    std::set<int> cols_used;
    for (int r = row_begin; r < row_end; ++r) {
      for (int k = 0; k < layer_.kernel[0]; ++k) {
        rows_used.insert(r * layer_.stride[0] - layer_.padding[0] + k * layer_.dilation[0]);
      }
    }
    for (int c = col_begin; c < col_end; ++c) {
      for (int k = 0; k < layer_.kernel[1]; ++k) {
        cols_used.insert(c * layer_.stride[1] - layer_.padding[1] + k * layer_.dilation[1]);
      }
    }
    std::vector<Pixel> pixels;
    for (int r = 0; r < layer_.height_in; ++r) {
      const bool row = one_by_one_ ? rows_used.count(r) == 1 : *rows_used.begin() <= r && r <= *rows_used.rbegin();
      for (int c = 0; row && c < layer_.width_in; ++c) {
        if (*cols_used.begin() <= c && c <= *cols_used.rbegin()) {
          pixels.push_back({image, r, c});
        }
      }
    }
    return pixels;
  }

  int output_words() const { return layer_.bits_out == 32 ? static_cast<int>(up(32, chunk_.bits)) : 1; }

  std::int64_t weight_words(int m, int n) const {
    std::int64_t words = 0;
    for (int i = 0; i < layer_.kernel[0] * layer_.kernel[1]; ++i) {
      words += up(m, chunk_.unroll_m) * up(n, chunk_.unroll_n);
    }
    return words;
  }

  /// Loops over groups of lanes as the hardware does.
  std::int64_t compute(int rows, int cols, int m, int n, bool last) const {
    std::int64_t outputs = 0;
    for (int a = 0; a < m; a += chunk_.unroll_m) {
      for (int b = 0; b < rows; b += chunk_.unroll_p) {
        outputs += cols;
      }
    }
    std::int64_t sums = 0;
    for (int a = 0; a < n; a += chunk_.unroll_n) {
      sums += layer_.kernel[0] * layer_.kernel[1];
    }
    const std::int64_t depth = pipeline_depth(chunk_.kind, chunk_.unroll_n);
    if (!last) {
      return outputs * sums + depth;
    }
    const std::int64_t requantise =
        std::max<std::int64_t>(up(chunk_.unroll_m * chunk_.unroll_p, chunk_.requant_lanes), output_words());
    return outputs * std::max(sums, requantise) + std::min(sums, requantise) + depth;
  }

  void measure_buffers(const std::vector<Pixel>& loaded, int rows, int cols, int m, int n) {
    std::set<std::pair<int, int>> rows_loaded;
    std::set<int> cols_loaded;
    for (const Pixel& pixel : loaded) {
      rows_loaded.insert({pixel.image, flattened_ ? pixel.row * layer_.width_in + pixel.col : pixel.row});
      cols_loaded.insert(flattened_ ? 0 : pixel.col);
    }
    const auto banks = static_cast<std::int64_t>(chunk_.unroll_p * chunk_.stride_max);
    const std::int64_t words = depthwise_ ? up(m, chunk_.unroll_m) : up(n, chunk_.unroll_n);
    found_.input_words = std::max(found_.input_words, up(static_cast<std::int64_t>(rows_loaded.size()), banks) *
                                                          static_cast<std::int64_t>(cols_loaded.size()) * words);
    found_.weight_words = std::max(found_.weight_words, pooling_ ? 0 : weight_words(m, n));
    found_.output_words =
        std::max(found_.output_words, up(m, chunk_.unroll_m) * up(rows, chunk_.unroll_p) * cols * output_words());
  }

  /// All runs for `pixels` and the channels `begin` .. `end - 1` of `channels`.
  Moved runs(const std::vector<Pixel>& pixels, const std::vector<Channel>& channels, int begin, int end, int lanes,
             int words_each) {
    if (pixels.empty()) {
      return {};
    }
    Moved moved;
    for (int from = begin; from < end;) {
      // As many channels as lie in one map without another map between them.
      int to = from;
      while (to < end &&
             channels[static_cast<std::size_t>(to)].first == channels[static_cast<std::size_t>(from)].first) {
        ++to;
      }
      const int writer = channels[static_cast<std::size_t>(from)].first;
      const WalkedMap& map = maps_.maps[writer];
      in_store_ = store_.maps.count(writer) == 1;
      if (to - from == map.channels) {
        moved += whole_pixel_runs(pixels, map, from - begin, lanes, words_each);
      } else {
        moved += segment_runs(pixels, map, channels, begin, from, to, lanes, words_each);
      }
      from = to;
    }
    return moved;
  }

  Moved whole_pixel_runs(const std::vector<Pixel>& pixels, const WalkedMap& map, int first, int lanes,
                         int words_each) const {
    const std::int64_t words = buffer_words(first, map.channels, lanes) * words_each;
    bool all_columns = true;
    bool all_rows = true;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      all_columns = all_columns && pixels[i].col == static_cast<int>(i) % map.width;
      all_rows = all_rows && pixels[i].row - pixels[0].row <= static_cast<int>(i) / map.width;
    }
    all_columns = all_columns && static_cast<int>(pixels.size()) % map.width == 0;
    if (flattened_ || (all_columns && all_rows)) {
      return run(address(pixels.front(), map), address(pixels.back(), map) + map.pixel_bits,
                 static_cast<std::int64_t>(pixels.size()) * words);
    }
    Moved moved;
    for (std::size_t i = 0; i < pixels.size();) {
      std::size_t row_end = i;
      while (row_end < pixels.size() && pixels[row_end].row == pixels[i].row) {
        ++row_end;
      }
      moved += run(address(pixels[i], map), address(pixels[row_end - 1], map) + map.pixel_bits,
                   static_cast<std::int64_t>(row_end - i) * words);
      i = row_end;
    }
    return moved;
  }

  Moved segment_runs(const std::vector<Pixel>& pixels, const WalkedMap& map, const std::vector<Channel>& channels,
                     int tile_begin, int from, int to, int lanes, int words_each) const {
    Moved moved;
    for (const Pixel& pixel : pixels) {
      for (int a = from; a < to;) {
        int b = a;
        const auto number = [&](int i) {
          return static_cast<std::size_t>(channels[static_cast<std::size_t>(i)].second);
        };
        while (b < to && map.segment[number(b)] == map.segment[number(a)]) {
          ++b;
        }
        const std::int64_t start = address(pixel, map);
        moved += run(start + map.first_bit[number(a)], start + map.first_bit[number(b - 1)] + map.bits,
                     buffer_words(a - tile_begin, b - a, lanes) * words_each);
        a = b;
      }
    }
    return moved;
  }

  static std::int64_t address(const Pixel& pixel, const WalkedMap& map) {
    return (std::int64_t{pixel.image} * map.height + pixel.row) * map.row_bits + pixel.col * map.pixel_bits;
  }

  static std::int64_t buffer_words(int first, int count, int lanes) {
    std::set<int> words;
    for (int c = first; c < first + count; ++c) {
      words.insert(c / lanes);
    }
    return static_cast<std::int64_t>(words.size());
  }

  /// Words of the port, or of the store, that bits `begin` .. `end - 1` touch, and the buffer words that they fill; the
  /// slower of them counts.
  Moved run(std::int64_t begin, std::int64_t end, std::int64_t buffer) const {
    const int word_bits = in_store_ ? store_.word_bits : chunk_.port_bits;
    std::int64_t words = 0;
    for (std::int64_t word = begin / word_bits; word * word_bits < end; ++word) {
      ++words;
    }
    if (in_store_) {
      return {0, 0, std::max(words * store_.turns, buffer), words, buffer};
    }
    return {std::max(words, buffer), words, 0, 0, buffer};
  }

  Walk finish() {
    const Times nothing;
    found_.terms.ends = platform_.layer_start + platform_.layer_end;
    add_longest(moved_together(nothing, steps_.front()), 0);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Times& before = i == 0 ? nothing : steps_[i - 1];
      const Times& after = i + 1 == steps_.size() ? nothing : steps_[i + 1];
      add_longest(moved_together(before, after), steps_[i].compute);
      ++found_.terms.handover;
    }
    add_longest(moved_together(steps_.back(), nothing), 0);
    for (const NamedTerm& term : cycle_terms) {
      found_.cycles += found_.terms.*term.cycles;
    }
    found_.steps = static_cast<std::int64_t>(steps_.size());
    return found_;
  }

  /// One thing after the other, and what they take.
  struct Chain {
    std::int64_t end = 0;
    CycleTerms terms;
    void then(std::int64_t CycleTerms::*term, std::int64_t cycles) {
      end += cycles;
      terms.*term += cycles;
    }
  };

  /// What one step writes and what another loads at the same time: on the port, on the read side of the store, and the
  /// residual, which takes the place of what is written and so is asked for when that is done.
  std::vector<Chain> moved_together(const Times& written, const Times& loaded) const {
    const int store_latency = store_.turns + 2;
    Chain write;
    if (written.output.store_cycles > 0) {
      write.then(&CycleTerms::store, store_latency + written.output.store_cycles);
    } else if (written.output.cycles > 0) {
      write.then(&CycleTerms::latency, platform_.write_latency);
      write.then(&CycleTerms::output, written.output.cycles);
    }
    Chain port = written.output.store_cycles > 0 ? Chain{} : write;
    if (loaded.weights + loaded.input.cycles + loaded.residual.cycles > 0) {
      port.then(&CycleTerms::latency, platform_.read_latency);
      port.then(&CycleTerms::weights, loaded.weights);
      port.then(&CycleTerms::input, loaded.input.cycles);
      port.then(&CycleTerms::residual, loaded.residual.cycles);
    }
    Chain read;
    if (loaded.input.store_cycles + loaded.residual.store_cycles > 0) {
      read.then(&CycleTerms::store, store_latency + loaded.input.store_cycles + loaded.residual.store_cycles);
    }
    Chain added = write;
    if (loaded.residual.cycles > 0) {
      added.then(&CycleTerms::latency, platform_.read_latency);
      added.then(&CycleTerms::residual, loaded.residual.cycles);
    }
    if (loaded.residual.store_cycles > 0) {
      added.then(&CycleTerms::store, store_latency + loaded.residual.store_cycles);
    }
    return {port, read, added};
  }

  /// A step takes as long as its longest part, the first of them where several do.
  void add_longest(const std::vector<Chain>& chains, std::int64_t compute) {
    Chain longest{compute, {}};
    longest.terms.compute = compute;
    for (const Chain& chain : chains) {
      longest = chain.end > longest.end ? chain : longest;
    }
    for (const NamedTerm& term : cycle_terms) {
      found_.terms.*term.cycles += longest.terms.*term.cycles;
    }
  }

  const Layer& layer_;
  int index_;
  const Chunk& chunk_;
  const Mapping& mapping_;
  int batch_;
  const Platform& platform_;
  const WalkedStore& store_;
  WalkedMaps maps_;
  bool depthwise_ = false;
  bool pooling_ = false;
  bool one_by_one_ = false;
  bool flattened_ = false;
  int groups_ = 1;
  int out_m_ = 0;
  int in_n_ = 0;
  int lanes_in_ = 0;
  std::vector<Channel> outputs_;
  std::vector<Channel> inputs_;
  int kept_input_of_ = -1;
  int kept_weights_of_ = -1;
  std::vector<Times> steps_;
  bool in_store_ = false;  // the map whose runs are counted
  Walk found_;
};

}  // namespace

bool walk_tile_is_legal(const Network& network, int layer, bool input, int tile) {
  const Platform platform;
  const Chunk chunk;
  const Mapping mapping;
  const WalkedStore store;
  return Walker(network, layer, chunk, mapping, 1, platform, store).tile_is_legal(input, tile);
}

Walk walk_layer(const Network& network, int layer, const Chunk& chunk, const Mapping& mapping, int batch,
                const Platform& platform, const WalkedStore& store) {
  return Walker(network, layer, chunk, mapping, batch, platform, store).walk();
}

}  // namespace autonba
