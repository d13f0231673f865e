#include "report/map_report.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "accel/accelerator_json.hpp"
#include "accel/resources.hpp"
#include "sample_map.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> fields_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> fields;
  for (std::string field; std::getline(stream, field, ',');) {
    fields.push_back(field);
  }
  return fields;
}

/// Rows of a CSV without quotes, by the names in its first line.
std::vector<std::map<std::string, std::string>> rows_of(const std::string& csv) {
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> names = fields_of(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> fields = fields_of(line);
    EXPECT_EQ(fields.size(), names.size()) << line;
    std::map<std::string, std::string>& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size(); ++i) {
      row[names[i]] = fields.at(i);
    }
  }
  return rows;
}

std::int64_t whole(const std::string& text) {
  return std::stoll(text);
}

TEST(MappingCsv, HasTheCyclesOfTheCostModelInTheNetworksOrder) {
  const MapResult result = sample::mapped("zc706");
  const auto rows = rows_of(map_csv(sample::data_of(result)));
  const Cost cost = evaluate(result.network, result.accelerator, result.platform);
  ASSERT_EQ(rows.size(), result.network.layers.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].at("layer"), result.network.layers[i].id);
    EXPECT_EQ(whole(rows[i].at("cycles")), cost.layer_cycles[i]);
    EXPECT_EQ(whole(rows[i].at("chunk")), result.accelerator.places[i].chunk);
    EXPECT_EQ(whole(rows[i].at("tile_rows")), result.accelerator.places[i].mapping.tile_rows);
    EXPECT_EQ(whole(rows[i].at("macs")), macs(result.network.layers[i]));
    std::int64_t sum = 0;
    for (const NamedTerm& term : cycle_terms) {
      sum += whole(rows[i].at(std::string(term.name) + "_cycles"));
    }
    EXPECT_EQ(sum, cost.layer_cycles[i]);
    EXPECT_NEAR(std::stod(rows[i].at("share_of_ii")),
                static_cast<double>(cost.layer_cycles[i]) / static_cast<double>(cost.ii_cycles), 1e-9);
  }
}

TEST(MappingCsv, LayersOfAChunkFollowEachOtherWithinTheInterval) {
  const MapResult result = sample::mapped("zc706");
  std::map<std::string, std::map<std::int64_t, std::int64_t>> busy;  // by chunk: start, cycles
  for (const auto& row : rows_of(map_csv(sample::data_of(result)))) {
    busy[row.at("chunk")][whole(row.at("start_cycle"))] = whole(row.at("cycles"));
  }
  EXPECT_EQ(busy.size(), result.accelerator.chunks.size());
  for (const auto& [chunk, layers] : busy) {
    std::int64_t end = 0;
    for (const auto& [start, cycles] : layers) {
      EXPECT_GE(start, end);
      end = start + cycles;
    }
    EXPECT_LE(end, result.cost.ii_cycles);
  }
}

TEST(MappingCsv, NamesWithCommasAndQuotesAreQuoted) {
  MapResult result = sample::mapped("zc706");
  result.network.layers[0].id = "a,\"b\"";
  EXPECT_THAT(map_csv(sample::data_of(result)), HasSubstr("\n\"a,\"\"b\"\"\",conv,"));
}

TEST(MappingCsv, HasEnergiesWhereThePlatformHasTables) {
  const MapResult result = sample::mapped("asic-28nm");
  const auto rows = rows_of(map_csv(sample::data_of(result)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_DOUBLE_EQ(std::stod(rows[i].at("energy_pj")), result.cost.energy->layer_pj[i]);
  }
  EXPECT_THAT(map_csv(sample::data_of(sample::mapped("zc706"))), Not(HasSubstr("energy_pj")));
}

TEST(MapData, NoLayerIsAboveTheRoofsOfItsChunk) {
  for (const char* platform : {"zc706", "asic-28nm"}) {
    const Json data = sample::data_of(sample::mapped(platform));
    const Json& roofs = data.at("roofline").at("chunks");
    for (const Json& layer : data.at("accelerator").at("layers")) {
      const Json& roof = roofs.at(layer.at("chunk").get<std::size_t>());
      const double rate = layer.at("operations_per_second");
      EXPECT_LE(rate, roof.at("operations_per_second").get<double>()) << layer.at("id");
      EXPECT_LE(rate, layer.at("operations_per_byte").get<double>() * roof.at("bytes_per_second").get<double>());
    }
    const Json& together = data.at("roofline").at("together");
    const Json& network = data.at("roofline").at("network");
    EXPECT_LE(network.at("operations_per_second").get<double>(), together.at("operations_per_second").get<double>());
    EXPECT_LE(network.at("operations_per_second").get<double>(),
              network.at("operations_per_byte").get<double>() * together.at("bytes_per_second").get<double>());
  }
}

TEST(MapData, AWrittenAcceleratorCostsTheSameWhenItIsRead) {
  for (const char* platform : {"zc706", "asic-28nm"}) {
    const MapResult result = sample::mapped(platform);
    const Json document = accelerator_document(result);
    const PlacedAccelerator read = accelerator_from_json(document, result.network, "accelerator.json");
    MapTask task = sample::task_on(platform);
    const MapResult given = evaluate_given(task, read.accelerator, "accelerator.json");
    EXPECT_EQ(given.cost, result.cost);
    EXPECT_EQ(accelerator_document(given), document);
  }
}

TEST(MapData, ProofsAreValueBoundAndGap) {
  MapResult result = sample::mapped("zc706");
  EXPECT_TRUE(sample::data_of(result).at("proof").at("gap").is_null());
  EXPECT_THAT(map_text(sample::data_of(result)), HasSubstr("proof        none"));
  const double value = value_of(Objective::fps, result);
  result.bound = 0.8 * value;  // seconds: a quarter more images a second at most
  const Json data = sample::data_of(result);
  EXPECT_NEAR(data.at("proof").at("gap").get<double>(), 0.2, 1e-12);
  EXPECT_EQ(map_summary(data).at("bound").get<double>(), 0.8 * value);
  EXPECT_THAT(map_text(data), HasSubstr("no design of the space has more than " +
                                        in_words(Objective::fps, 0.8 * value) + ": gap 20.00 %"));
}

TEST(MapData, FiguresOfPartsThatTheHostDoesAreMarkedEverywhere) {
  MapResult result = sample::mapped("zc706");
  EXPECT_EQ(map_summary(sample::data_of(result)).at("template_only"), false);
  EXPECT_THAT(map_text(sample::data_of(result)), Not(HasSubstr("template only")));
  result.network.host_ops = {{.id = "soft", .op = "Softmax", .operations = 10, .reads = {0}, .map = std::nullopt},
                             {.id = "sm2", .op = "Softmax", .operations = 30, .reads = {0}, .map = std::nullopt},
                             {.id = "erf", .op = "Erf", .operations = 50, .reads = {0}, .map = std::nullopt}};
  const Json data = sample::data_of(result);
  const Json summary = map_summary(data);
  EXPECT_EQ(summary.at("template_only"), true);
  EXPECT_DOUBLE_EQ(summary.at("host").at("share").get<double>(), host_share(result.network));
  EXPECT_EQ(summary.at("host").at("operations").at(1),
            Json({{"op", "Softmax"}, {"count", 2}, {"operations", 40}, {"ids", {"soft", "sm2"}}}));
  EXPECT_THAT(map_text(data), HasSubstr("images/s (template only)"));
  EXPECT_THAT(map_text(data), HasSubstr("1 Erf, 2 Softmax"));
}

TEST(MapText, ShowsTheLongestLayersOfTheChunksThatSetTheInterval) {
  const MapResult result = sample::mapped("zc706");
  const std::string text = map_text(sample::data_of(result));
  const Cost& cost = result.cost;
  std::size_t longest = 0;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < cost.layer_cycles.size(); ++i) {
    const std::int64_t chunk = cost.chunk_cycles[static_cast<std::size_t>(result.accelerator.places[i].chunk)];
    if (20 * chunk >= 19 * cost.ii_cycles && cost.layer_cycles[i] > most) {
      longest = i;
      most = cost.layer_cycles[i];
    }
  }
  const std::string table = text.substr(text.find("bound by\n"));
  EXPECT_EQ(table.find("  " + result.network.layers[longest].id), std::string("bound by\n").size());
}

TEST(MapText, ExplainsALayerWithTermsThatAreInTheData) {
  MapResult result = sample::mapped("zc706");
  Mapper mapper(result.platform);
  result.explanation = explain(result.network, result.accelerator, 2, 3, mapper);
  const Json data = sample::data_of(result);
  const Json& chosen = data.at("explanation").at("chosen");
  std::int64_t sum = 0;
  for (const Json& cycles : chosen.at("terms")) {
    sum += cycles.get<std::int64_t>();
  }
  EXPECT_EQ(sum, result.cost.layer_cycles[2]);
  EXPECT_EQ(chosen.at("cycles"), data.at("accelerator").at("layers").at(2).at("cycles"));
  EXPECT_EQ(data.at("explanation").at("others").size(), 3);
  EXPECT_THAT(map_text(data), HasSubstr("Why " + result.network.layers[2].id + " is mapped so"));
  EXPECT_THAT(map_text(data), HasSubstr("twice the memory port"));
}

TEST(ParetoDocument, HoldsEveryDesignOfTheFront) {
  MapResult result = sample::mapped("asic-28nm");
  result.axes = pareto_axes(Objective::fps, Objective::area);
  ParetoPoint point{.accelerator = result.accelerator, .cost = result.cost, .values = {0.002, 1.5}, .bound = 0.001};
  result.front = {point};
  const Json document = pareto_document(result);
  EXPECT_EQ(document.at("points").at(0).at("values"), Json({500., 1.5}));
  EXPECT_EQ(document.at("points").at(0).at("bound"), 1000.);
  const Json accelerator = document.at("points").at(0).at("accelerator");
  EXPECT_EQ(accelerator_from_json(accelerator, result.network, "point").accelerator, result.accelerator);
}

TEST(MapPage, HoldsTheDataAndRefersToNothingOutsideItself) {
  const Json data = sample::data_of(sample::mapped("zc706"));
  const std::string page = map_page(data);
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(open) + open.size();
  EXPECT_EQ(Json::parse(page.substr(begin, page.find("</script", begin) - begin)), data);
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
  for (const char* outside : {"src=\"http", "href=\"http", "@import", "<link", "fetch("}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

MapResult mapped_with_store() {
  MapTask task = sample::task_on("zc706");
  task.space.store = StoreSpace{.port_bits = {32}, .depth_max = 65536};
  Mapper mapper(task.platform);
  return map_network(task, mapper);
}

/// Whether a map lies in the store at a cycle of the interval.
bool is_there(const Json& map, std::int64_t cycle, std::int64_t ii_cycles) {
  const auto later = (cycle - map.at("begin").get<std::int64_t>() + ii_cycles) % ii_cycles;
  return later < map.at("cycles").get<std::int64_t>();
}

TEST(StoreData, NoTwoMapsLieAtTheSameWordsAtTheSameTime) {
  const MapResult result = mapped_with_store();
  ASSERT_TRUE(result.accelerator.store);
  const Json store = sample::data_of(result).at("store");
  const std::int64_t ii_cycles = result.cost.ii_cycles;
  std::int64_t most = 0;
  for (const Json& a : store.at("maps")) {
    const auto begin = a.at("begin").get<std::int64_t>();
    std::int64_t words = 0;
    for (const Json& b : store.at("maps")) {
      const auto from = b.at("address").get<std::int64_t>();
      const auto to = from + b.at("words").get<std::int64_t>() * b.at("slots").get<std::int64_t>();
      EXPECT_LE(to, store.at("words").get<std::int64_t>());
      if (b.at("slots") == 1 && is_there(b, begin, ii_cycles) && b != a) {
        const auto address = a.at("address").get<std::int64_t>();
        EXPECT_TRUE(address >= to || from >= address + a.at("words").get<std::int64_t>())
            << a.at("writer") << " over " << b.at("writer");
      }
      words += b.at("slots") > 1 || is_there(b, begin, ii_cycles) ? to - from : 0;
    }
    most = std::max(most, words);
  }
  EXPECT_EQ(store.at("words_alive").get<std::int64_t>(), most);
  EXPECT_LE(store.at("words").get<int>(), store.at("depth").get<int>());
}

TEST(StoreData, HasEveryMapInTheStoreAndWhatItSaves) {
  const MapResult result = mapped_with_store();
  ASSERT_TRUE(result.accelerator.store);
  const Json data = sample::data_of(result);
  std::vector<std::string> writers;
  for (std::size_t i = 0; i < result.network.layers.size(); ++i) {
    if (result.accelerator.places[i].writes_store) {
      writers.push_back(result.network.layers[i].id);
    }
  }
  std::vector<std::string> shown;
  for (const Json& map : data.at("store").at("maps")) {
    shown.push_back(map.at("writer").get<std::string>());
  }
  EXPECT_EQ(shown, writers);
  EXPECT_LT(data.at("store").at("external_bytes").get<double>(),
            data.at("store").at("external_bytes_without").get<double>());
  const Resources store = store_resources(*result.accelerator.store, result.accelerator.chunks.size(), result.platform);
  const Json& bram = data.at("accelerator").at("resources").at(1);
  EXPECT_EQ(bram.at("name"), "BRAM18");
  EXPECT_EQ(bram.at("store").get<std::int64_t>(), store.bram18);
}

TEST(StoreData, IsNullWithoutAStore) {
  EXPECT_TRUE(sample::data_of(sample::mapped("zc706")).at("store").is_null());
}

}  // namespace
}  // namespace autonba
