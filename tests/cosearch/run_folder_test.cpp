#include "cosearch/run_folder.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "tiny.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(RunFolderOf, AnotherConfigurationIsRefusedAndTheDifferenceNamed) {
  const TemporaryFolder folder("run");
  { const RunFolder mistaken(folder.path() / "a", "seed: 1\nepochs: 1\n"); }  // nothing was done with it
  {
    const RunFolder run(folder.path() / "a", "seed: 1\nepochs: 2\n");
    run.log({{"event", "space"}});
  }
  { const RunFolder again(folder.path() / "a", "seed: 1\nepochs: 2\n"); }
  EXPECT_THAT([&] { RunFolder(folder.path() / "a", "seed: 1\nepochs: 3\n"); },
              ThrowsMessage<InputError>(HasSubstr("(`epochs: 2`, now `epochs: 3`)")));
}

TEST(RunFolderOf, AFolderWithOtherThingsIsRefused) {
  const TemporaryFolder folder("run");
  write_file_whole(folder.path() / "thesis.tex", "");
  EXPECT_THAT([&] { RunFolder(folder.path(), "seed: 1\n"); },
              ThrowsMessage<InputError>(HasSubstr("is not empty and holds no run")));
}

TEST(RunFolderOf, ARunInUseIsRefused) {
  const TemporaryFolder folder("run");
  const RunFolder run(folder.path() / "a", "seed: 1\n");
  EXPECT_THAT([&] { RunFolder(folder.path() / "a", "seed: 1\n"); },
              ThrowsMessage<InputError>(HasSubstr("another autonba is working in this folder")));
}

TEST(RunFolderOf, TheLogGoesBackToACheckpoint) {
  const TemporaryFolder folder("run");
  const RunFolder run(folder.path() / "a", "seed: 1\n");
  EXPECT_FALSE(run.started());
  run.log({{"event", "space"}});
  const auto kept = run.log_size();
  run.log({{"event", "epoch"}});
  run.back_to(kept);
  EXPECT_EQ(read_file(run.file("metrics.jsonl")), "{\"event\":\"space\"}\n");
  EXPECT_TRUE(run.started());
  EXPECT_FALSE(run.finished());
}

TEST(RunFolderOf, AnotherTrainingTakesUpWhereTheSearchEnded) {
  const TemporaryFolder folder("run");
  const std::filesystem::path path = folder.path() / "a";
  {
    const RunFolder run(path, "train: {epochs: 7}\n");
    for (const Json& event : {Json{{"event", "epoch"}, {"phase", "search"}}, Json{{"event", "derived"}},
                              Json{{"event", "epoch"}, {"phase", "train"}, {"epoch", 7}}}) {
      run.log(event);
    }
    run.write_result({{"fps", 3.0}, {"top1", 0.5}, {"train_seconds", 2.0}});
  }
  change_training(path, "train: {epochs: 3}\n");
  const RunFolder run(path, "train: {epochs: 3}\n");
  EXPECT_EQ(read_file(run.file("metrics.jsonl")),
            "{\"event\":\"epoch\",\"phase\":\"search\"}\n{\"event\":\"derived\"}\n");
  EXPECT_FALSE(run.finished());
  EXPECT_EQ(run.result().at("fps"), 3.0);
  EXPECT_FALSE(run.result().contains("train_seconds"));
}

TEST(RunFolderOf, ItIsFinishedWhenTheResultHasItsAccuracy) {
  const TemporaryFolder folder("run");
  const RunFolder run(folder.path() / "a", "seed: 1\n");
  run.write_result({{"fps", 3.0}});
  EXPECT_FALSE(run.finished());
  run.write_result({{"fps", 3.0}, {"top1", 0.5}});
  EXPECT_TRUE(run.finished());
}

}  // namespace
}  // namespace autonba
