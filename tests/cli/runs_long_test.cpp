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

const std::string configs = AUTONBA_SOURCE_DIR "/configs/";

class LongRuns : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Json result(const std::string& run) const { return read_json(folder_ / run / "result.json", "autonba.result/1"); }

  const fs::path folder_ = fs::temp_directory_path() / ("autonba-long-" + std::to_string(::getpid()));
};

TEST_F(LongRuns, ATighterTargetGivesAnotherNetworkOnAnotherAcceleratorThatIsFaster) {
  const auto search = [&](const std::string& out, const std::string& target) {
    std::vector<std::string> arguments = {"search", configs + "quick.yaml", "--out", path(out),
                                          "--set",  "train.epochs=1"};
    if (!target.empty()) {
      arguments.insert(arguments.end(), {"--set", "target.value=" + target});
    }
    const Finished finished = run_program(arguments);
    ASSERT_EQ(finished.code, 0) << finished.err;
  };
  search("tight", "");
  const double target = result("tight")["target"]["value"];
  search("loose", std::to_string(target / 4));
  EXPECT_GT(result("tight")["fps"], result("loose")["fps"]);
  EXPECT_GE(result("tight")["fps"], target);
  EXPECT_NE(read_file(path("tight/network.json")), read_file(path("loose/network.json")));
  EXPECT_NE(read_file(path("tight/accelerator.json")), read_file(path("loose/accelerator.json")));
}

/// The paper's schedules, 25 warm-up and 25 joint steps of them, on the data in $AUTONBA_DATA.
class PaperSchedule : public LongRuns {
 protected:
  void check(const std::string& config, const std::string& data, const std::vector<std::string>& more) const {
    const char* folder = std::getenv("AUTONBA_DATA");
    if (folder == nullptr || !fs::exists(fs::path(folder) / data)) {
      GTEST_SKIP() << "AUTONBA_DATA names no folder with " << data;
    }
    const auto arguments = [&](const std::string& out, const std::vector<std::string>& last) {
      std::vector<std::string> all = {"search", configs + config, "--out", path(out), "--data", folder + ("/" + data)};
      for (const char* assignment :
           {"search.warmup_epochs=1", "search.epochs=1", "search.steps_per_epoch=25", "accelerator.every=10",
            "accelerator.evaluations=100", "accelerator.final_evaluations=1000", "train.epochs=1"}) {
        all.insert(all.end(), {"--set", assignment});
      }
      all.insert(all.end(), more.begin(), more.end());
      all.insert(all.end(), last.begin(), last.end());
      return all;
    };
    const Finished whole = run_program(arguments("whole", {}));
    ASSERT_EQ(whole.code, 0) << whole.err;
    EXPECT_LT(result("whole")["peak_rss_mb"], 16000);
    ASSERT_EQ(run_program(arguments("parts", {"--pause-at", "37"})).code, 130);
    ASSERT_EQ(run_program(arguments("parts", {"--resume"})).code, 0);
    for (const char* file : {"network.json", "accelerator.json", "weights.pt"}) {
      EXPECT_EQ(read_file(folder_ / "whole" / file), read_file(folder_ / "parts" / file)) << file;
    }
  }
};

TEST_F(PaperSchedule, OfCifarStopsAndResumes) {
  check("cifar10.yaml", "cifar-10-batches-bin", {"--set", "max_images=6400", "--set", "target.value=100"});
}

TEST_F(PaperSchedule, OfImagenetStopsAndResumes) {
  check("imagenet100.yaml", "imagenet-mini",
        {"--set", "search.weights.batch=16", "--set", "train.weights.batch=16", "--set", "target.value=10"});
}

}  // namespace
}  // namespace autonba
