#include "explore/gamma.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <utility>

#include "accel/cycles.hpp"
#include "base/error.hpp"

namespace autonba {
namespace {

ChunkKind kind_of(const LayerShape& shape) {
  return is_depthwise_kind(shape) ? ChunkKind::depthwise : ChunkKind::conv;
}

/// The field of a chunk that a choice decides, as a whole number.
int value_in(const Chunk& chunk, Parameter parameter) {
  switch (parameter) {
    case Parameter::bits:
      return chunk.bits;
    case Parameter::stride_max:
      return chunk.stride_max;
    case Parameter::unroll_p:
      return chunk.unroll_p;
    case Parameter::unroll_m:
      return chunk.unroll_m;
    case Parameter::unroll_n:
      return chunk.unroll_n;
    case Parameter::mac:
      return static_cast<int>(chunk.mac);
    case Parameter::requant_lanes:
      return chunk.requant_lanes;
    case Parameter::depth_input:
      return chunk.depth_input;
    case Parameter::depth_weight:
      return chunk.depth_weight;
    case Parameter::depth_output:
      return chunk.depth_output;
    case Parameter::accumulator:
      return chunk.accumulator ? 1 : 0;
    case Parameter::port_bits:
      return chunk.port_bits;
    default:
      return 0;
  }
}

void set_in(Chunk& chunk, Parameter parameter, int value) {
  switch (parameter) {
    case Parameter::bits:
      chunk.bits = value;
      break;
    case Parameter::stride_max:
      chunk.stride_max = value;
      break;
    case Parameter::unroll_p:
      chunk.unroll_p = value;
      break;
    case Parameter::unroll_m:
      chunk.unroll_m = value;
      break;
    case Parameter::unroll_n:
      chunk.unroll_n = value;
      break;
    case Parameter::mac:
      chunk.mac = static_cast<MacKind>(value);
      break;
    case Parameter::requant_lanes:
      chunk.requant_lanes = value;
      break;
    case Parameter::depth_input:
      chunk.depth_input = value;
      break;
    case Parameter::depth_weight:
      chunk.depth_weight = value;
      break;
    case Parameter::depth_output:
      chunk.depth_output = value;
      break;
    case Parameter::accumulator:
      chunk.accumulator = value != 0;
      break;
    case Parameter::port_bits:
      chunk.port_bits = value;
      break;
    default:
      break;
  }
}

/// The least bits and stride of a chunk that can run the layer.
ChunkNeeds needs_of(const LayerShape& shape) {
  Chunk chunk{.kind = kind_of(shape), .bits = 1, .stride_max = std::max(shape.stride_rows, shape.stride_cols)};
  while (chunk.bits < 32 && !can_run(chunk, shape)) {
    ++chunk.bits;
  }
  return {.bits = chunk.bits, .stride = chunk.stride_max};
}

/// Every choice of unrolling and stride must leave a choice of requantisation lanes; throws InputError.
void check_buildable(const DesignSpace& space, const ChunkSpace& chunks, const char* kind) {
  for (const int stride : chunks.stride_max) {
    if (chunks.unroll_p.front() * stride > 64) {
      throw input_error("design space {}: {}: with stride_max {} no unroll_p is left that takes up to 64 input banks",
                        space.name, kind, stride);
    }
  }
  for (const int bits : chunks.bits) {
    const auto works = [&](MacKind mac) { return !defect({.bits = bits, .mac = mac}); };
    if (std::none_of(chunks.mac.begin(), chunks.mac.end(), works)) {
      throw input_error("design space {}: {}: no kind of mac takes values of {} bits", space.name, kind, bits);
    }
  }
  for (const int m : chunks.unroll_m) {
    for (const int p : chunks.unroll_p) {
      const auto works = [&](int lanes) { return !defect({.unroll_m = m, .unroll_p = p, .requant_lanes = lanes}); };
      if (std::none_of(chunks.requant_lanes.begin(), chunks.requant_lanes.end(), works)) {
        throw input_error("design space {}: {}: no value of requant_lanes works with unroll_m {} and unroll_p {}",
                          space.name, kind, m, p);
      }
    }
  }
}

/// The multipliers of the space are those of the platform's kind; throws InputError.
void check_macs(const DesignSpace& space, const ChunkSpace& chunks, const char* kind, const Platform& platform) {
  for (const MacKind mac : chunks.mac) {
    if ((mac == MacKind::plain) != platform.asic.has_value()) {
      throw input_error("design space {}: {}: mac: {} has {}", space.name, kind, platform.name,
                        platform.asic ? "plain multipliers only, not DSPs or LUTs (the space asic is for it)"
                                      : "DSPs and LUTs, not plain multipliers");
    }
  }
}

}  // namespace

bool is_of_chunk(const DesignChoice& choice) {
  switch (choice.parameter) {
    case Parameter::batch:
    case Parameter::chunk_count:
    case Parameter::layer_slot:
    case Parameter::store_port:
    case Parameter::map_place:
      return false;
    default:
      return true;
  }
}

int nearest_option(const std::vector<int>& options, int value) {
  const auto nearest = std::min_element(options.begin(), options.end(),
                                        [&](int a, int b) { return std::abs(a - value) < std::abs(b - value); });
  return static_cast<int>(nearest - options.begin());
}

void check_space(const DesignSpace& space, const Platform& platform) {
  check_buildable(space, space.conv, "conv");
  check_buildable(space, space.depthwise, "depthwise");
  check_macs(space, space.conv, "conv", platform);
  check_macs(space, space.depthwise, "depthwise", platform);
}

DesignChoices::DesignChoices(const DesignSpace& space, std::span<const LayerShape> shapes, const Platform& platform,
                             Objective objective, PlacementGroups groups)
    : shapes_(shapes.begin(), shapes.end()),
      groups_(std::move(groups)),
      chunks_max_(space.chunks_max),
      memory_bits_(platform.memory_bits_per_cycle) {
  check_space(space, platform);
  for (const LayerShape& shape : shapes_) {
    needs_.push_back(needs_of(shape));
  }
  // Latency is that of one image.
  choices_.push_back(
      {.parameter = Parameter::batch, .options = objective == Objective::latency ? std::vector{1} : space.batch});
  for (const ChunkKind kind : {ChunkKind::conv, ChunkKind::depthwise}) {
    const ChunkSpace& chunks = kind == ChunkKind::conv ? space.conv : space.depthwise;
    const bool needed =
        std::any_of(shapes_.begin(), shapes_.end(), [&](const LayerShape& shape) { return kind_of(shape) == kind; });
    if (!needed) {
      continue;
    }
    DesignChoice count{.parameter = Parameter::chunk_count, .kind = kind};
    for (int n = std::max(1, chunks.chunks_min); n <= chunks.chunks_max; ++n) {
      count.options.push_back(n);
    }
    least_[static_cast<std::size_t>(kind)] = {count.options.front(), chunks.port_bits.front()};
    choices_.push_back(count);
    (kind == ChunkKind::conv ? conv_slots_ : depthwise_slots_) = chunks.chunks_max;
  }
  for (int slot = 0; slot < slots(); ++slot) {
    const bool conv = slot < conv_slots_;
    add_chunk_choices(conv ? space.conv : space.depthwise, conv ? ChunkKind::conv : ChunkKind::depthwise, slot);
  }
  for (std::size_t layer = 0; layer < shapes_.size(); ++layer) {
    DesignChoice choice{
        .parameter = Parameter::layer_slot, .kind = kind_of(shapes_[layer]), .index = static_cast<int>(layer)};
    const bool conv = choice.kind == ChunkKind::conv;
    choice.options.resize(static_cast<std::size_t>(conv ? conv_slots_ : depthwise_slots_));
    std::iota(choice.options.begin(), choice.options.end(), conv ? 0 : conv_slots_);
    choices_.push_back(choice);
  }
  if (space.store && groups_.count > 0) {
    add_store_choices(*space.store);
  }
}

void DesignChoices::add_store_choices(const StoreSpace& space) {
  DesignChoice port{.parameter = Parameter::store_port, .options = {0}};
  port.options.insert(port.options.end(), space.port_bits.begin(), space.port_bits.end());
  choices_.push_back(port);
  for (int group = 0; group < static_cast<int>(groups_.count); ++group) {
    choices_.push_back({.parameter = Parameter::map_place, .index = group, .options = {0, 1}});
  }
}

void DesignChoices::add_chunk_choices(const ChunkSpace& space, ChunkKind kind, int slot) {
  const auto add = [&](Parameter parameter, const auto& values) {
    DesignChoice choice{parameter, kind, slot, {}};
    for (const auto value : values) {
      choice.options.push_back(static_cast<int>(value));
    }
    choices_.push_back(std::move(choice));
  };
  add(Parameter::bits, space.bits);
  add(Parameter::stride_max, space.stride_max);
  add(Parameter::unroll_p, space.unroll_p);
  add(Parameter::unroll_m, space.unroll_m);
  add(Parameter::unroll_n, space.unroll_n);
  add(Parameter::mac, space.mac);
  add(Parameter::requant_lanes, space.requant_lanes);
  add(Parameter::depth_input, space.depth_input);
  add(Parameter::depth_weight, space.depth_weight);
  add(Parameter::depth_output, space.depth_output);
  add(Parameter::accumulator, space.accumulator);
  add(Parameter::port_bits, space.port_bits);
}

/// A design in the making.
struct DesignChoices::Draft {
  Design design;
  std::vector<std::optional<Chunk>> chunks;  // by slot
  std::array<int, 2> counts = {0, 0};        // by kind
  int ports_left = 0;                        // bits a cycle
  int chunks_left = 0;                       // whose port is still open
};

bool DesignChoices::is_there(const Draft& draft, const DesignChoice& choice) const {
  if (!is_of_chunk(choice)) {
    return choice.parameter != Parameter::map_place || draft.design.store_port > 0;
  }
  const int place = choice.kind == ChunkKind::conv ? choice.index : choice.index - conv_slots_;
  return place < draft.counts[static_cast<std::size_t>(choice.kind)];
}

ChunkNeeds DesignChoices::needs_of_last(const Draft& draft, const DesignChoice& choice) const {
  ChunkNeeds needs;
  const int first = choice.kind == ChunkKind::conv ? 0 : conv_slots_;
  if (choice.index != first + draft.counts[static_cast<std::size_t>(choice.kind)] - 1) {
    return needs;
  }
  for (std::size_t layer = 0; layer < shapes_.size(); ++layer) {
    const auto runs = [&](int slot) { return can_run(*draft.chunks[static_cast<std::size_t>(slot)], shapes_[layer]); };
    bool covered = kind_of(shapes_[layer]) != choice.kind;
    for (int slot = first; slot < choice.index && !covered; ++slot) {
      covered = runs(slot);
    }
    if (!covered) {
      needs.bits = std::max(needs.bits, needs_[layer].bits);
      needs.stride = std::max(needs.stride, needs_[layer].stride);
    }
  }
  return needs;
}

void DesignChoices::mark_allowed(const Draft& draft, const DesignChoice& choice, std::vector<char>& allowed) const {
  allowed.assign(choice.options.size(), 1);
  const auto allow_if = [&](auto condition) {
    for (std::size_t i = 0; i < choice.options.size(); ++i) {
      allowed[i] = condition(choice.options[i]) ? 1 : 0;
    }
  };
  const auto chunk_in = [&](int slot) -> const std::optional<Chunk>& {
    return draft.chunks[static_cast<std::size_t>(slot)];
  };
  switch (choice.parameter) {
    case Parameter::chunk_count: {
      const int others = choice.kind == ChunkKind::conv ? least_of(ChunkKind::depthwise).chunks
                                                        : draft.counts[static_cast<std::size_t>(ChunkKind::conv)];
      allow_if([&](int count) { return count + others <= chunks_max_; });
      break;
    }
    case Parameter::bits: {
      const int least = needs_of_last(draft, choice).bits;
      allow_if([&](int bits) { return bits >= least; });
      break;
    }
    case Parameter::stride_max: {
      const int least = needs_of_last(draft, choice).stride;
      allow_if([&](int stride) { return stride >= least; });
      break;
    }
    case Parameter::unroll_p:
    case Parameter::mac:
    case Parameter::requant_lanes:
      allow_if([&](int option) {
        Chunk chunk = *chunk_in(choice.index);
        set_in(chunk, choice.parameter, option);
        return !defect(chunk);
      });
      break;
    case Parameter::port_bits: {
      const int first = choice.kind == ChunkKind::conv ? 0 : conv_slots_;
      const int behind = draft.counts[static_cast<std::size_t>(choice.kind)] - 1 - (choice.index - first);
      const int of_depthwise = draft.chunks_left - 1 - behind;  // where this is a conv chunk; else 0
      const int others =
          behind * least_of(choice.kind).port_bits + of_depthwise * least_of(ChunkKind::depthwise).port_bits;
      allow_if([&](int port) { return port + others <= draft.ports_left; });
      break;
    }
    case Parameter::layer_slot:
      allow_if([&](int slot) {
        return chunk_in(slot) && can_run(*chunk_in(slot), shapes_[static_cast<std::size_t>(choice.index)]);
      });
      if (std::find(allowed.begin(), allowed.end(), 1) == allowed.end()) {
        allow_if([&](int slot) { return chunk_in(slot).has_value(); });
      }
      return;
    default:
      break;
  }
  if (std::find(allowed.begin(), allowed.end(), 1) == allowed.end()) {  // what goes wrong then has its price
    std::fill(allowed.begin(), allowed.end(), 1);
  }
}

void DesignChoices::apply(Draft& draft, const DesignChoice& choice, int value) const {
  switch (choice.parameter) {
    case Parameter::batch:
      draft.design.batch = value;
      break;
    case Parameter::chunk_count:
      draft.counts[static_cast<std::size_t>(choice.kind)] = value;
      draft.chunks_left += value;
      break;
    case Parameter::layer_slot:
      draft.design.chunk_of[static_cast<std::size_t>(choice.index)] = value;
      break;
    case Parameter::store_port:
      draft.design.store_port = value;
      draft.design.stored.assign(value > 0 ? groups_.count : 0, 0);
      break;
    case Parameter::map_place:
      draft.design.stored[static_cast<std::size_t>(choice.index)] = static_cast<char>(value);
      break;
    case Parameter::port_bits:
      draft.ports_left -= value;
      --draft.chunks_left;
      [[fallthrough]];
    default:
      set_in(*draft.chunks[static_cast<std::size_t>(choice.index)], choice.parameter, value);
  }
}

Design DesignChoices::make(const Pick& pick) const {
  Draft draft;
  draft.design.picks.assign(choices_.size(), not_chosen);
  draft.design.chunk_of.assign(shapes_.size(), not_chosen);
  draft.chunks.resize(static_cast<std::size_t>(slots()));
  draft.ports_left = memory_bits_;
  std::vector<char> allowed;
  for (std::size_t m = 0; m < choices_.size(); ++m) {
    const DesignChoice& choice = choices_[m];
    if (!is_there(draft, choice)) {
      continue;
    }
    if (choice.parameter == Parameter::bits) {
      draft.chunks[static_cast<std::size_t>(choice.index)] = Chunk{.kind = choice.kind};
    }
    mark_allowed(draft, choice, allowed);
    draft.design.picks[m] = pick(m, allowed);
    apply(draft, choice, choice.options[static_cast<std::size_t>(draft.design.picks[m])]);
  }
  return built(std::move(draft));
}

/// Leaves out the chunks without layers.
Design DesignChoices::built(Draft draft) const {
  Design& design = draft.design;
  std::vector<int> chunk_in(draft.chunks.size(), not_chosen);
  for (int slot = 0; slot < slots(); ++slot) {
    const auto index = static_cast<std::size_t>(slot);
    if (std::find(design.chunk_of.begin(), design.chunk_of.end(), slot) != design.chunk_of.end()) {
      chunk_in[index] = static_cast<int>(design.chunks.size());
      design.chunks.push_back(*draft.chunks[index]);
      design.slots.push_back(slot);
    }
  }
  for (int& chunk : design.chunk_of) {
    chunk = chunk_in[static_cast<std::size_t>(chunk)];
  }
  return std::move(design);
}

int DesignChoices::describe_store(const DesignChoice& choice, const Accelerator& accelerator) const {
  if (choice.parameter == Parameter::store_port) {
    return nearest_option(choice.options, accelerator.store ? accelerator.store->port_bits : 0);
  }
  if (!accelerator.store || accelerator.places.size() != groups_.layers.size()) {
    return not_chosen;
  }
  for (std::size_t layer = 0; layer < groups_.layers.size(); ++layer) {
    if (groups_.layers[layer].output == choice.index && accelerator.places[layer].writes_store) {
      return 1;
    }
  }
  return 0;
}

std::vector<int> DesignChoices::describe(const Accelerator& accelerator) const {
  std::vector<int> slot_of(accelerator.chunks.size(), not_chosen);
  std::vector<const Chunk*> chunks(static_cast<std::size_t>(slots()), nullptr);
  std::array<int, 2> counts = {0, 0};
  for (std::size_t i = 0; i < accelerator.chunks.size(); ++i) {
    const Chunk& chunk = accelerator.chunks[i];
    const bool conv = chunk.kind == ChunkKind::conv;
    int& count = counts[static_cast<std::size_t>(chunk.kind)];
    if (count < (conv ? conv_slots_ : depthwise_slots_)) {
      slot_of[i] = count++ + (conv ? 0 : conv_slots_);
      chunks[static_cast<std::size_t>(slot_of[i])] = &chunk;
    }
  }
  std::vector<int> picks(choices_.size(), not_chosen);
  const bool places_fit = accelerator.places.size() == shapes_.size();
  for (std::size_t m = 0; m < choices_.size(); ++m) {
    const DesignChoice& choice = choices_[m];
    if (choice.parameter == Parameter::batch) {
      picks[m] = nearest_option(choice.options, accelerator.batch);
    } else if (choice.parameter == Parameter::chunk_count) {
      picks[m] = nearest_option(choice.options, counts[static_cast<std::size_t>(choice.kind)]);
    } else if (choice.parameter == Parameter::layer_slot) {
      const int chunk = places_fit ? accelerator.places[static_cast<std::size_t>(choice.index)].chunk : not_chosen;
      const int slot = chunk == not_chosen ? not_chosen : slot_of[static_cast<std::size_t>(chunk)];
      const auto option = std::find(choice.options.begin(), choice.options.end(), slot);
      picks[m] = option == choice.options.end() ? not_chosen : static_cast<int>(option - choice.options.begin());
    } else if (choice.parameter == Parameter::store_port || choice.parameter == Parameter::map_place) {
      picks[m] = describe_store(choice, accelerator);
    } else if (const Chunk* chunk = chunks[static_cast<std::size_t>(choice.index)]) {
      picks[m] = nearest_option(choice.options, value_in(*chunk, choice.parameter));
    }
  }
  return picks;
}

}  // namespace autonba
