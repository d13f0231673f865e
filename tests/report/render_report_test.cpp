#include <gmock/gmock.h>

#include <fstream>
#include <regex>

#include "accel/accelerator_json.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "model/network_json.hpp"
#include "sample_run.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// The document in the page, read back as a browser would: up to the first end of a script.
Json data_in(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(open) + open.size();
  return Json::parse(page.substr(begin, page.find("</script", begin) - begin));
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(RenderReport, ThePageRefersToNothingOutsideItself) {
  const std::string page = render_report(sample::run({}));
  EXPECT_FALSE(std::regex_search(
      page, std::regex(R"re((src|href|srcset|action)\s*=\s*["']?\s*(https?:)?//)re", std::regex::icase)));
  EXPECT_FALSE(std::regex_search(
      page, std::regex(R"re(url\(|@import|<link|<iframe|<base|\bfetch\(|XMLHttpRequest|import\()re")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(RenderReport, ChartJsComesWithItsLicence) {
  const std::string page = render_report(sample::run({}));
  EXPECT_THAT(page, HasSubstr("Copyright (c) 2014-2022 Chart.js Contributors"));
  EXPECT_THAT(page, HasSubstr("The above copyright notice and this permission notice shall be included"));
  EXPECT_THAT(page, HasSubstr("Chart.js v3"));
}

TEST(RenderReport, ThePageHoldsTheData) {
  const ReportInput input = sample::run({});
  EXPECT_EQ(data_in(render_report(input)), report_data(input));
}

TEST(RenderReport, TextOfTheUserCannotBecomeMarkup) {
  ReportInput input = sample::run({});
  const std::string evil = "</script><script>alert(1)</script><!-- {{page.js}} & \xe2\x80\xa8";
  input.result["engine"] = evil;
  input.config += "# " + evil;
  const std::string page = render_report(input);
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_EQ(occurrences(page, "</script"), occurrences(render_report(sample::run({})), "</script"));
  EXPECT_EQ(occurrences(page, "function drawPage"), 1u);  // {{page.js}} in a text stays a text
  EXPECT_EQ(data_in(page).at("result").at("engine"), evil);
  EXPECT_EQ(data_in(page).at("config"), input.config);
}

TEST(RenderReport, TextThatIsNotUtf8IsShownWithReplacements) {
  ReportInput input = sample::run({});
  input.result["engine"] = "das\xff";
  EXPECT_EQ(data_in(render_report(input)).at("result").at("engine"), "das\xef\xbf\xbd");
}

class ReadRun : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("report-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string complaint() {
    try {
      read_run(folder_);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no complaint";
  }

  fs::path folder_;
};

TEST_F(ReadRun, GivesBackWhatARunWrote) {
  const ReportInput input = sample::run({});
  write("config.yaml", input.config);
  write_json(folder_ / "result.json", "autonba.result/1", input.result);
  write_json(folder_ / "network.json", network_schema, input.network);
  write_json(folder_ / "accelerator.json", accelerator_schema, input.accelerator);
  for (const Json& line : input.metrics) {
    append_line(folder_ / "metrics.jsonl", line.dump());
  }
  EXPECT_EQ(report_data(read_run(folder_)), report_data(input));
}

TEST_F(ReadRun, TakesARunThatHasOnlyBegun) {
  write("config.yaml", "seed: 1\n");
  const ReportInput input = read_run(folder_);
  EXPECT_TRUE(input.result.is_null());
  EXPECT_TRUE(input.metrics.empty());
  EXPECT_EQ(input.config, "seed: 1\n");
}

TEST_F(ReadRun, LeavesOutATornLastLine) {
  write("config.yaml", "");
  write("metrics.jsonl", "{\"event\": \"space\"}\n{\"event\": \"epo");
  EXPECT_EQ(read_run(folder_).metrics.size(), 1u);
}

TEST_F(ReadRun, NamesTheDamagedLineOfMetrics) {
  write("config.yaml", "");
  write("metrics.jsonl", "{\"event\": \"space\"}\n{\"event\": \"epo\n{\"event\": \"epoch\"}\n");
  EXPECT_THAT(complaint(), HasSubstr("metrics.jsonl:2: is damaged: found {\"event\": \"epo, expected one JSON object"));
  write("metrics.jsonl", "{\"event\": \"space\"}\n[1]\n");
  EXPECT_THAT(complaint(), HasSubstr("metrics.jsonl:2: is damaged: found [1]"));
}

TEST_F(ReadRun, RefusesWhatIsNoRun) {
  EXPECT_THAT(complaint(), HasSubstr("holds no config.yaml, so it is no run"));
  EXPECT_THROW(read_run(folder_ / "missing"), InputError);
}

}  // namespace
}  // namespace autonba
