// `autonba map` as a user calls it.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/files.hpp"
#include "base/json.hpp"
#include "program.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

using Arguments = std::vector<std::string>;

Arguments operator+(Arguments arguments, const Arguments& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// A folder of its own for each test.
class Map : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// A search of a moment on zc706.
  Arguments quick(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"map",       "squeezenet", "--platform", "zc706", "--engine",
                     "annealing", "--budget",   "100",        "--out", path(out)} +
           more;
  }

  std::string accelerator(const std::string& out) const { return read_file(folder_ / out / "accelerator.json"); }

  const fs::path folder_ = fs::temp_directory_path() / ("autonba-map-" + std::to_string(::getpid()));
};

TEST_F(Map, WritesTheAcceleratorTheNetworkTheTableAndThePage) {
  const Finished mapped = run_program(quick("out"));
  ASSERT_EQ(mapped.code, 0) << mapped.err;
  EXPECT_THAT(mapped.out, StartsWith("squeezenet on zc706 (space fpga, engine annealing, objective fps)\n"));
  EXPECT_THAT(mapped.out, HasSubstr("of the initiation interval (II) or more:"));
  for (const char* file : {"accelerator.json", "network.json", "mapping.csv", "report.html"}) {
    EXPECT_TRUE(fs::exists(folder_ / "out" / file)) << file;
  }
  EXPECT_FALSE(fs::exists(folder_ / "out" / "pareto.json"));
  const Json written = read_json(folder_ / "out" / "accelerator.json", "autonba.accelerator/1");
  const std::string csv = read_file(folder_ / "out" / "mapping.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + static_cast<std::ptrdiff_t>(written.at("layers").size()));
}

TEST_F(Map, TheSameSeedGivesTheSameAccelerator) {
  ASSERT_EQ(run_program(quick("first")).code, 0);
  ASSERT_EQ(run_program(quick("second")).code, 0);
  ASSERT_EQ(run_program(quick("third", {"--seed", "2"})).code, 0);
  EXPECT_EQ(accelerator("first"), accelerator("second"));
  EXPECT_NE(accelerator("first"), accelerator("third"));
}

TEST_F(Map, AFixedAcceleratorIsEvaluatedToTheSameFile) {
  ASSERT_EQ(run_program(quick("found")).code, 0);
  const Finished fixed = run_program(
      {"map", path("found/network.json"), "--fix", path("found/accelerator.json"), "--out", path("fixed"), "--json"});
  ASSERT_EQ(fixed.code, 0) << fixed.err;
  EXPECT_EQ(accelerator("fixed"), accelerator("found"));
  const Json result = Json::parse(fixed.out);
  const Json cost = read_json(folder_ / "found" / "accelerator.json", "autonba.accelerator/1").at("cost");
  for (const char* key : {"fps", "ii_cycles", "dsp", "bram18", "lut", "ff"}) {
    EXPECT_EQ(result.at(key), cost.at(key)) << key;
  }
  EXPECT_TRUE(result.at("engine").is_null());

  const Finished other =
      run_program({"map", "mobilenet-v2", "--fix", path("found/accelerator.json"), "--out", path("no")});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("of the network is not placed"));
}

TEST_F(Map, PrintsTheFiguresAsJson) {
  const Finished mapped = run_program(quick("out", {"--json", "--target", "1"}));
  ASSERT_EQ(mapped.code, 0) << mapped.err;
  const Json result = Json::parse(mapped.out);
  for (const char* key :
       {"network", "platform",  "space",          "engine",     "seed",          "objective", "value",
        "fps",     "ii_cycles", "batch",          "latency_ms", "dsp",           "bram18",    "lut",
        "ff",      "bound",     "optimality_gap", "target",     "template_only", "host",      "search_seconds"}) {
    EXPECT_TRUE(result.contains(key)) << key;
  }
  EXPECT_EQ(result.at("target").at("met"), true);
  EXPECT_NEAR(result.at("value").get<double>() * result.at("fps").get<double>(), 1, 1e-12);
}

TEST_F(Map, AMissedTargetIsExitCode1WithTheBestThatWasFound) {
  const Finished missed = run_program(quick("out", {"--target", "1e7"}));
  EXPECT_EQ(missed.code, 1);
  EXPECT_THAT(missed.err, StartsWith("autonba: the target of at least 10,000,000 images/s is missed: the best design"));
  EXPECT_THAT(missed.out, HasSubstr("target       at least 10,000,000 images/s: missed"));
  EXPECT_TRUE(fs::exists(folder_ / "out" / "accelerator.json"));
}

TEST_F(Map, CtrlCEndsASearchWithWhatIsFound) {
  const Finished stopped = run_program(
      {"map", "squeezenet", "--platform", "zc706", "--space", "fpga-store", "--gap", "0", "--out", path("stopped")},
      "incumbent", SIGINT);
  EXPECT_EQ(stopped.code, 0) << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("no design of the space has more than"));
  EXPECT_TRUE(fs::exists(folder_ / "stopped" / "report.html"));
}

TEST_F(Map, CtrlCWritesNothingOfAFront) {
  const Finished stopped =
      run_program({"map", "squeezenet", "--platform", "asic-28nm", "--pareto", "fps,area", "--out", path("stopped")},
                  "incumbent", SIGINT);
  EXPECT_EQ(stopped.code, 130);
  EXPECT_THAT(stopped.err, HasSubstr("autonba: stopped before the front was complete"));
  EXPECT_FALSE(fs::exists(folder_ / "stopped" / "accelerator.json"));
}

TEST_F(Map, ExplainsALayer) {
  ASSERT_EQ(run_program(quick("found")).code, 0);
  const Json network = read_json(folder_ / "found" / "network.json", "autonba.network/1");
  const std::string layer = network.at("layers").at(3).at("id");
  const Finished why = run_program({"map", path("found/network.json"), "--fix", path("found/accelerator.json"),
                                    "--explain", layer, "--out", path("why")});
  ASSERT_EQ(why.code, 0) << why.err;
  EXPECT_THAT(why.out, HasSubstr("Why " + layer + " is mapped so"));
  EXPECT_THAT(why.out, HasSubstr("twice the memory port"));
}

TEST_F(Map, AsicsTakeTheirOwnSpaceAndHaveAFrontOfSpeedAndArea) {
  const Finished mapped =
      run_program({"map", "squeezenet", "--platform", "asic-28nm", "--engine", "annealing", "--budget", "60",
                   "--objective", "area", "--target", "2", "--pareto", "fps,area", "--out", path("asic")});
  ASSERT_EQ(mapped.code, 0) << mapped.err;
  EXPECT_THAT(mapped.out, HasSubstr("(space asic, "));
  EXPECT_THAT(mapped.out, HasSubstr("Pareto front:"));
  const Json front = read_json(folder_ / "asic" / "pareto.json", "autonba.pareto/1");
  EXPECT_GE(front.at("points").size(), 2);
}

TEST_F(Map, WrongInputIsOneSentenceAndExitCode2AtOnce) {
  write_file_whole(folder_ / "damaged.json", "{\"schema\": \"autonba.network/1\", \"layers\": [");
  std::string platform = read_file(fs::path(AUTONBA_SOURCE_DIR) / "configs/platforms/zc706.yaml");
  write_file_whole(folder_ / "both.yaml", platform + "area_mm2: 3\n");
  write_file_whole(folder_ / "large.yaml",
                   "name: large\ninput: {channels: 3, height: 1024, width: 1024}\nclasses: 10\nlayers:\n"
                   "  - {op: conv, channels: 16, kernel: 3}\n  - {op: linear}\n");
  const auto with = [&](const char* network, const char* on, const Arguments& more = {}) {
    return Arguments{"map", network, "--platform", on, "--engine", "annealing", "--out", path("out")} + more;
  };
  const std::vector<std::pair<Arguments, std::string>> cases = {
      {with("squeezenet", path("both.yaml").c_str()), "area_mm2: is of an ASIC, but `dsp` of an FPGA"},
      {with("squeezenet", "zc7000"), "zc7000"},
      {with(path("damaged.json").c_str(), "zc706"), "damaged.json: is not valid JSON"},
      {with("squeznet", "zc706"), "did you mean squeezenet?"},
      {with("squeezenet", "zc706", {"--engine", "anealing"}), "anealing"},
      {with("squeezenet", "zc706", {"--objective", "speed"}), "speed not in {fps,latency,energy,edp,area}"},
      {with("squeezenet", "zc706", {"--objective", "energy"}), "zc706: has no tables"},
      {with("squeezenet", "asic-28nm", {"--objective", "area"}), "needs --target"},
      {with("squeezenet", "zc706", {"--target", "-3"}), "--target: -3 is not a number of images/s above 0"},
      {with("squeezenet", "zc706", {"--pareto", "fps,latency"}), "fps,latency is not offered"},
      {with("squeezenet", "zc706", {"--pareto", "fps,area"}), "zc706: has no tables"},
      {with("squeezenet", "zc706", {"--space", "asic"}), "space asic"},
      {with("squeezenet", "zc706", {"--explain", "nonsense"}), "the network has no layer nonsense"},
      {with("squeezenet", "zc706", {"--fix", path("damaged.json")}), "damaged.json: is not valid JSON"},
      {with("squeezenet", "zc706", {"--bits", "16"}), "has 16 bits, conv chunks of the design space fpga have at most"},
      {with("squeezenet", "zc706", {"--gap", "nan"}), "nan is not a number"},
      {with("squeezenet", "zc706", {"--time", "nan"}), "nan is not a number"},
      {with((std::string(300, 'n') + ".yaml").c_str(), "zc706"), "cannot be read: File name too long"},
      {with("squeezenet", "zc706", {"--chunks", "1"}), "--chunks: 1 is too few"},
      {with(path("large.yaml").c_str(), "zc706"), "has buffers that hold its smallest tile"},
      {{"map", "squeezenet", "--out", path("out")}, "--platform is missing"},
      {{"map", "squeezenet", "--platform", "zc706", "--engine", "annealing", "--out", "/proc/nowhere"},
       "/proc/nowhere"},
  };
  for (const auto& [arguments, message] : cases) {
    const auto begin = std::chrono::steady_clock::now();
    const Finished finished = run_program(arguments);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(finished.code, 2) << message << finished.err;
    EXPECT_THAT(finished.err, StartsWith("autonba: ")) << message;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_LT(seconds.count(), 20) << message;  // no search is begun; the machine may be busy
  }
}

TEST_F(Map, MarksNetworksOfWhichTheHostDoesAPart) {
  const Finished mapped = run_program({"map", "mobilenet-v3-large", "--platform", "zc706", "--engine", "random",
                                       "--budget", "50", "--json", "--out", path("out")});
  ASSERT_EQ(mapped.code, 0) << mapped.err;
  const Json result = Json::parse(mapped.out);
  EXPECT_EQ(result.at("template_only"), true);
  EXPECT_GT(result.at("host").at("share").get<double>(), 0);
  EXPECT_THAT(read_file(folder_ / "out" / "report.html"), HasSubstr("hard_swish"));
}

}  // namespace
}  // namespace autonba
