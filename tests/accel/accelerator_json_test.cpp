#include "accel/accelerator_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "accel/cost.hpp"
#include "accel/layout.hpp"
#include "accel/placement.hpp"
#include "base/error.hpp"
#include "random_cases.hpp"

namespace autonba {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Case {
  Network network;
  Accelerator accelerator;
};

Case random_case(Rng& rng) {
  while (true) {
    Case entry{random_network(rng), {}};
    if (const auto accelerator = random_accelerator(rng, entry.network)) {
      entry.accelerator = *accelerator;
      return entry;
    }
  }
}

/// What all slots of a map in external memory take.
std::int64_t bytes_of(const Case& entry, const Json& map) {
  int writer = network_input - static_cast<int>(entry.network.host_ops.size());
  for (const LaidOutMap& laid_out : lay_out_maps(entry.network)) {
    const std::string id = writer >= 0               ? entry.network.layers[static_cast<std::size_t>(writer)].id
                           : writer == network_input ? "input"
                                                     : entry.network.host_ops[host_op_of(writer)].id;
    if (map["writer"] == id) {
      return laid_out.stored.row_bits * laid_out.height / 8 * entry.accelerator.batch * map["slots"].get<int>();
    }
    ++writer;
  }
  return 0;
}

Platform zc706() {
  return load_platform(AUTONBA_SOURCE_DIR "/configs/platforms/zc706.yaml");
}

TEST(AcceleratorJson, ReadsWhatItWrote) {
  Rng rng = make_rng(1, "json");
  for (int trial = 0; trial < 50; ++trial) {
    const Case entry = random_case(rng);
    const Json document = Json::parse(to_json(entry.network, entry.accelerator, zc706()).dump());
    const PlacedAccelerator found = accelerator_from_json(document, entry.network, "test");
    EXPECT_EQ(found.accelerator, entry.accelerator);
    Platform platform = zc706();
    platform.logic = {};
    EXPECT_EQ(found.platform, platform);
  }
}

/// A case of which all maps that may lie in the store do, and fit, and of which the starts are known.
Case case_with_store(Rng& rng) {
  while (true) {
    Case entry = random_case(rng);
    const std::vector<bool> storable = storable_maps(entry.network);
    entry.accelerator.store = Store{.depth = 1 << 20, .port_bits = 64};
    bool any = false;
    for (std::size_t i = 0; i < storable.size(); ++i) {
      entry.accelerator.places[i].writes_store = storable[i];
      any = any || storable[i];
    }
    if (any) {
      const Cost cost = evaluate(entry.network, entry.accelerator, zc706());
      const std::vector<std::int64_t> words = slot_words(entry.network, entry.accelerator);
      for (const ScheduledLayer& layer :
           make_schedule(entry.network, entry.accelerator, cost.layer_cycles, words).layers) {
        entry.accelerator.starts.push_back(layer.start_cycle);
      }
      return entry;
    }
  }
}

/// The first map of the document that lies in the store.
Json& stored_map(Json& document) {
  return *std::find_if(document["maps"].begin(), document["maps"].end(),
                       [](const Json& map) { return map["place"] == "store"; });
}

TEST(AcceleratorJson, PlacesMapsInTheStoreWhereTheScheduleHasThem) {
  Rng rng = make_rng(11, "json");
  for (int trial = 0; trial < 50; ++trial) {
    const Case entry = case_with_store(rng);
    const Json document = Json::parse(to_json(entry.network, entry.accelerator, zc706()).dump());
    EXPECT_EQ(accelerator_from_json(document, entry.network, "test").accelerator, entry.accelerator);
    EXPECT_EQ(document["store"], (Json{{"depth", 1 << 20}, {"port_bits", 64}}));
    const Cost cost = evaluate(entry.network, entry.accelerator, zc706());
    const Schedule schedule = make_schedule(entry.network, entry.accelerator, cost.layer_cycles,
                                            slot_words(entry.network, entry.accelerator));
    const std::int64_t word_bytes = store_word_bits(*entry.accelerator.store, entry.accelerator.chunks.size()) / 8;
    std::int64_t external_end = 0;
    for (const Json& map : document["maps"]) {
      const auto layer = std::find_if(entry.network.layers.begin(), entry.network.layers.end(),
                                      [&](const Layer& l) { return l.id == map["writer"]; });
      if (map["place"] == "store") {
        ASSERT_NE(layer, entry.network.layers.end());
        const auto number = static_cast<std::size_t>(layer - entry.network.layers.begin());
        EXPECT_EQ(map["address"], schedule.store_addresses[number] * word_bytes) << map["writer"];
        EXPECT_EQ(map["slots"], schedule.slots[number]) << map["writer"];
      } else {
        EXPECT_EQ(map["address"], external_end) << map["writer"];
        external_end += bytes_of(entry, map);
      }
    }
  }
}

TEST(AcceleratorJson, PlacementsThatCannotBeAreRefusedByTheMapsName) {
  Rng rng = make_rng(12, "json");
  const Case entry = case_with_store(rng);
  const Json good = Json::parse(to_json(entry.network, entry.accelerator, zc706()).dump());
  const auto message = [&](const std::function<void(Json&)>& change) -> std::string {
    Json changed = good;
    change(changed);
    try {
      accelerator_from_json(changed, entry.network, "acc.json");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  Json copy = good;
  const std::string writer = stored_map(copy)["writer"];
  EXPECT_THAT(message([](Json& json) { stored_map(json)["slots"] = 0; }),
              AllOf(HasSubstr("acc.json: map of " + writer), HasSubstr("slots: 0 are too few, its schedule needs")));
  EXPECT_THAT(message([](Json& json) { json["store"]["depth"] = 1; }),
              AllOf(HasSubstr("the store is too small for the map of layer "), HasSubstr("words")));
  EXPECT_THAT(message([](Json& json) { json["store"] = nullptr; }),
              HasSubstr("the map of layer " + writer + " is placed in the store, but there is none"));
  EXPECT_THAT(message([](Json& json) { json["store"]["port_bits"] = 48; }), HasSubstr("48 is not 32, 64 or 128"));
  EXPECT_THAT(message([](Json& json) { stored_map(json)["place"] = "cupboard"; }), HasSubstr("\"cupboard\" is not"));
  EXPECT_THAT(message([](Json& json) {
                for (Json& map : json["maps"]) {
                  map["place"] = map["writer"] == "input" ? Json("store") : map["place"];
                }
              }),
              HasSubstr("acc.json: map of input: cannot lie in the store"));
}

TEST(AcceleratorJson, StartsWithMapsInTheStoreAreThoseOfTheDocument) {
  Rng rng = make_rng(22, "accelerator json test");
  Case entry = case_with_store(rng);
  entry.network.layers.push_back(entry.network.layers[0]);  // on the same chunk
  entry.network.layers.back().id = "again";
  entry.accelerator.places.push_back(entry.accelerator.places[0]);
  entry.accelerator.places.back().writes_store = false;
  entry.accelerator.starts.clear();
  const Json document = to_json(entry.network, entry.accelerator, zc706());
  const Accelerator read = accelerator_from_json(document, entry.network, "acc.json").accelerator;
  for (std::size_t i = 0; i < read.starts.size(); ++i) {
    EXPECT_EQ(read.starts[i], document["layers"][i]["start_cycle"]);
  }
  EXPECT_EQ(read.starts.size(), entry.network.layers.size());
  EXPECT_EQ(to_json(entry.network, read, zc706()), document);

  const auto message = [&](auto change) {
    Json changed = document;
    change(changed["layers"]);
    try {
      accelerator_from_json(changed, entry.network, "acc.json");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message([](Json& layers) { layers[0]["start_cycle"] = -1; }), HasSubstr("start_cycle: -1 is not"));
  EXPECT_THAT(message([&](Json& layers) { layers[0]["start_cycle"] = document["cost"]["ii_cycles"]; }),
              HasSubstr("acc.json: layer " + entry.network.layers[0].id + ": start_cycle: from "));
  EXPECT_THAT(message([](Json& layers) {
                for (Json& layer : layers) {
                  layer["start_cycle"] = 0;
                }
              }),
              HasSubstr("start_cycle: 0 is that of layer "));
}

TEST(AcceleratorJson, OfAnAsicHoldsAreaAndEnergy) {
  Rng rng = make_rng(7, "json");
  const Platform platform = load_platform(AUTONBA_SOURCE_DIR "/configs/platforms/asic-28nm.yaml");
  for (int trial = 0; trial < 20; ++trial) {
    Case entry = random_case(rng);
    for (Chunk& chunk : entry.accelerator.chunks) {
      chunk.mac = MacKind::plain;
    }
    const Cost cost = evaluate(entry.network, entry.accelerator, platform);
    Json document = Json::parse(to_json(entry.network, entry.accelerator, platform).dump());
    EXPECT_EQ(document["platform"]["area_um2"], platform.asic->area_um2);
    EXPECT_EQ(document["cost"]["area_um2"], cost.resources.area_um2);
    EXPECT_DOUBLE_EQ(document["cost"]["energy_mj"], energy_mj(*cost.energy, entry.accelerator.batch));
    EXPECT_DOUBLE_EQ(document["layers"][0]["energy_pj"], cost.energy->layer_pj[0]);
    std::int64_t sum = 0;
    for (const Json& chunk : document["chunks"]) {
      sum += chunk["resources"]["area_um2"].get<std::int64_t>();
    }
    EXPECT_EQ(sum, cost.resources.area_um2);

    const PlacedAccelerator found = accelerator_from_json(document, entry.network, "test");
    EXPECT_EQ(found.accelerator, entry.accelerator);
    EXPECT_EQ(found.platform.clock_mhz, platform.clock_mhz);
    EXPECT_EQ(found.area_um2, platform.asic->area_um2);
    document["chunks"][0]["mac"] = "dsp1";
    EXPECT_THROW(accelerator_from_json(document, entry.network, "test"), InputError);
  }
}

TEST(AcceleratorJson, OfAnFpgaHasNoEnergyAndNoPlainMultipliers) {
  Rng rng = make_rng(8, "json");
  const Case entry = random_case(rng);
  Json document = to_json(entry.network, entry.accelerator, zc706());
  EXPECT_FALSE(document["cost"].contains("energy_mj"));
  EXPECT_FALSE(document["cost"].contains("area_um2"));
  document["chunks"][0]["mac"] = "plain";
  EXPECT_THROW(accelerator_from_json(document, entry.network, "test"), InputError);
}

TEST(AcceleratorJson, MapsLieOneAfterTheOtherWithAllTheirSlots) {
  Rng rng = make_rng(2, "json");
  const Case entry = random_case(rng);
  const Json document = to_json(entry.network, entry.accelerator, zc706());
  const std::vector<LaidOutMap> maps = lay_out_maps(entry.network);
  ASSERT_EQ(document["maps"].size(), maps.size());
  std::int64_t address = 0;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const Json& map = document["maps"][i];
    EXPECT_EQ(map["writer"], i == 0 ? "input" : entry.network.layers[i - 1].id);
    EXPECT_EQ(map["address"], address);
    EXPECT_EQ(address % 32, 0);
    int channels = 0;
    for (const Json& segment : map["segments"]) {
      for (const Json& range : segment["channels"]) {
        channels += range[1].get<int>();
      }
    }
    EXPECT_EQ(channels, maps[i].stored.channels);
    address += maps[i].stored.row_bits / 8 * maps[i].height * entry.accelerator.batch * map["slots"].get<int>();
  }
}

TEST(AcceleratorJson, CostIsThatOfTheCostModel) {
  Rng rng = make_rng(3, "json");
  const Case entry = random_case(rng);
  const Cost cost = evaluate(entry.network, entry.accelerator, zc706());
  const Json open = to_json(entry.network, entry.accelerator, zc706())["cost"];
  EXPECT_EQ(open["ii_cycles"], cost.ii_cycles);
  EXPECT_EQ(open["latency_cycles"], cost.latency_cycles);
  EXPECT_EQ(open["bram18"], cost.resources.bram18);
  EXPECT_TRUE(open["bound"].is_null());
  const Json proven = to_json(entry.network, entry.accelerator, zc706(), Proof{0.5, 0.25})["cost"];
  EXPECT_EQ(proven["bound"], 0.5);
  EXPECT_EQ(proven["gap"], 0.25);
}

TEST(AcceleratorJson, ResourcesOfTheChunksSumToThoseOfTheCost) {
  Rng rng = make_rng(6, "json");
  for (int trial = 0; trial < 50; ++trial) {
    const Case entry = random_case(rng);
    const Json document = to_json(entry.network, entry.accelerator, zc706());
    for (const char* key : {"dsp", "bram18", "lut", "ff"}) {
      std::int64_t sum = 0;
      for (const Json& chunk : document["chunks"]) {
        sum += chunk["resources"][key].get<std::int64_t>();
      }
      EXPECT_EQ(document["cost"][key], sum) << key;
    }
  }
}

TEST(AcceleratorJson, WhatIsWrongIsNamed) {
  Rng rng = make_rng(4, "json");
  const Case entry = random_case(rng);
  const Json good = to_json(entry.network, entry.accelerator, zc706());
  const auto complaint = [&](const std::function<void(Json&)>& spoil) -> std::string {
    Json document = good;
    spoil(document);
    try {
      accelerator_from_json(document, entry.network, "a.json");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(complaint([](Json&) {}), "");
  EXPECT_THAT(complaint([](Json& d) { d.erase("chunks"); }), HasSubstr("a.json: the key `chunks` is missing"));
  EXPECT_THAT(complaint([](Json& d) { d["chunks"][0]["kind"] = "pool"; }), HasSubstr("chunk 0: kind: \"pool\""));
  EXPECT_THAT(complaint([](Json& d) { d["chunks"][0]["bits"] = 8.5; }), HasSubstr("chunk 0: bits: 8.5"));
  EXPECT_THAT(complaint([](Json& d) { d["chunks"][0]["port_bits"] = 96; }), HasSubstr("port_bits: 96"));
  EXPECT_THAT(complaint([](Json& d) { d["chunks"][0]["requant_lanes"] = 4095; }), HasSubstr("requant_lanes 4095"));
  EXPECT_THAT(complaint([](Json& d) { d["layers"][0]["chunk"] = 99; }), HasSubstr("chunk: 99"));
  EXPECT_THAT(complaint([](Json& d) { d["layers"][0]["id"] = "other"; }),
              HasSubstr("layer0 of the network is not placed"));
  EXPECT_THAT(complaint([](Json& d) { d["layers"].push_back(d["layers"][0]); }), HasSubstr("placed twice"));
  EXPECT_THAT(complaint([](Json& d) { d["layers"][0]["tile"]["m"] = 0; }), HasSubstr("tile: m: 0"));
  EXPECT_THAT(complaint([](Json& d) { d["layers"][0]["order"] = "any"; }), HasSubstr("order: \"any\""));
  EXPECT_THAT(complaint([](Json& d) { d["batch"] = 32; }),
              HasSubstr("batch: 32 is not a whole number between 1 and 16"));
  EXPECT_THAT(complaint([](Json& d) { d["platform"]["area_um2"] = nullptr; }), HasSubstr("a.json: platform: area_um2"));
  EXPECT_THAT(complaint([](Json& d) { d["platform"]["clock_mhz"] = 0; }), HasSubstr("clock_mhz"));
}

TEST(AcceleratorJson, ATileThatDoesNotFitIsRefused) {
  Rng rng = make_rng(5, "json");
  Case entry = random_case(rng);
  while (tiled_rows(layer_shapes(entry.network)[0], entry.accelerator.batch) < 5) {
    entry = random_case(rng);
  }
  Json document = to_json(entry.network, entry.accelerator, zc706());
  document["layers"][0]["tile"]["rows"] = 5;
  document["chunks"][0]["unroll"]["p"] = 1;
  document["chunks"][0]["requant_lanes"] = 1;
  document["chunks"][0]["depth"]["output"] = 4;
  EXPECT_THROW(accelerator_from_json(document, entry.network, "test"), InputError);
}

}  // namespace
}  // namespace autonba
