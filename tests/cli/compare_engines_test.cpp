// `autonba compare-engines` as a user calls it.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.hpp"
#include "base/json.hpp"
#include "program.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(CompareEngines, ComparesNamedNetworksAndThoseThatAreDrawn) {
  const fs::path folder = fs::temp_directory_path() / ("autonba-compare-" + std::to_string(::getpid()));
  const Finished compared = run_program({"compare-engines", "squeezenet", "mobilenet-v1", "--draw", "quick",
                                         "--networks", "1", "--platform", "zc706", "--budget", "20", "--seeds", "1",
                                         "--engines", "random", "exact", "--out", folder.string()});
  EXPECT_EQ(compared.code, 0) << compared.err;
  const std::string table = read_file(folder / "table.md");
  EXPECT_EQ(compared.out, table);
  for (const char* network : {"squeezenet", "mobilenet-v1", "quick 0"}) {
    EXPECT_THAT(table, HasSubstr("| " + std::string(network) + " | exact |"));
  }
  EXPECT_EQ(read_json(folder / "comparison.json", "autonba.comparison/2").at("rows").size(), 6);
  EXPECT_THAT(read_file(folder / "curves.svg"), HasSubstr("mobilenet-v1"));
  fs::remove_all(folder);
}

TEST(CompareEngines, AsksForANetwork) {
  const Finished asked = run_program({"compare-engines", "--platform", "zc706", "--out", "nowhere"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("name some, or a search space with --draw"));
}

}  // namespace
}  // namespace autonba
