#include "cosearch/config.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/files.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;

class ConfigFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  Config load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    write_file_whole(file_, text);
    return load_config(file_, overrides);
  }

  std::string complaint(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      load(text, overrides);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no complaint";
  }

  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("autonba-config-" + std::to_string(::getpid()) + ".yaml");
  const std::string smallest_ = "dataset: cifar10\nspace: quick\nplatform: zc706\ntarget: {metric: fps, value: 1000}\n";
};

TEST_F(ConfigFile, ResolvedTextReadsBackAsItself) {
  const Config config = load(smallest_, {"search.weights.learning_rate=0.1", "search.tau_decay=0.975", "data=\"a: b\"",
                                         "target.value=1234.5678901234567"});
  const std::string resolved = to_yaml(config);
  EXPECT_EQ(to_yaml(load(resolved)), resolved);
  EXPECT_EQ(load(resolved).data, "a: b");
  EXPECT_EQ(load(resolved).search.weights.learning_rate, 0.1);
  EXPECT_EQ(load(resolved).target.value, 1234.5678901234567);
}

TEST_F(ConfigFile, TheTrainingHasTheSeedOfTheRunUnlessItsOwnIsGiven) {
  EXPECT_EQ(load(smallest_, {"seed=7"}).train.seed, 7);
  EXPECT_EQ(load(smallest_, {"seed=7", "train.seed=3"}).train.seed, 3);
}

TEST_F(ConfigFile, TheTrainingCropsAsUsualUnlessToldOtherwise) {
  EXPECT_FALSE(load(to_yaml(load(smallest_))).train.crop_padding.has_value());
  EXPECT_EQ(load(to_yaml(load(smallest_, {"train.crop_padding=0"}))).train.crop_padding, 0);
}

TEST(FinalBudget, ExactProvesItsGapUnlessAStoreMayKeepItFromDoingSo) {
  const DesignSpace without = load_design_space("fpga");
  Config config;
  ASSERT_EQ(config.accelerator.engine, "exact");
  EXPECT_EQ(final_budget(config, without).evaluations, 0);
  EXPECT_EQ(final_budget(config, load_design_space("fpga-store")).evaluations, 100'000);
  config.accelerator.final_evaluations = 7;
  EXPECT_EQ(final_budget(config, without).evaluations, 7);
  EXPECT_EQ(final_budget({.accelerator = {.engine = "random"}}, without).evaluations, 10'000);
}

TEST_F(ConfigFile, EveryConfigurationThatComesAlongIsValid) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(AUTONBA_SOURCE_DIR "/configs")) {
    if (entry.path().extension() == ".yaml") {
      const std::string resolved = to_yaml(load_config(entry.path()));
      EXPECT_EQ(to_yaml(load(resolved)), resolved) << entry.path();
      ++found;
    }
  }
  EXPECT_GE(found, 4);
}

TEST_F(ConfigFile, MistakesAreNamed) {
  EXPECT_THAT(complaint(smallest_ + "serach: {}\n"),
              HasSubstr(":5: serach: is not a key that is known here; did you mean `search`?"));
  EXPECT_THAT(complaint(smallest_ + "search: {weights: {bach: 3}}\n"),
              HasSubstr("search.weights.bach: is not a key that is known here; did you mean `batch`?"));
  EXPECT_THAT(complaint(smallest_, {"search.epochs=0"}), HasSubstr("search.epochs: 0 is not between 1 and"));
  EXPECT_THAT(complaint(smallest_, {"search.epochs=two"}), HasSubstr("search.epochs: \"two\" is not a whole number"));
  EXPECT_THAT(complaint(smallest_, {"target.metric=fsp"}), HasSubstr("did you mean \"fps\"?"));
  EXPECT_THAT(complaint(smallest_, {"target.value=.nan"}), HasSubstr("is not a number"));
  EXPECT_THAT(complaint(smallest_, {"search.tau_decay=0.9", "search.tau_end=0.1"}),
              HasSubstr("tau_end: stands beside tau_decay"));
  EXPECT_THAT(complaint(smallest_, {"train.epochs=5", "train.warmup_epochs=5"}),
              HasSubstr("warmup_epochs: must be fewer than the 5 epochs"));
  EXPECT_THAT(complaint(smallest_, {"train.weights.learning_rate=0", "train.weights.muon_learning_rate=0.02"}),
              HasSubstr("muon_learning_rate: falls along with learning_rate, which is 0"));
  EXPECT_THAT(complaint(smallest_, {"train.weights.learning_rate=0", "train.weights.step_learning_rate=0.01"}),
              HasSubstr("step_learning_rate: falls along with learning_rate, which is 0"));
  EXPECT_THAT(complaint("dataset: cifar10\n"), HasSubstr("space: is missing"));
  EXPECT_THAT(complaint(""), HasSubstr("a mapping of keys was expected"));
}

}  // namespace
}  // namespace autonba
