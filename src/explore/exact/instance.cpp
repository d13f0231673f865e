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

Item make_item(ShapeId id, const LayerShape& shape) {
  const bool logits = shape.output.bits == 32;
  return {.id = id,
          .bits = std::max({shape.input.bits, logits ? 0 : shape.output.bits, shape.residual.bits}),
          .stride = std::max(shape.stride_rows, shape.stride_cols),
          .adds_residual = !shape.residual.segments.empty()};
}

std::size_t kind_index(ChunkKind kind) {
  return static_cast<std::size_t>(kind);
}

/// Of every node, from those of its classes.
std::vector<double> node_times(const ClassTree& tree, std::span<const Item> items,
                               std::span<const std::vector<double>* const> class_times) {
  std::vector<double> times(tree.nodes.size() * items.size());
  for (std::size_t node = tree.nodes.size(); node-- > 0;) {  // those below a node come after it
    const ClassTree::Node& here = tree.nodes[node];
    double* row = times.data() + node * items.size();
    const double* left = times.data() + here.left * items.size();
    const double* right = times.data() + here.right * items.size();
    for (std::size_t item = 0; item < items.size(); ++item) {
      row[item] =
          is_single(here) ? items[item].count * (*class_times[item])[here.first] : std::min(left[item], right[item]);
    }
  }
  return times;
}

}  // namespace

Instance::Instance(const Problem& problem, Mapper& mapper, ExactMemory& memory, int threads)
    : problem_(problem),
      batches_(problem.objective == Objective::latency ? std::vector{1} : problem.space.batch),  // that of one image
      mapper_(mapper),
      memory_(memory),
      energies_(counts_energy(problem.objective) ? &memory.energies() : nullptr) {
  const std::vector<LayerShape> shapes = layer_shapes(problem.network);
  for (const ChunkKind kind : {ChunkKind::conv, ChunkKind::depthwise}) {
    kinds_[kind_index(kind)] = make_kind(kind, shapes, mapper, threads);
  }
  const auto counts = [&](std::size_t kind) {
    return std::pair(kinds_[kind].items.empty() ? 0U : 1U, kinds_[kind].chunks_max);
  };
  const auto [conv_min, conv_max] = counts(0);
  const auto [depthwise_min, depthwise_max] = counts(1);
  const std::size_t most =
      std::min<std::size_t>(conv_max + depthwise_max, static_cast<std::size_t>(problem.space.chunks_max));
  if (most > slots_most) {
    throw input_error(
        "design space {}: allows {} chunks; `exact` proves up to {}: lower chunks_max, or take another engine",
        problem.space.name, most, slots_most);
  }
  for (std::size_t batch = 0; batch < batches_.size(); ++batch) {
    for (std::size_t conv = conv_min; conv <= conv_max; ++conv) {
      for (std::size_t depthwise = depthwise_min; depthwise <= depthwise_max && conv + depthwise <= most; ++depthwise) {
        layouts_.push_back({batches_[batch], batch, {conv, depthwise}});
      }
    }
  }
}

KindPart Instance::make_kind(ChunkKind kind, std::span<const LayerShape> shapes, Mapper& mapper, int threads) {
  KindPart part{.kind = kind, .tree = &memory_.tree(kind)};
  for (std::size_t layer = 0; layer < shapes.size(); ++layer) {
    if (is_depthwise_kind(shapes[layer]) != (kind == ChunkKind::depthwise)) {
      continue;
    }
    const ShapeId id = mapper.intern(shapes[layer]);
    const auto known =
        std::find_if(part.items.begin(), part.items.end(), [&](const Item& item) { return item.id == id; });
    part.item_of.push_back(static_cast<std::size_t>(known - part.items.begin()));
    part.layers.push_back(layer);
    if (known != part.items.end()) {
      known->count += 1;
    } else {
      part.items.push_back(make_item(id, shapes[layer]));
      part.adds_residuals = part.adds_residuals || part.items.back().adds_residual;
    }
  }
  if (part.items.empty()) {
    return part;
  }
  const ChunkSpace& space = kind == ChunkKind::conv ? problem_.space.conv : problem_.space.depthwise;
  part.chunks_max = part.tree->nodes.empty() ? 0 : static_cast<std::size_t>(space.chunks_max);
  for (const int batch : batches_) {
    std::vector<const std::vector<double>*> class_times(part.items.size());
    share_out(part.items.size(), threads, [&] {
      return [&](std::size_t item) {
        const ShapeId id = part.items[item].id;
        class_times[item] = &memory_.least_times(id, mapper.shape(id), batch);
      };
    });
    part.least_times.push_back(node_times(*part.tree, part.items, class_times));
  }
  if (counts_energy(problem_.objective)) {
    add_energies(part);
  }
  return part;
}

void Instance::add_energies(KindPart& part) const {
  for (const int batch : batches_) {
    std::vector<const std::vector<double>*> of_classes;
    for (const Item& item : part.items) {
      of_classes.push_back(&energies_->least_energies(item.id, mapper_.shape(item.id), kind_index(part.kind), batch));
    }
    part.least_pj.push_back(node_times(*part.tree, part.items, of_classes));
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

const Instance::Fronts& Instance::fronts(const Region& region, std::size_t slot, const Amounts& amounts,
                                         Lanes lanes) const {
  const ChunkClass& chunks = class_of(region, slot);
  const std::vector<int>& all_lanes = chunks.lists[static_cast<std::size_t>(Amount::requant_lanes)];
  Amounts datapath = amounts;
  if (lanes == Lanes::bounded) {
    at(datapath, Amount::requant_lanes) = static_cast<std::uint8_t>(all_lanes.size() - 1);
  }
  const Layout& layout = layout_of(region);
  const std::uint64_t key = std::uint64_t{node_of(region, slot).first} << 32 | layout.kind_of(slot) << 24 |
                            layout.batch_place << 16 | at(datapath, Amount::requant_lanes);
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = fronts_.find(key); known != fronts_.end()) {
      return *known->second;
    }
  }
  auto found = std::make_unique<Fronts>();
  for (const Item& item : kind_of(region, slot).items) {
    found->push_back(memory_.front(item.id, mapper_.shape(item.id), chunk_at(chunks, datapath),
                                   chunks.lists[static_cast<std::size_t>(Amount::stride_max)], batch_of(region)));
  }
  const std::unique_lock lock(mutex_);
  return *fronts_.try_emplace(key, std::move(found)).first->second;
}

void Instance::times(const Region& region, std::size_t slot, const Amounts& amounts, Lanes lanes,
                     std::vector<double>& times, Amounts* needed) const {
  const std::vector<Item>& items = kind_of(region, slot).items;
  const ChunkClass& chunks = class_of(region, slot);
  const Chunk own = chunk_at(chunks, amounts);
  const Fronts& all = fronts(region, slot, amounts, lanes);
  const Cell offer = offered(chunks, amounts);
  const bool residual = adds_residual_at(chunks, amounts);
  const int requant_cycles = ceil_div(own.unroll_m * own.unroll_p, own.requant_lanes);
  const std::size_t stride = at(amounts, Amount::stride_max);
  times.assign(items.size(), infinity);
  Needs most;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].bits > own.bits || items[i].stride > own.stride_max || (items[i].adds_residual && !residual)) {
      continue;
    }
    const std::vector<FrontTiling>& tilings = all[i]->tilings;
    const auto best = std::find_if(tilings.begin(), tilings.end(),
                                   [&](const FrontTiling& tiling) { return within(tiling.needs, offer); });
    if (best == tilings.end()) {
      continue;
    }
    times[i] = items[i].count * std::max(static_cast<double>(best->cycles), all[i]->groups * requant_cycles);
    if (needed != nullptr) {
      const Needs needs = needs_of(best->needs);
      most.accumulator = std::max(most.accumulator, needs.accumulator);
      most.input[stride] = std::max(most.input[stride], needs.input[stride]);
      most.weight = std::max(most.weight, needs.weight);
      most.output = std::max(most.output, needs.output);
    }
  }
  if (needed != nullptr) {
    *needed = amounts;
    at(*needed, Amount::depth_input) = static_cast<std::uint8_t>(most.input[stride]);
    at(*needed, Amount::depth_weight) = static_cast<std::uint8_t>(most.weight);
    at(*needed, Amount::depth_output) = static_cast<std::uint8_t>(most.output);
    if (most.accumulator == 0) {
      at(*needed, Amount::accumulator) = 0;
    }
  }
}

}  // namespace autonba
