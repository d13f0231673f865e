#include "report/store_data.hpp"

#include <algorithm>
#include <map>

#include "accel/layout.hpp"
#include "accel/placement.hpp"
#include "accel/resources.hpp"
#include "accel/store_addresses.hpp"

namespace autonba {
namespace {

/// Maps in the store, by the number of the layer that writes them, with all but their slots.
std::map<int, MapLife> map_lives(const MapResult& result, const Json& layers) {
  const std::vector<std::int64_t> words = slot_words(result.network, result.accelerator);
  const auto number = [&](std::size_t layer, const char* key) { return layers[layer].at(key).get<std::int64_t>(); };
  std::map<int, MapLife> found;
  for (std::size_t i = 0; i < result.network.layers.size(); ++i) {
    if (result.accelerator.places[i].writes_store) {
      found[static_cast<int>(i)] = {
          .words = words[i], .begin = number(i, "start_cycle"), .cycles = number(i, "cycles")};
    }
    const Layer& layer = result.network.layers[i];
    std::vector<int> read = maps_read(layer);
    read.push_back(layer.residual.value_or(network_input));
    for (const int writer : read) {
      if (const auto map = found.find(writer); map != found.end()) {
        const std::int64_t rounds = number(i, "stage") - number(static_cast<std::size_t>(writer), "stage");
        const std::int64_t end = number(i, "start_cycle") + number(i, "cycles") + rounds * result.cost.ii_cycles;
        map->second.cycles = std::max(map->second.cycles, end - map->second.begin);
      }
    }
  }
  return found;
}

}  // namespace

Json store_data(const MapResult& result, const Json& accelerator) {
  if (!result.accelerator.store) {
    return {};
  }
  const Store& store = *result.accelerator.store;
  const int word_bits = store_word_bits(store, result.accelerator.chunks.size());
  std::map<std::string, const Json*> placed;
  for (const Json& map : accelerator.at("maps")) {
    placed[map.at("writer").get<std::string>()] = &map;
  }
  Json maps = Json::array();
  std::int64_t taken = 0;
  std::vector<MapLife> lives;
  for (auto [layer, life] : map_lives(result, accelerator.at("layers"))) {
    const std::string& writer = result.network.layers[static_cast<std::size_t>(layer)].id;
    const Json& map = *placed.at(writer);
    life.slots = map.at("slots").get<int>();
    const std::int64_t address = map.at("address").get<std::int64_t>() * 8 / word_bits;
    taken = std::max(taken, address + life.slots * life.words);
    maps.push_back({{"writer", writer},
                    {"address", address},
                    {"words", life.words},
                    {"slots", life.slots},
                    {"begin", life.begin},
                    {"cycles", life.cycles}});
    lives.push_back(life);
  }
  return {{"depth", store.depth},
          {"port_bits", store.port_bits},
          {"word_bits", word_bits},
          {"words", taken},
          {"words_alive", words_alive(lives, result.cost.ii_cycles)},
          {"maps", maps},
          {"external_bytes",
           external_bytes(result.network, result.accelerator, store_uses(result.network, result.accelerator))},
          {"external_bytes_without", external_bytes(result.network, result.accelerator, {})}};
}

Json binding_data(const MapResult& result, const Json& layers) {
  constexpr double busy = 0.97;    // of the interval: such a chunk sets it
  constexpr double scarce = 0.95;  // of a resource
  const std::int64_t limit = result.objective == Objective::latency
                                 ? 0
                                 : static_cast<std::int64_t>(busy * static_cast<double>(result.cost.ii_cycles));
  std::map<std::string, double> cycles;
  double all = 0;
  for (const Json& layer : layers) {
    if (result.cost.chunk_cycles[layer.at("chunk").get<std::size_t>()] < limit) {
      continue;
    }
    for (const auto& [term, spent] : layer.at("terms").items()) {
      const bool memory =
          term == "input" || term == "weights" || term == "residual" || term == "output" || term == "latency";
      const bool overhead = term == "handover" || term == "ends";
      cycles[memory ? "memory" : overhead ? "overhead" : term] += spent.get<double>();
      all += spent.get<double>();
    }
  }
  Json time = Json::array();
  for (const char* name : {"compute", "memory", "store", "overhead"}) {
    if (cycles[name] > 0) {
      time.push_back({{"name", name}, {"share", cycles[name] / all}});
    }
  }
  Json resources = Json::array();
  for (const ResourceUse& use : use_of(result.cost.resources, result.platform)) {
    if (use.available > 0 && static_cast<double>(use.used) >= scarce * static_cast<double>(use.available)) {
      resources.push_back(use.name);
    }
  }
  return {{"time", time}, {"resources", resources}};
}

}  // namespace autonba
