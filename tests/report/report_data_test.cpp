#include <gmock/gmock.h>

#include "base/error.hpp"
#include "model/network_json.hpp"
#include "sample_run.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;

double sum(const Json& numbers) {
  double total = 0;
  for (const Json& number : numbers) {
    total += number.get<double>();
  }
  return total;
}

/// A pointwise layer of 4 x 2 channels on 3x3 (72 MACs) and its logits, on one chunk of 2 x 2 x 1 MACs: by hand.
ReportInput two_layers() {
  Network network{.input = {.channels = 4, .height = 3, .width = 3}};
  network.layers.push_back({.id = "a",
                            .inputs = {{network_input, {{0, 4}}}},
                            .channels_in = 4,
                            .channels_out = 2,
                            .height_in = 3,
                            .width_in = 3});
  network.layers.push_back({.id = "b",
                            .op = LayerOp::linear,
                            .inputs = {{0, {{0, 2}}}},
                            .channels_in = 2,
                            .channels_out = 5,
                            .kernel = {3, 3},
                            .height_in = 3,
                            .width_in = 3});
  const Json tile = {{"m", 2}, {"n", 2}, {"rows", 3}, {"cols", 3}};
  const Json chunk = {{"kind", "conv"},
                      {"unroll", {{"m", 2}, {"n", 2}, {"p", 1}}},
                      {"resources", {{"dsp", 4}, {"bram18", 2}, {"lut", 5}, {"ff", 4}}}};
  const auto place = [&](const char* id, int on, int start, int cycles) {
    return Json{{"id", id},   {"chunk", on},     {"tile", tile}, {"order", "rows_outer"}, {"start_cycle", start},
                {"stage", 0}, {"cycles", cycles}};
  };
  return {.network = to_json(network),
          .accelerator = {{"platform", {{"dsp", 10}, {"bram18", 20}, {"lut", 40}, {"ff", 80}}},
                          {"batch", 2},
                          {"chunks", {chunk, chunk}},
                          {"layers", {place("a", 0, 0, 48), place("b", 1, 0, 60)}},
                          {"cost", {{"ii_cycles", 60}, {"dsp", 9}, {"bram18", 5}, {"lut", 10}, {"ff", 8}}}}};
}

TEST(ReportData, UtilisationIsTheShareOfMacSlotsThatAreFilled) {
  const Json data = report_data(two_layers()).at("accelerator");
  // a: 2 images of 72 MACs in 48 cycles of 4; b: 2 images of 90 MACs in 60 cycles of 4.
  EXPECT_DOUBLE_EQ(data.at("layers").at(0).at("utilisation").get<double>(), 0.75);
  EXPECT_DOUBLE_EQ(data.at("layers").at(1).at("utilisation").get<double>(), 0.75);
  // Together 324 MACs in an interval of 60 cycles of 8.
  EXPECT_DOUBLE_EQ(data.at("utilisation").get<double>(), 0.675);
  EXPECT_DOUBLE_EQ(data.at("layers").at(0).at("share_of_ii").get<double>(), 0.8);
  EXPECT_DOUBLE_EQ(data.at("chunks").at(0).at("share_of_ii").get<double>(), 0.8);
  EXPECT_DOUBLE_EQ(data.at("resources").at(0).at("share").get<double>(), 0.9);
}

TEST(ReportData, AnAsicHasAnAreaInsteadOfAnFpgasResources) {
  ReportInput input = two_layers();
  input.accelerator["platform"]["area_um2"] = 1000;
  input.accelerator["cost"]["area_um2"] = 750;
  for (Json& chunk : input.accelerator["chunks"]) {
    chunk["resources"]["area_um2"] = 375;
  }
  const Json resources = report_data(input).at("accelerator").at("resources");
  ASSERT_EQ(resources.size(), 1);
  EXPECT_EQ(resources.at(0).at("chunks"), Json({375, 375}));
  EXPECT_DOUBLE_EQ(resources.at(0).at("share").get<double>(), 0.75);
}

TEST(ReportData, ChunksSumTheirLayers) {
  const ReportInput input = sample::run({});
  const Json data = report_data(input).at("accelerator");
  std::vector<std::int64_t> cycles(3);
  std::vector<int> count(3);
  for (const Json& layer : input.accelerator.at("layers")) {
    cycles.at(layer.at("chunk")) += layer.at("cycles").get<std::int64_t>();
    ++count.at(layer.at("chunk"));
  }
  double busiest = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& chunk = data.at("chunks").at(i);
    EXPECT_EQ(chunk.at("cycles"), cycles[i]);
    EXPECT_EQ(chunk.at("layers"), count[i]);
    double shares = 0;
    for (const Json& layer : data.at("layers")) {
      shares += layer.at("chunk") == i ? layer.at("share_of_ii").get<double>() : 0;
    }
    EXPECT_NEAR(chunk.at("share_of_ii").get<double>(), shares, 1e-12);
    busiest = std::max(busiest, shares);
  }
  EXPECT_NEAR(busiest, 1, 1e-12);
}

TEST(ReportData, ResourcesAreCutByChunks) {
  const Json resources = report_data(sample::run({})).at("accelerator").at("resources");
  // dsp2: half of 16 x 8 x 4 MACs, of 16 x 8 and of 16 x 4; three more for each of 16 requantisation lanes.
  EXPECT_EQ(resources.at(0).at("chunks"), Json({256 + 48, 64 + 48, 32 + 48}));
  for (const Json& resource : resources) {
    EXPECT_EQ(sum(resource.at("chunks")), resource.at("used").get<double>()) << resource.at("name");
  }
}

TEST(ReportData, PoolingMultipliesNothingSoItHasNoUtilisation) {
  const Json data = report_data(sample::run({})).at("accelerator");
  for (const Json& layer : data.at("layers")) {
    EXPECT_EQ(layer.at("utilisation").is_null(), layer.at("op") == "avgpool") << layer.at("id");
  }
}

TEST(ReportData, ProbabilitiesOfEveryEpochSumToOne) {
  const Json choices = report_data(sample::run({.search = 3})).at("choices");
  ASSERT_EQ(choices.at("blocks").size(), 7u);
  for (const Json& block : choices.at("blocks")) {
    ASSERT_EQ(block.at("alpha").size(), 3u);
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      EXPECT_EQ(block.at("alpha").at(epoch).size(), choices.at("operators").size());
      EXPECT_NEAR(sum(block.at("alpha").at(epoch)), 1, 1e-9);
      EXPECT_NEAR(sum(block.at("beta").at(epoch)), 1, 1e-9);
    }
  }
}

TEST(ReportData, TheLastLineOfARepeatedEpochCounts) {
  ReportInput input = sample::run({.warmup = 1, .search = 2, .train = 0, .derived = false});
  Json again = input.metrics.back();
  again["epoch"] = 1;
  again["train_loss"] = 0.25;
  input.metrics.push_back(again);
  const Json points = report_data(input).at("curves").at("search");
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points.at(1).at("phase"), "search");
  EXPECT_EQ(points.at(1).at("position"), 2);
  EXPECT_EQ(points.at(1).at("train_loss"), 0.25);
}

TEST(ReportData, BoxesAreStemBlocksHeadPoolAndClassifier) {
  const Json network = report_data(sample::run({})).at("network");
  std::vector<std::string> titles;
  std::int64_t work = 0;
  for (const Json& box : network.at("boxes")) {
    titles.push_back(box.at("title"));
    work += box.at("macs").get<std::int64_t>();
  }
  EXPECT_THAT(titles, testing::ElementsAre("stem", "block 0", "block 1", "block 2", "block 3", "block 4", "block 5",
                                           "block 6", "head", "pool", "classifier"));
  EXPECT_EQ(work, macs(sample::network()));
  EXPECT_EQ(network.at("boxes").at(1).at("op"), "k3_e3");
  EXPECT_EQ(network.at("boxes").at(1).at("bits"), 8);
  EXPECT_EQ(network.at("boxes").at(1).at("widest"), 48);  // 3 times the stem's 16
  EXPECT_EQ(network.at("boxes").at(2).at("identity"), true);
  EXPECT_TRUE(network.at("boxes").at(2).at("bits").is_null());
  EXPECT_EQ(network.at("final"), true);
}

TEST(ReportData, BeforeTheNetworkIsBuiltBoxesShowTheLikeliestChoices) {
  const Json network = report_data(sample::run({.search = 1, .train = 0, .derived = false})).at("network");
  EXPECT_EQ(network.at("final"), false);
  EXPECT_EQ(network.at("after_epoch"), 1);
  ASSERT_EQ(network.at("boxes").size(), 7u);
  const Json& box = network.at("boxes").at(2);
  EXPECT_EQ(box.at("op"), "k5_e3");
  EXPECT_EQ(box.at("in"), Json({24, 14, 14}));
  EXPECT_EQ(box.at("out"), Json({32, 7, 7}));
}

std::string config_with_target(const char* metric, double value) {
  return fmt::format("target: {{metric: {}, value: {}}}", metric, value);
}

TEST(ReportData, ThroughputMeetsATargetFromAboveAndLatencyFromBelow) {
  ReportInput input = sample::run({});
  const double fps = input.result.at("fps");
  const double latency = input.result.at("latency_ms");
  const auto met = [&](const char* metric, double value) {
    input.config = config_with_target(metric, value);
    return report_data(input).at("target").at("met").get<bool>();
  };
  EXPECT_TRUE(met("fps", fps - 1));
  EXPECT_FALSE(met("fps", fps + 1));
  EXPECT_FALSE(met("latency_ms", latency * 0.9));
  EXPECT_TRUE(met("latency_ms", latency * 1.1));
}

TEST(ReportData, CostIsShownInTheTargetsMetric) {
  ReportInput input;
  input.metrics = {{{"event", "epoch"},
                    {"phase", "search"},
                    {"epoch", 1},
                    {"epochs", 1},
                    {"expected_fps", 750.0},
                    {"expected_latency_ms", 2.5},
                    {"architecture", Json::array()}},
                   {{"event", "accelerator"}, {"phase", "search"}, {"step", 40}, {"fps", 800.0}, {"latency_ms", 2.25}}};
  const auto shown = [&](const char* metric) {
    input.config = config_with_target(metric, 10);
    const Json curves = report_data(input).at("curves");
    return std::pair(curves.at("search").at(0).at("expected").get<double>(),
                     curves.at("refreshes").at(0).at("cost").get<double>());
  };
  EXPECT_EQ(shown("fps"), std::pair(750.0, 800.0));
  EXPECT_EQ(shown("latency_ms"), std::pair(2.5, 2.25));
}

TEST(ReportData, WhatWasAskedIsKnownBeforeThereIsAResult) {
  const Json data = report_data(sample::run({.search = 0, .train = 0, .derived = false}));
  EXPECT_EQ(data.at("result"), Json::object());
  EXPECT_EQ(data.at("asked").at("dataset"), "fashion-mnist");
  EXPECT_EQ(data.at("asked").at("engine"), "das");
  EXPECT_EQ(data.at("target").at("value"), 12000.0);
  EXPECT_TRUE(data.at("target").at("met").is_null());
}

std::vector<std::string> states(const ReportInput& input) {
  std::vector<std::string> list;
  const Json data = report_data(input);
  for (const Json& step : data.at("steps")) {
    list.push_back(step.at("state"));
  }
  return list;
}

TEST(ReportData, StepsSayHowFarARunHasCome) {
  EXPECT_THAT(states({}), testing::ElementsAre("waiting", "waiting", "waiting", "waiting", "waiting"));
  EXPECT_THAT(states(sample::run({.warmup = 1, .search = 0, .train = 0, .derived = false})),
              testing::ElementsAre("done", "waiting", "waiting", "waiting", "waiting"));
  EXPECT_THAT(states(sample::run({.warmup = 0, .search = 2, .train = 0, .derived = false})),
              testing::ElementsAre("none", "partly", "waiting", "waiting", "waiting"));
  EXPECT_THAT(states(sample::run({.train = 0})), testing::ElementsAre("done", "done", "done", "done", "waiting"));
  EXPECT_THAT(states(sample::run({})), testing::ElementsAre("done", "done", "done", "done", "done"));
}

std::string complaint(const ReportInput& input) {
  try {
    report_data(input);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(ReportData, DocumentsThatDoNotFitAreComplainedAbout) {
  ReportInput input = sample::run({});
  input.accelerator["layers"].erase(3);
  EXPECT_THAT(complaint(input),
              HasSubstr("accelerator.json: layers: the layer block0.project of network.json is missing"));

  input = sample::run({});
  input.accelerator["layers"][0]["chunk"] = 3;
  EXPECT_THAT(complaint(input), HasSubstr("accelerator.json: layer stem: chunk: 3 is not between 0 and 2"));

  input = sample::run({.train = 0, .derived = false});
  input.metrics.back()["beta"][4] = {0.5, 0.5};
  EXPECT_THAT(complaint(input), HasSubstr("beta does not give 3 probabilities for block 4"));

  input = sample::run({});
  input.network = Json();
  EXPECT_THAT(complaint(input), HasSubstr("accelerator.json without a network.json"));
}

}  // namespace
}  // namespace autonba
