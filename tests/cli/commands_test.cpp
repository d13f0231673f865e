#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.hpp"
#include "base/json.hpp"
#include "program.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* quick = AUTONBA_SOURCE_DIR "/configs/quick.yaml";

/// A folder of its own for each test.
class Commands : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    if (!fs::exists("/usr/share/datasets/fashion-mnist")) {
      GTEST_SKIP() << "Fashion-MNIST is not installed (package dataset-fashion-mnist)";
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// A search on 256 images that takes seconds, with all stages.
  std::vector<std::string> small_search(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"search", quick, "--out", path(out), "--threads", "2"};
    for (const char* assignment :
         {"max_images=256", "target.value=100", "search.weights.batch=16", "search.warmup_epochs=1", "search.epochs=1",
          "accelerator.every=4", "accelerator.evaluations=20", "accelerator.final_evaluations=100", "train.epochs=2",
          "train.weights.batch=32", "checkpoint_steps=3"}) {
      arguments.insert(arguments.end(), {"--set", assignment});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  /// result.json without what time and memory decide.
  Json result(const std::string& run) const {
    Json document = read_json(folder_ / run / "result.json", "autonba.result/1");
    for (const char* key : {"search_seconds", "train_seconds", "peak_rss_mb"}) {
      EXPECT_TRUE(document.contains(key)) << key;
      document.erase(key);
    }
    return document;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("autonba-commands-" + std::to_string(::getpid()));
};

TEST_F(Commands, TheSameSeedTwiceAndAnyInterruptionGiveTheSameResult) {
  const Finished first = run_program(small_search("first", {"--json"}));
  ASSERT_EQ(first.code, 0) << first.err;
  const Json expected = result("first");
  for (const char* key : {"dataset", "platform", "engine", "seed", "top1", "objective", "value", "fps", "ii_cycles",
                          "batch", "latency_ms", "dsp", "bram18", "lut", "ff", "target"}) {
    EXPECT_TRUE(expected.contains(key)) << key;
  }
  EXPECT_EQ(Json::parse(first.out)["top1"], expected["top1"]);
  EXPECT_TRUE(fs::exists(folder_ / "first" / "report.html"));

  ASSERT_EQ(run_program(small_search("second")).code, 0);
  EXPECT_EQ(result("second"), expected);

  // Stopped in the search, killed in the search, stopped in the training, then left alone.
  EXPECT_EQ(run_program(small_search("third", {"--pause-at", "11"})).code, 130);
  EXPECT_EQ(run_program(small_search("third", {"--resume"}), "search 1/1", SIGKILL).code, 128 + SIGKILL);
  const Finished stopped = run_program(small_search("third", {"--resume"}), "train 1/2", SIGINT);
  EXPECT_THAT(stopped.code, testing::AnyOf(130, 0)) << stopped.err;
  ASSERT_EQ(run_program(small_search("third", {"--resume"})).code, 0);
  EXPECT_EQ(result("third"), expected);
  EXPECT_EQ(read_file(folder_ / "third" / "network.json"), read_file(folder_ / "first" / "network.json"));
  EXPECT_EQ(read_file(folder_ / "third" / "accelerator.json"), read_file(folder_ / "first" / "accelerator.json"));
  EXPECT_EQ(read_file(folder_ / "third" / "weights.pt"), read_file(folder_ / "first" / "weights.pt"));
}

TEST_F(Commands, AFinishedRunIsNotRunAgainAndCanBeUsed) {
  ASSERT_EQ(run_program(small_search("run")).code, 0);
  const auto written = fs::last_write_time(folder_ / "run" / "weights.pt");
  const Finished again = run_program(small_search("run"));
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out, HasSubstr("top-1"));
  EXPECT_EQ(fs::last_write_time(folder_ / "run" / "weights.pt"), written);

  const Finished other = run_program(small_search("run", {"--set", "seed=2"}));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("`seed: 1`, now `seed: 2`"));

  EXPECT_EQ(run_program({"report", path("run"), "--json"}).code, 0);
  const Finished no_image = run_program({"predict", path("run"), quick});
  EXPECT_EQ(no_image.code, 2);
  EXPECT_THAT(no_image.err, HasSubstr("quick.yaml"));

  const Finished trained = run_program({"train", path("run"), "--set", "train.epochs=1"});
  EXPECT_EQ(trained.code, 0) << trained.err;
  EXPECT_EQ(run_program({"train", path("run"), "--set", "seed=3"}).code, 2);
  const Finished unknown_bits = run_program({"train", path("run"), "--set", "train.bits=5"});
  EXPECT_EQ(unknown_bits.code, 2);
  EXPECT_THAT(unknown_bits.err, HasSubstr("train.bits: 5 is not among the bitwidths of quick (4, 6, 8)"));
  EXPECT_THAT(run_program({"train", path("run")}).out, HasSubstr("top-1"));  // nothing of the last training is lost
}

TEST_F(Commands, ADamagedCheckpointIsNamed) {
  EXPECT_EQ(run_program(small_search("run", {"--pause-at", "5"})).code, 130);
  const fs::path checkpoint = folder_ / "run" / "checkpoints" / "search";
  write_file_whole(checkpoint, read_file(checkpoint).substr(0, 1000));
  const Finished resumed = run_program(small_search("run", {"--resume"}));
  EXPECT_EQ(resumed.code, 2);
  EXPECT_THAT(resumed.err, HasSubstr("checkpoints/search: is damaged"));
}

TEST_F(Commands, ASearchSpaceThatHasChangedInBetweenIsRefused) {
  const fs::path space = folder_ / "space.yaml";
  std::string text = read_file(AUTONBA_SOURCE_DIR "/configs/spaces/quick.yaml");
  write_file_whole(space, text);
  const std::string named = "space=" + space.string();
  EXPECT_EQ(run_program(small_search("run", {"--set", named, "--pause-at", "5"})).code, 130);
  const std::string bits = "[4, 6, 8]";
  write_file_whole(space, text.replace(text.find(bits), bits.size(), "[2, 4, 6]"));
  const Finished resumed = run_program(small_search("run", {"--set", named, "--resume"}));
  EXPECT_EQ(resumed.code, 2);
  EXPECT_THAT(resumed.err, HasSubstr("checkpoints/search: began with another search space than quick is today"));
}

TEST_F(Commands, AnUnfinishedRunWantsResume) {
  EXPECT_EQ(run_program(small_search("run", {"--pause-at", "2"})).code, 130);
  const Finished again = run_program(small_search("run"));
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("--resume goes on with it"));
}

TEST_F(Commands, ATargetOutOfReachIsRefusedBeforeTheFirstStep) {
  const Finished refused = run_program(small_search("run", {"--set", "target.value=1e8"}));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("the cheapest network of the space reaches"));
  EXPECT_FALSE(fs::exists(folder_ / "run" / "metrics.jsonl"));
}

TEST_F(Commands, WrongInputIsOneSentenceAndExitCode2) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"search", path("none.yaml"), "--out", path("run")}, "none.yaml: cannot be read"},
      {small_search("run", {"--set", "serach.epochs=1"}), "did you mean `search`?"},
      {small_search("run", {"--set", "platform=zc70"}), "zc70"},
      {small_search("run", {"--set", "space=qick"}), "qick"},
      {small_search("run", {"--data", path("empty")}), "empty"},
      {small_search("run", {"--set", "space=fbnet-cifar"}), "fbnet-cifar is for images of 32x32"},
      {small_search("run", {"--set", "train.weights.batch=512"}), "512 is more than the 256 training images"},
      {{"search", quick, "--out", "/proc/nowhere"}, "/proc/nowhere"},
      {{"report", path("none")}, "none"},
      {{"predict", path("none"), quick}, "holds no trained network"},
      {{"train", path("none")}, "holds no derived network"},
  };
  for (const auto& [arguments, message] : cases) {
    const Finished finished = run_program(arguments);
    EXPECT_EQ(finished.code, 2) << message;
    EXPECT_THAT(finished.err, StartsWith("autonba: ")) << message;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
    EXPECT_EQ(finished.out, "");
  }
}

TEST_F(Commands, ADeviceThatIsNotThereIsNamed) {
  for (const auto& [option, value] : {std::pair{"--device", "cuda"}, std::pair{"--set", "device=cuda"}}) {
    const Finished finished = run_program(small_search("run", {option, value}));
    if (finished.code == 0) {
      GTEST_SKIP() << "this machine has a CUDA device";
    }
    EXPECT_EQ(finished.code, 2);
    EXPECT_THAT(finished.err, HasSubstr("this machine has no CUDA device"));
  }
}

TEST(Program, ListsWhatAConfigurationCanName) {
  const Finished platforms = run_program({"list", "platforms"});
  EXPECT_EQ(platforms.code, 0);
  EXPECT_THAT(platforms.out, HasSubstr("zc706\n"));
  const Finished engines = run_program({"list", "engines", "--json"});
  EXPECT_THAT(Json::parse(engines.out)["engines"].get<std::vector<std::string>>(), testing::Contains("das"));
  for (const char* kind : {"spaces", "accelerators", "networks", "datasets"}) {
    EXPECT_EQ(run_program({"list", kind}).code, 0) << kind;
  }
  EXPECT_EQ(run_program({"list", "things"}).code, 2);
}

TEST(Program, SaysSoIfItsResultIsLost) {
  const int status = std::system(AUTONBA_PROGRAM " list networks >/dev/full 2>/dev/null");
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(Program, ExplainsItself) {
  EXPECT_THAT(run_program({"--version"}).out, HasSubstr("libtorch"));
  EXPECT_THAT(run_program({"--help"}).out, HasSubstr("compare-engines"));
  EXPECT_THAT(run_program({"search", "--help"}).out, HasSubstr("--resume"));
  EXPECT_EQ(run_program({}).code, 2);
  EXPECT_EQ(run_program({"serach"}).code, 2);
}

}  // namespace
}  // namespace autonba
