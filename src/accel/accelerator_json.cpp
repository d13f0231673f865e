#include "accel/accelerator_json.hpp"

#include <algorithm>
#include <map>

#include "accel/cycles.hpp"
#include "accel/layout.hpp"
#include "accel/placement.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "model/network_json.hpp"

namespace autonba {
namespace {

const std::vector<std::string> kind_names = {"conv", "depthwise"};
const std::vector<std::string> mac_names = {"dsp1", "dsp2", "lut", "plain"};
const std::vector<std::string> order_names = {"rows_outer", "channels_outer"};
const std::vector<std::string> place_names = {"external", "store"};

// Writing.

Json platform_json(const Platform& platform) {
  Json json = {{"name", platform.name},
               {"clock_mhz", platform.clock_mhz},
               {"dsp", platform.dsp},
               {"bram18", platform.bram18},
               {"lut", platform.lut},
               {"ff", platform.ff},
               {"memory_bits_per_cycle", platform.memory_bits_per_cycle},
               {"read_latency", platform.read_latency},
               {"write_latency", platform.write_latency},
               {"layer_start", platform.layer_start},
               {"layer_end", platform.layer_end}};
  if (platform.asic) {
    json["area_um2"] = platform.asic->area_um2;
  }
  return json;
}

/// DSP, BRAM18, LUT and FF; on an ASIC, where these are 0, the area too.
Json resources_json(const Resources& resources, const Platform& platform) {
  Json json = {{"dsp", resources.dsp}, {"bram18", resources.bram18}, {"lut", resources.lut}, {"ff", resources.ff}};
  if (platform.asic) {
    json["area_um2"] = resources.area_um2;
  }
  return json;
}

/// Whether some layer on the chunk adds a residual.
bool adds_residual(const Network& network, const Accelerator& accelerator, int chunk) {
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (accelerator.places[i].chunk == chunk && network.layers[i].residual) {
      return true;
    }
  }
  return false;
}

Json chunk_json(const Chunk& chunk, const Json& resources) {
  return {{"kind", kind_names[static_cast<std::size_t>(chunk.kind)]},
          {"bits", chunk.bits},
          {"unroll", {{"m", chunk.unroll_m}, {"n", chunk.unroll_n}, {"p", chunk.unroll_p}}},
          {"mac", mac_names[static_cast<std::size_t>(chunk.mac)]},
          {"requant_lanes", chunk.requant_lanes},
          {"stride_max", chunk.stride_max},
          {"depth", {{"input", chunk.depth_input}, {"weight", chunk.depth_weight}, {"output", chunk.depth_output}}},
          {"accumulator", chunk.accumulator},
          {"port_bits", chunk.port_bits},
          {"pipeline_depth", pipeline_depth(chunk.kind, chunk.unroll_n)},
          {"resources", resources}};
}

Json layer_json(const Layer& layer, const LayerPlace& place, const ScheduledLayer& scheduled) {
  const Mapping& mapping = place.mapping;
  return {{"id", layer.id},
          {"chunk", place.chunk},
          {"tile",
           {{"m", mapping.tile_m}, {"n", mapping.tile_n}, {"rows", mapping.tile_rows}, {"cols", mapping.tile_cols}}},
          {"order", order_names[static_cast<std::size_t>(mapping.order)]},
          {"start_cycle", scheduled.start_cycle},
          {"stage", scheduled.stage},
          {"cycles", scheduled.cycles}};
}

/// Ranges [first, count] of numbers that follow each other, as in network.json.
Json ranges_json(const std::vector<int>& channels) {
  Json ranges = Json::array();
  for (std::size_t i = 0; i < channels.size();) {
    std::size_t end = i + 1;
    while (end < channels.size() && channels[end] == channels[end - 1] + 1) {
      ++end;
    }
    ranges.push_back({channels[i], end - i});
    i = end;
  }
  return ranges;
}

Json map_json(const Network& network, int writer, const LaidOutMap& map, bool in_store, int slots,
              std::int64_t address_bytes) {
  Json segments = Json::array();
  for (const LaidOutSegment& segment : map.segments) {
    Json groups = Json::object();
    for (const auto& [layer, group] : segment.groups) {
      groups[network.layers[static_cast<std::size_t>(layer)].id] = group;
    }
    segments.push_back({{"channels", ranges_json(segment.channels)}, {"groups", groups}});
  }
  return {{"writer", writer_id(network, writer)},
          {"place", place_names[in_store ? 1 : 0]},
          {"slots", slots},
          {"address", address_bytes},
          {"bits", map.bits},
          {"segments", segments}};
}

int slots_of(const Schedule& schedule, int writer) {
  if (writer == network_input) {
    return schedule.input_slots;
  }
  return writer < network_input ? schedule.host_slots[host_op_of(writer)]
                                : schedule.slots[static_cast<std::size_t>(writer)];
}

/// Maps in external memory one after the other, each as many times as it has slots, each slot a batch of images; those
/// in the store where the schedule has them.
Json maps_json(const Network& network, const Accelerator& accelerator, const Schedule& schedule) {
  Json maps = Json::array();
  std::int64_t address_bytes = 0;  // in external memory
  int writer = network_input - static_cast<int>(network.host_ops.size());
  for (const LaidOutMap& map : lay_out_maps(network)) {
    const int slots = slots_of(schedule, writer);
    if (writer >= 0 && accelerator.places[static_cast<std::size_t>(writer)].writes_store) {
      const std::int64_t words = schedule.store_addresses[static_cast<std::size_t>(writer)];
      const int word_bytes = store_word_bits(*accelerator.store, accelerator.chunks.size()) / 8;
      maps.push_back(map_json(network, writer, map, true, slots, words * word_bytes));
    } else if (slots > 0) {
      maps.push_back(map_json(network, writer, map, false, slots, address_bytes));
      // A multiple of the alignment, as rows are.
      address_bytes += map.stored.row_bits * map.height / 8 * accelerator.batch * slots;
    }
    ++writer;
  }
  return maps;
}

Json store_json(const std::optional<Store>& store) {
  return store ? Json{{"depth", store->depth}, {"port_bits", store->port_bits}} : Json();
}

Json cost_json(const Cost& cost, const Schedule& schedule, int batch, const Platform& platform,
               const std::optional<Proof>& proof) {
  Json json = {{"ii_cycles", cost.ii_cycles},
               {"fps", fps(cost.ii_cycles, batch, platform)},
               {"latency_cycles", cost.latency_cycles},
               {"pipelined_latency_cycles", schedule.latency_cycles},
               {"stages", schedule.stages}};
  json.update(resources_json(cost.resources, platform));
  if (cost.energy) {
    json["energy_mj"] = energy_mj(*cost.energy, batch);
  }
  json["bound"] = proof ? Json(proof->bound) : Json();
  json["gap"] = proof ? Json(proof->gap) : Json();
  return json;
}

// Reading.

/// A whole number between the bounds.
template <typename Integer = int>
Integer integer(const Json& object, const char* key, std::int64_t low, std::int64_t high, const std::string& where) {
  const Json value = json_value<Json>(object, key, where);
  if (!value.is_number_integer() || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    throw input_error("{}: {}: {} is not a whole number between {} and {}", where, key, short_json_text(value), low,
                      high);
  }
  return value.get<Integer>();
}

/// The position of the word under `key` in `names`.
std::size_t word(const Json& object, const char* key, const std::vector<std::string>& names, const std::string& where) {
  const auto found = json_value<std::string>(object, key, where);
  const auto position = std::find(names.begin(), names.end(), found);
  if (position == names.end()) {
    throw input_error("{}: {}: \"{}\" is not {}", where, key, found, any_of(names));
  }
  return static_cast<std::size_t>(position - names.begin());
}

constexpr int largest = 1 << 30;

Platform platform_from_json(const Json& value, const std::string& where) {
  Platform platform;
  platform.name = json_value<std::string>(value, "name", where);
  platform.clock_mhz = json_value<double>(value, "clock_mhz", where);
  if (!(platform.clock_mhz > 0)) {
    throw input_error("{}: clock_mhz: {} is not above 0", where, platform.clock_mhz);
  }
  platform.dsp = integer(value, "dsp", 0, largest, where);
  platform.bram18 = integer(value, "bram18", 0, largest, where);
  platform.lut = integer(value, "lut", 0, largest, where);
  platform.ff = integer(value, "ff", 0, largest, where);
  platform.memory_bits_per_cycle = integer(value, "memory_bits_per_cycle", 1, largest, where);
  platform.read_latency = integer(value, "read_latency", 0, largest, where);
  platform.write_latency = integer(value, "write_latency", 0, largest, where);
  platform.layer_start = integer(value, "layer_start", 0, largest, where);
  platform.layer_end = integer(value, "layer_end", 0, largest, where);
  return platform;
}

/// The chunk's multipliers are those of its platform's kind.
void check_mac(const Chunk& chunk, bool is_asic, const std::string& where) {
  if ((chunk.mac == MacKind::plain) != is_asic) {
    throw input_error("{}: mac: \"{}\" is not of {}", where, mac_names[static_cast<std::size_t>(chunk.mac)],
                      is_asic ? "an ASIC, which has plain ones" : "an FPGA, which has dsp1, dsp2 and lut");
  }
}

Chunk chunk_from_json(const Json& value, const std::string& where) {
  constexpr int most_lanes = 4096;
  constexpr int deepest = 1 << 20;
  const Json unroll = json_value<Json>(value, "unroll", where);
  const Json depth = json_value<Json>(value, "depth", where);
  Chunk chunk;
  chunk.kind = static_cast<ChunkKind>(word(value, "kind", kind_names, where));
  chunk.bits = integer(value, "bits", 2, 16, where);
  chunk.unroll_m = integer(unroll, "m", 1, most_lanes, where + ": unroll");
  chunk.unroll_n = integer(unroll, "n", 1, most_lanes, where + ": unroll");
  chunk.unroll_p = integer(unroll, "p", 1, 64, where + ": unroll");
  chunk.mac = static_cast<MacKind>(word(value, "mac", mac_names, where));
  chunk.requant_lanes = integer(value, "requant_lanes", 1, most_lanes, where);
  chunk.stride_max = integer(value, "stride_max", 1, 4, where);
  chunk.depth_input = integer(depth, "input", 1, deepest, where + ": depth");
  chunk.depth_weight = integer(depth, "weight", 1, deepest, where + ": depth");
  chunk.depth_output = integer(depth, "output", 1, deepest, where + ": depth");
  chunk.accumulator = json_value<bool>(value, "accumulator", where);
  chunk.port_bits = integer(value, "port_bits", 32, 256, where);
  if (chunk.port_bits != 32 && chunk.port_bits != 64 && chunk.port_bits != 128 && chunk.port_bits != 256) {
    throw input_error("{}: port_bits: {} is not 32, 64, 128 or 256", where, chunk.port_bits);
  }
  if (chunk.stride_max == 3) {
    throw input_error("{}: stride_max: 3 is not 1, 2 or 4", where);
  }
  if (const auto why = defect(chunk)) {
    throw input_error("{}: cannot be built: {}", where, *why);
  }
  const int depth_found = integer(value, "pipeline_depth", 0, largest, where);
  if (depth_found != pipeline_depth(chunk.kind, chunk.unroll_n)) {
    throw input_error("{}: pipeline_depth: {} was found, such a chunk has {}", where, depth_found,
                      pipeline_depth(chunk.kind, chunk.unroll_n));
  }
  return chunk;
}

std::optional<Store> store_from_json(const Json& document, std::size_t chunks, const std::string& name) {
  constexpr int deepest = 1 << 24;
  if (!document.contains("store") || document.at("store").is_null()) {
    return std::nullopt;
  }
  const Json& value = document.at("store");
  const std::string where = name + ": store";
  if (chunks > static_cast<std::size_t>(store_chunks_most)) {
    throw input_error("{}: serves {} chunks at most, and there are {}", where, store_chunks_most, chunks);
  }
  const Store store{integer(value, "depth", 1, deepest, where), integer(value, "port_bits", 32, 128, where)};
  if (store.port_bits != 32 && store.port_bits != 64 && store.port_bits != 128) {
    throw input_error("{}: port_bits: {} is not 32, 64 or 128", where, store.port_bits);
  }
  return store;
}

/// Every chunk runs one layer after the other, within the round.
void check_starts(const Network& network, const Accelerator& accelerator, const Cost& cost, const std::string& name) {
  std::vector<std::map<std::int64_t, std::size_t>> on_chunk(accelerator.chunks.size());  // layers by their start
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const auto chunk = static_cast<std::size_t>(accelerator.places[i].chunk);
    const auto [other, is_alone] = on_chunk[chunk].emplace(accelerator.starts[i], i);
    if (!is_alone) {
      throw input_error("{}: layer {}: start_cycle: {} is that of layer {} on the same chunk", name,
                        network.layers[i].id, accelerator.starts[i], network.layers[other->second].id);
    }
  }
  for (const auto& layers : on_chunk) {
    for (auto layer = layers.begin(); layer != layers.end(); ++layer) {
      const bool is_last = std::next(layer) == layers.end();
      const std::int64_t free_until = is_last ? cost.ii_cycles : std::next(layer)->first;
      if (layer->first + cost.layer_cycles[layer->second] > free_until) {
        throw input_error("{}: layer {}: start_cycle: from {} on its {} cycles would end after {}, {}", name,
                          network.layers[layer->second].id, layer->first, cost.layer_cycles[layer->second], free_until,
                          is_last ? "the end of the round" : "when the next layer starts on its chunk");
      }
    }
  }
}

/// When the layers start in every round; none if the document does not say so of each.
std::vector<std::int64_t> starts_from_json(const Json& document, const Network& network, std::int64_t ii_cycles,
                                           const std::string& name) {
  std::map<std::string, std::int64_t> by_id;
  for (const Json& layer : document.at("layers")) {
    if (layer.contains("start_cycle")) {
      const auto id = json_value<std::string>(layer, "id", name + ": a layer");
      by_id[id] = integer<std::int64_t>(layer, "start_cycle", 0, ii_cycles, fmt::format("{}: layer {}", name, id));
    }
  }
  std::vector<std::int64_t> starts;
  for (std::size_t i = 0; i < network.layers.size() && by_id.size() == network.layers.size(); ++i) {
    starts.push_back(by_id.at(network.layers[i].id));
  }
  return starts;
}

/// Marks the maps that lie in the store, and checks that they fit there and have the slots that their schedule needs.
void place_maps(const Json& document, const Network& network, const Platform& platform, const std::string& name,
                Accelerator& accelerator) {
  std::map<std::string, Json> maps;  // in the store
  if (!accelerator.store && !document.contains("maps")) {
    return;
  }
  for (const Json& map : json_value<std::vector<Json>>(document, "maps", name)) {
    const auto writer = json_value<std::string>(map, "writer", name + ": a map");
    if (word(map, "place", place_names, fmt::format("{}: map of {}", name, writer)) == 1) {
      maps.emplace(writer, map);
    }
  }
  if (maps.empty()) {
    return;
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    accelerator.places[i].writes_store = maps.count(network.layers[i].id) == 1;
  }
  const Cost cost = evaluate(network, accelerator, platform);
  accelerator.starts = starts_from_json(document, network, cost.ii_cycles, name);
  if (!accelerator.starts.empty()) {
    check_starts(network, accelerator, cost, name);
  }
  const Schedule schedule = make_schedule(network, accelerator, cost.layer_cycles, slot_words(network, accelerator));
  check_placement(network, accelerator, schedule, name);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (const auto map = maps.extract(network.layers[i].id)) {
      const std::string where = fmt::format("{}: map of {}", name, map.key());
      const int slots = integer(map.mapped(), "slots", 0, largest, where);
      if (slots < schedule.slots[i]) {
        throw input_error("{}: slots: {} are too few, its schedule needs {}", where, slots, schedule.slots[i]);
      }
    }
  }
  if (!maps.empty()) {
    throw input_error("{}: map of {}: cannot lie in the store, which is for the maps of layers", name,
                      maps.begin()->first);
  }
}

LayerPlace place_from_json(const Json& value, const Accelerator& accelerator, const LayerShape& shape,
                           const std::string& where) {
  const Json tile = json_value<Json>(value, "tile", where);
  LayerPlace place;
  place.chunk = integer(value, "chunk", 0, static_cast<std::int64_t>(accelerator.chunks.size()) - 1, where);
  place.mapping.tile_m = integer(tile, "m", 1, shape.m, where + ": tile");
  place.mapping.tile_n = integer(tile, "n", 1, shape.n, where + ": tile");
  place.mapping.tile_rows = integer(tile, "rows", 1, tiled_rows(shape, accelerator.batch), where + ": tile");
  place.mapping.tile_cols = integer(tile, "cols", 1, tiled_cols(shape), where + ": tile");
  place.mapping.order = static_cast<LoopOrder>(word(value, "order", order_names, where));
  const Chunk& chunk = accelerator.chunks[static_cast<std::size_t>(place.chunk)];
  if (!can_run(chunk, shape)) {
    throw input_error("{}: chunk {} cannot run it: its kind, bits or stride_max do not fit", where, place.chunk);
  }
  if (!tile_fits(chunk, shape, place.mapping, accelerator.batch)) {
    throw input_error("{}: the tile does not fit chunk {}: its buffers are too small, or it cuts segments of channels",
                      where, place.chunk);
  }
  return place;
}

}  // namespace

Json to_json(const Network& network, const Accelerator& accelerator, const Platform& platform,
             const std::optional<Proof>& proof) {
  const Cost cost = evaluate(network, accelerator, platform);
  const Schedule schedule = make_schedule(network, accelerator, cost.layer_cycles, slot_words(network, accelerator));
  Json chunks = Json::array();
  for (int c = 0; c < static_cast<int>(accelerator.chunks.size()); ++c) {
    const Chunk& chunk = accelerator.chunks[static_cast<std::size_t>(c)];
    const Resources resources = chunk_resources(chunk, adds_residual(network, accelerator, c), platform);
    chunks.push_back(chunk_json(chunk, resources_json(resources, platform)));
  }
  Json layers = Json::array();
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    layers.push_back(layer_json(network.layers[i], accelerator.places[i], schedule.layers[i]));
    if (cost.energy) {
      layers.back()["energy_pj"] = cost.energy->layer_pj[i];
    }
  }
  return {{"platform", platform_json(platform)},
          {"batch", accelerator.batch},
          {"chunks", chunks},
          {"layers", layers},
          {"maps", maps_json(network, accelerator, schedule)},
          {"store", store_json(accelerator.store)},
          {"cost", cost_json(cost, schedule, accelerator.batch, platform, proof)}};
}

PlacedAccelerator accelerator_from_json(const Json& document, const Network& network, const std::string& name) {
  PlacedAccelerator found;
  found.platform = platform_from_json(json_value<Json>(document, "platform", name), name + ": platform");
  Accelerator& accelerator = found.accelerator;
  accelerator.batch = integer(document, "batch", 1, 16, name);
  const Json& platform = document.at("platform");
  const bool is_asic = platform.contains("area_um2");
  found.area_um2 = is_asic ? integer(platform, "area_um2", 1, largest, name + ": platform") : 0;
  for (const Json& chunk : json_value<std::vector<Json>>(document, "chunks", name)) {
    const std::string where = fmt::format("{}: chunk {}", name, accelerator.chunks.size());
    accelerator.chunks.push_back(chunk_from_json(chunk, where));
    check_mac(accelerator.chunks.back(), is_asic, where);
  }
  std::map<std::string, Json> placed;
  for (const Json& layer : json_value<std::vector<Json>>(document, "layers", name)) {
    const auto id = json_value<std::string>(layer, "id", name + ": a layer");
    if (!placed.emplace(id, layer).second) {
      throw input_error("{}: layer {}: is placed twice", name, id);
    }
  }
  const std::vector<LayerShape> shapes = layer_shapes(network);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string& id = network.layers[i].id;
    const auto place = placed.find(id);
    if (place == placed.end()) {
      throw input_error("{}: layer {} of the network is not placed", name, id);
    }
    accelerator.places.push_back(
        place_from_json(place->second, accelerator, shapes[i], fmt::format("{}: layer {}", name, id)));
    placed.erase(place);
  }
  if (!placed.empty()) {
    throw input_error("{}: layer {}: is not in the network", name, placed.begin()->first);
  }
  accelerator.store = store_from_json(document, accelerator.chunks.size(), name);
  place_maps(document, network, found.platform, name, accelerator);
  return found;
}

PlacedAccelerator read_accelerator(const std::filesystem::path& file, const Network& network) {
  return accelerator_from_json(read_json(file, accelerator_schema), network, file.string());
}

}  // namespace autonba
