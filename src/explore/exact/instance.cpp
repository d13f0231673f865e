#include "explore/exact/instance.hpp"

#include <algorithm>
#include <mutex>

#include "base/ceil_div.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "explore/exact/constants.hpp"
#include "explore/exact/energy_rows.hpp"

namespace autonba {
namespace {

Item make_item(ShapeId id, const LayerShape& shape, std::size_t storable) {
  const bool logits = shape.output.bits == 32;
  return {.id = id,
          .storable = storable,
          .bits = std::max({shape.input.bits, logits ? 0 : shape.output.bits, shape.residual.bits}),
          .stride = std::max(shape.stride_rows, shape.stride_cols),
          .adds_residual = !shape.residual.segments.empty()};
}

std::size_t storable_mode(const LayerGroups& groups) {
  return (groups.input != always_external ? input_stored : 0) |
         (groups.residual != always_external ? residual_stored : 0) |
         (groups.output != always_external ? output_stored : 0);
}

/// Whether the item's maps may lie so.
bool may_be(const Item& item, std::size_t mode) {
  return (mode & ~item.storable) == 0;
}

std::size_t modes_of(const Layout& layout) {
  return layout.has_store() ? modes : 1;
}

std::size_t kind_index(ChunkKind kind) {
  return static_cast<std::size_t>(kind);
}

}  // namespace

Instance::Instance(const Problem& problem, Mapper& mapper, ExactMemory& memory, int threads)
    : problem_(problem),
      batches_(problem.objective == Objective::latency ? std::vector{1} : problem.space.batch),  // that of one image
      mapper_(mapper),
      memory_(memory),
      energies_(counts_energy(problem.objective) ? &memory.energies() : nullptr),
      groups_(groups_to_place(problem)),
      least_placement_(groups_) {
  const std::vector<LayerShape> shapes = layer_shapes(problem.network);
  for (const ChunkKind kind : {ChunkKind::conv, ChunkKind::depthwise}) {
    kinds_[kind_index(kind)] = make_kind(kind, shapes, mapper, threads);
  }
  list_items_of_layers();
  add_layouts();
}

void Instance::list_items_of_layers() {
  items_of_layers_.resize(problem_.network.layers.size());
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    for (std::size_t i = 0; i < kinds_[kind].layers.size(); ++i) {
      items_of_layers_[kinds_[kind].layers[i]] = {kind, kinds_[kind].item_of[i]};
    }
  }
}

void Instance::add_layouts() {
  const auto counts = [&](std::size_t kind) {
    return std::pair(kinds_[kind].items.empty() ? 0U : 1U, kinds_[kind].chunks_max);
  };
  const auto [conv_min, conv_max] = counts(0);
  const auto [depthwise_min, depthwise_max] = counts(1);
  const std::size_t most =
      std::min<std::size_t>(conv_max + depthwise_max, static_cast<std::size_t>(problem_.space.chunks_max));
  if (most > slots_most) {
    throw input_error(
        "design space {}: allows {} chunks; `exact` proves up to {}: lower chunks_max, or take another engine",
        problem_.space.name, most, slots_most);
  }
  for (std::size_t batch = 0; batch < batches_.size(); ++batch) {
    for (std::size_t conv = conv_min; conv <= conv_max; ++conv) {
      for (std::size_t depthwise = depthwise_min; depthwise <= depthwise_max && conv + depthwise <= most; ++depthwise) {
        add_layout({batches_[batch], batch, {conv, depthwise}});
      }
    }
  }
}

/// Without a store, and with every one.
void Instance::add_layout(const Layout& without) {
  layouts_.push_back(without);
  if (groups_.count == 0) {
    return;
  }
  for (const int port : problem_.space.store->port_bits) {
    Layout layout = without;
    layout.store_port = port;
    const int word_bits = store_word_bits({0, port}, layout.slots());
    count_words(problem_.network, groups_, map_words(layout.batch, word_bits), layout);
    place_store(layout);
    layouts_.push_back(layout);
  }
}

std::vector<std::int64_t> Instance::map_words(int batch, int word_bits) const {
  std::vector<std::int64_t> words;
  for (const auto& [kind, item] : items_of_layers_) {
    words.push_back(store_words(shape(kinds_[kind].items[item].id).output, batch, word_bits));
  }
  return words;
}

void Instance::place_store(Layout& layout) {
  const auto known = std::find_if(layouts_.begin(), layouts_.end(), [&](const Layout& other) {
    return other.batch == layout.batch && other.store_port == layout.store_port &&
           store_turns(other.slots()) == store_turns(layout.slots());
  });
  if (known != layouts_.end()) {
    layout.store_place = known->store_place;
    return;
  }
  layout.store_place = stores_++;
  for (KindPart& part : kinds_) {
    part.store_times.push_back(store_times(part, layout));
  }
}

std::vector<std::int64_t> Instance::slot_words(const Accelerator& accelerator) const {
  std::vector<std::int64_t> words =
      map_words(accelerator.batch, store_word_bits(*accelerator.store, accelerator.chunks.size()));
  for (std::size_t layer = 0; layer < words.size(); ++layer) {
    words[layer] = accelerator.places[layer].writes_store ? words[layer] : 0;
  }
  return words;
}

KindPart Instance::make_kind(ChunkKind kind, std::span<const LayerShape> shapes, Mapper& mapper, int threads) {
  KindPart part{.kind = kind, .tree = &memory_.tree(kind)};
  for (std::size_t layer = 0; layer < shapes.size(); ++layer) {
    if (is_depthwise_kind(shapes[layer]) != (kind == ChunkKind::depthwise)) {
      continue;
    }
    const ShapeId id = mapper.intern(shapes[layer]);
    const std::size_t storable = storable_mode(groups_.layers[layer]);
    const auto known = std::find_if(part.items.begin(), part.items.end(),
                                    [&](const Item& item) { return item.id == id && item.storable == storable; });
    part.item_of.push_back(static_cast<std::size_t>(known - part.items.begin()));
    part.layers.push_back(layer);
    if (known != part.items.end()) {
      known->count += 1;
    } else {
      part.items.push_back(make_item(id, shapes[layer], storable));
      part.adds_residuals = part.adds_residuals || part.items.back().adds_residual;
    }
  }
  if (part.items.empty()) {
    return part;
  }
  const ChunkSpace& space = kind == ChunkKind::conv ? problem_.space.conv : problem_.space.depthwise;
  part.chunks_max = part.tree->nodes.empty() ? 0 : static_cast<std::size_t>(space.chunks_max);
  for (const int batch : batches_) {
    part.least_times.push_back(least_times(part, batch, 1, threads));
    if (groups_.count > 0) {
      part.least_times_by_mode.push_back(least_times(part, batch, modes, threads));
    }
  }
  if (counts_energy(problem_.objective)) {
    add_energies(part);
  }
  return part;
}

std::unique_ptr<const NodeRows> Instance::least_times(const KindPart& part, int batch, std::size_t modes_here,
                                                      int threads) {
  std::vector<NodeRows::Column> columns(part.items.size() * modes_here);
  std::vector<double> counts(columns.size());
  share_out(columns.size(), threads, [&] {
    return [&](std::size_t i) {
      const Item& item = part.items[i / modes_here];
      const std::size_t mode = i % modes_here;
      counts[i] = item.count;
      if (may_be(item, mode)) {
        columns[i] = memory_.least_times(item.id, mapper_.shape(item.id), batch, mode);
      }
    };
  });
  return std::make_unique<const NodeRows>(std::move(columns), std::move(counts));
}

std::vector<double> Instance::store_times(const KindPart& part, const Layout& layout) const {
  std::vector<double> times;
  for (const Item& item : part.items) {
    for (std::size_t mode = 0; mode < modes; ++mode) {
      times.push_back(item.count * least_store_time(shape(item.id), layout.batch, platform(), use_of(layout, mode)));
    }
  }
  return times;
}

void Instance::add_energies(KindPart& part) const {
  for (const int batch : batches_) {
    std::vector<NodeRows::Column> columns;
    std::vector<double> counts;
    for (const Item& item : part.items) {
      columns.push_back(std::make_shared<const std::vector<double>>(least_by_node(
          *part.tree, energies_->least_energies(item.id, mapper_.shape(item.id), kind_index(part.kind), batch))));
      counts.push_back(item.count);
    }
    part.least_pj.push_back(std::make_unique<const NodeRows>(std::move(columns), std::move(counts)));
  }
  part.least_leakage_pj.resize(part.tree->nodes.size());
  for (std::size_t node = part.tree->nodes.size(); node-- > 0;) {  // those below a node come after it
    const ClassTree::Node& here = part.tree->nodes[node];
    const ChunkClass& chunks = part.tree->classes[here.first];
    part.least_leakage_pj[node] = is_single(here)
                                      ? least_leakage(chunks, Amounts{}, chunks.most(), platform())
                                      : std::min(part.least_leakage_pj[here.left], part.least_leakage_pj[here.right]);
  }
}

double Instance::seconds(const Region& region, double cycles) const {
  return cycles / (platform().clock_mhz * 1e6 * batch_of(region));
}

double Instance::cycles(const Region& region, double seconds) const {
  return seconds * platform().clock_mhz * 1e6 * batch_of(region);
}

Region Instance::whole(std::uint32_t layout) const {
  Region region{.layout = layout};
  const Layout& of = layouts_[layout];
  for (std::size_t slot = 0; slot < of.slots(); ++slot) {
    region.prices[slot] = 1.0 / static_cast<double>(of.counts[of.kind_of(slot)]);
    open(region, slot);
  }
  return region;
}

void Instance::open(Region& region, std::size_t slot) const {
  if (is_single(node_of(region, slot))) {
    region.slots[slot].low = Amounts{};
    region.slots[slot].high = class_of(region, slot).most();
    if (!kind_of(region, slot).adds_residuals) {
      at(region.slots[slot].high, Amount::residual) = 0;
    }
  }
}

struct Instance::SlotChunk {
  const KindPart& kind;
  const Layout& layout;
  const ChunkClass& chunks;
  Chunk own;
  Chunk datapath;  // the lanes that its fronts have
  Fronts& fronts;
  Cell offer;
  bool adds_residual = false;
  std::size_t node = 0;
  std::size_t modes_here = 1;
  int requant_cycles = 1;

  bool runs(const Item& item) const {
    return item.bits <= own.bits && item.stride <= own.stride_max && (adds_residual || !item.adds_residual);
  }
  /// No more than the item takes in the mode with any amounts; infinity where its maps may not lie so.
  double least_time(std::size_t item, std::size_t mode) const {
    if (modes_here == 1) {
      return 0;
    }
    const std::size_t place = item * modes + mode;
    return std::max(kind.least_times_by_mode[layout.batch_place]->row(node)[place],
                    kind.store_times[layout.store_place][place]);
  }
};

/// Of a slot's class with given lanes, with the batch and the store of the region's layout.
std::uint64_t Instance::key_of(const Region& region, std::size_t slot, std::uint8_t lanes) const {
  const Layout& layout = layout_of(region);
  const std::size_t store = layout.has_store() ? 1 + layout.store_place : 0;
  return std::uint64_t{node_of(region, slot).first} << 32 | layout.kind_of(slot) << 28 | store << 16 |
         layout.batch_place << 8 | lanes;
}

Instance::Fronts& Instance::fronts(const Region& region, std::size_t slot, std::uint8_t lanes) const {
  const std::uint64_t key = key_of(region, slot, lanes);
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = fronts_.find(key); known != fronts_.end()) {
      return *known->second;
    }
  }
  auto none = std::make_unique<Fronts>(kind_of(region, slot).items.size() * modes_of(layout_of(region)));
  const std::unique_lock lock(mutex_);
  return *fronts_.try_emplace(key, std::move(none)).first->second;
}

const LeastTimes& Instance::least_of_class(const Region& region, std::size_t slot) const {
  const std::uint64_t key = key_of(region, slot, 0);
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = least_of_classes_.find(key); known != least_of_classes_.end()) {
      return *known->second;
    }
  }
  const Layout& layout = layout_of(region);
  const KindPart& kind = kind_of(region, slot);
  const ChunkClass& chunks = class_of(region, slot);
  const Chunk fastest = chunk_at(chunks, chunks.most());
  const double* row = kind.least_times_by_mode[layout.batch_place]->row(region.slots[slot].node);
  auto found = std::make_unique<LeastTimes>();
  for (std::size_t item = 0; item < kind.items.size(); ++item) {
    std::array<double, modes> least;
    for (std::size_t mode = 0; mode < modes; ++mode) {
      const std::size_t place = item * modes + mode;
      least[mode] = std::max(row[place], kind.store_times[layout.store_place][place]);
    }
    // Only of modes that may be the best one more is worked out.
    double best = infinity;
    std::array<double, modes> left = least;
    for (auto next = std::min_element(left.begin(), left.end()); *next < best;
         next = std::min_element(left.begin(), left.end())) {
      const auto mode = static_cast<std::size_t>(next - left.begin());
      const ShapeId id = kind.items[item].id;
      const double cycles = memory_.least_cycles(id, mapper_.shape(id), fastest,
                                                 chunks.lists[static_cast<std::size_t>(Amount::stride_max)],
                                                 layout.batch, use_of(layout, mode));
      least[mode] = std::max(least[mode], kind.items[item].count * cycles);
      best = std::min(best, least[mode]);
      *next = infinity;
    }
    found->of_item.push_back(best);
    found->by_mode.insert(found->by_mode.end(), least.begin(), least.end());
  }
  const std::unique_lock lock(mutex_);
  return *least_of_classes_.try_emplace(key, std::move(found)).first->second;
}

Instance::SlotChunk Instance::slot_chunk(const Region& region, std::size_t slot, const Amounts& amounts,
                                         Lanes lanes) const {
  const ChunkClass& chunks = class_of(region, slot);
  Amounts datapath = amounts;
  if (lanes == Lanes::bounded) {
    at(datapath, Amount::requant_lanes) =
        static_cast<std::uint8_t>(chunks.lists[static_cast<std::size_t>(Amount::requant_lanes)].size() - 1);
  }
  const Chunk own = chunk_at(chunks, amounts);
  return {.kind = kind_of(region, slot),
          .layout = layout_of(region),
          .chunks = chunks,
          .own = own,
          .datapath = chunk_at(chunks, datapath),
          .fronts = fronts(region, slot, at(datapath, Amount::requant_lanes)),
          .offer = offered(chunks, amounts),
          .adds_residual = adds_residual_at(chunks, amounts),
          .node = region.slots[slot].node,
          .modes_here = modes_of(layout_of(region)),
          .requant_cycles = ceil_div(own.unroll_m * own.unroll_p, own.requant_lanes)};
}

const DatapathFront& Instance::front(const SlotChunk& chunk, std::size_t item, std::size_t mode) const {
  std::atomic<const DatapathFront*>& known = chunk.fronts.known[item * chunk.modes_here + mode];
  if (const DatapathFront* front = known.load(std::memory_order_acquire)) {
    return *front;
  }
  const ShapeId id = chunk.kind.items[item].id;
  std::shared_ptr<const DatapathFront> front = memory_.front(
      id, mapper_.shape(id), chunk.datapath, chunk.chunks.lists[static_cast<std::size_t>(Amount::stride_max)],
      chunk.layout.batch, use_of(chunk.layout, mode));
  const std::lock_guard lock(chunk.fronts.mutex);
  chunk.fronts.kept.push_back(std::move(front));
  known.store(chunk.fronts.kept.back().get(), std::memory_order_release);
  return *chunk.fronts.kept.back();
}

/// Null where no tile fits, else with the cycles of all of the item's layers.
const FrontTiling* Instance::best_tiling(const SlotChunk& chunk, std::size_t item, std::size_t mode,
                                         double& cycles) const {
  const DatapathFront& tilings = front(chunk, item, mode);
  const auto best = std::find_if(tilings.tilings.begin(), tilings.tilings.end(),
                                 [&](const FrontTiling& tiling) { return within(tiling.needs, chunk.offer); });
  if (best == tilings.tilings.end()) {
    return nullptr;
  }
  cycles =
      chunk.kind.items[item].count * std::max(static_cast<double>(best->cycles), tilings.groups * chunk.requant_cycles);
  return &*best;
}

/// In the best mode: only of those modes that may be faster than the best one so far anything is worked out.
void Instance::times(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes,
                     std::vector<double>& times, Amounts* needed) const {
  const SlotChunk chunk = slot_chunk(region, slot, amounts, lanes);
  const std::vector<Item>& items = chunk.kind.items;
  times.assign(items.size(), infinity);
  std::vector<Cell> needs(needed == nullptr ? 0 : times.size(), 0);
  for (std::size_t item = 0; item < items.size(); ++item) {
    std::array<double, modes> least;
    for (std::size_t mode = 0; mode < chunk.modes_here; ++mode) {
      least[mode] = chunk.runs(items[item]) ? chunk.least_time(item, mode) : infinity;
    }
    const std::span left = std::span(least).first(chunk.modes_here);
    for (auto next = std::min_element(left.begin(), left.end()); *next < times[item];
         next = std::min_element(left.begin(), left.end())) {
      double cycles = infinity;
      const FrontTiling* tiling = best_tiling(chunk, item, static_cast<std::size_t>(next - left.begin()), cycles);
      *next = infinity;
      if (cycles < times[item]) {
        times[item] = cycles;
        if (needed != nullptr) {
          needs[item] = tiling->needs;
        }
      }
    }
  }
  if (needed == nullptr) {
    return;
  }
  const std::size_t stride = at(amounts, Amount::stride_max);
  Needs most;
  for (std::size_t item = 0; item < times.size(); ++item) {
    if (times[item] < infinity) {
      const Needs of_item = needs_of(needs[item]);
      most.accumulator = std::max(most.accumulator, of_item.accumulator);
      most.input[stride] = std::max(most.input[stride], of_item.input[stride]);
      most.weight = std::max(most.weight, of_item.weight);
      most.output = std::max(most.output, of_item.output);
    }
  }
  *needed = amounts;
  at(*needed, Amount::depth_input) = static_cast<std::uint8_t>(most.input[stride]);
  at(*needed, Amount::depth_weight) = static_cast<std::uint8_t>(most.weight);
  at(*needed, Amount::depth_output) = static_cast<std::uint8_t>(most.output);
  if (most.accumulator == 0) {
    at(*needed, Amount::accumulator) = 0;
  }
}

void Instance::mode_times(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes,
                          std::vector<double>& times) const {
  const SlotChunk chunk = slot_chunk(region, slot, amounts, lanes);
  const std::vector<Item>& items = chunk.kind.items;
  times.assign(items.size() * modes, infinity);
  for (std::size_t item = 0; item < items.size(); ++item) {
    for (std::size_t mode = 0; mode < chunk.modes_here && chunk.runs(items[item]); ++mode) {
      if (may_be(items[item], mode)) {
        best_tiling(chunk, item, mode, times[item * modes + mode]);
      }
    }
  }
}

double Instance::mode_time(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes,
                           std::size_t item, std::size_t mode) const {
  const SlotChunk chunk = slot_chunk(region, slot, amounts, lanes);
  double time = infinity;
  if (mode < chunk.modes_here && chunk.runs(chunk.kind.items[item]) && may_be(chunk.kind.items[item], mode)) {
    best_tiling(chunk, item, mode, time);
  }
  return time;
}

}  // namespace autonba
