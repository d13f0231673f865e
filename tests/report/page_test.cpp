// Opens the page in a browser without a window, where there is one.
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "base/files.hpp"
#include "sample_map.hpp"
#include "sample_run.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> part{};
  for (std::size_t size = 0; pipe != nullptr && (size = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
    output.append(part.data(), size);
  }
  if (pipe != nullptr) {
    ::pclose(pipe);
  }
  return output;
}

class Page : public testing::Test {
 protected:
  void SetUp() override {
    if (output_of("command -v chromium").empty()) {
      GTEST_SKIP() << "chromium is not installed";
    }
    folder_ = fs::path(testing::TempDir()) / fmt::format("report-page-{}", ::getpid());
    fs::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) {
      fs::remove_all(folder_);
    }
  }

  /// What is drawn once the page's script has run: its document up to the data and the scripts. Expects that it was
  /// drawn to the end, without a complaint on the browser's console.
  std::string drawn(const ReportInput& input) { return drawn_html(render_report(input)); }
  std::string drawn_html(const std::string& html) {
    write_file_whole(folder_ / "report.html", html);
    const std::string document =
        output_of(fmt::format("chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
                              "--disable-background-networking --disable-component-update --disable-sync "
                              "--user-data-dir={0}/profile --enable-logging=stderr --virtual-time-budget=3000 "
                              "--dump-dom file://{0}/report.html 2>{0}/log",
                              folder_.string()));
    EXPECT_THAT(document, HasSubstr("data-drawn=\"yes\""));
    EXPECT_THAT(read_file(folder_ / "log"), Not(HasSubstr("CONSOLE")));
    return document.substr(0, document.find("<script"));
  }

  fs::path folder_;
};

TEST_F(Page, AFinishedRunIsDrawnWhole) {
  const std::string page = drawn(sample::run({}));
  EXPECT_THAT(page, HasSubstr("<h1 id=\"title\">fashion-mnist on zc706</h1>"));
  EXPECT_THAT(page, HasSubstr("<p class=\"value\">90.87<span class=\"unit\"> %</span></p>"));
  EXPECT_THAT(page, HasSubstr("<th class=\"text\" scope=\"row\">block6.project</th>"));
  EXPECT_THAT(page, Not(HasSubstr("<p class=\"absent\">")));
}

TEST_F(Page, ARunThatHasJustBegunSaysWhatIsMissing) {
  const std::string page = drawn({.config = "seed: 1\n"});
  for (const char* sentence : {"No network yet", "No accelerator yet", "No curves yet", "No probabilities yet",
                               "Training from scratch has not finished an epoch"}) {
    EXPECT_THAT(page, HasSubstr(sentence));
  }
}

TEST_F(Page, ARunInterruptedInTheSearchShowsTheLikeliestChoices) {
  const std::string page = drawn(sample::run({.search = 1, .train = 0, .derived = false}));
  EXPECT_THAT(page, HasSubstr("likeliest choices after epoch 1 of the search"));
  EXPECT_THAT(page, HasSubstr("No accelerator yet"));
}

TEST_F(Page, AMappingIsDrawnWithWhatItHas) {
  MapResult result = sample::mapped("zc706");
  const std::string without = drawn_html(map_page(sample::data_of(result)));
  EXPECT_THAT(without, HasSubstr("<h1 id=\"title\">sample on zc706</h1>"));
  EXPECT_THAT(without, HasSubstr("<section id=\"pareto\" aria-labelledby=\"pareto-title\" hidden=\"\">"));
  EXPECT_THAT(without, Not(HasSubstr("Template only")));
  Mapper mapper(result.platform);
  result.explanation = explain(result.network, result.accelerator, 1, 4, mapper);
  result.bound = 0.9 * value_of(Objective::fps, result);
  result.target = make_target(Objective::fps, 1e6);
  result.network.host_ops = {{.id = "soft", .op = "Softmax", .operations = 10, .reads = {0}, .map = std::nullopt}};
  const std::string with = drawn_html(map_page(sample::data_of(result)));
  for (const char* part : {"no design of the space fpga-small has more than", "<dd>10.00 %</dd>", "missed",
                           "Template only", "twice the memory port", "Softmax", "[object"}) {
    EXPECT_EQ(with.find(part) != std::string::npos, std::string(part) != "[object") << part;
  }
}

TEST_F(Page, AFrontOfAnAsicIsDrawn) {
  MapTask task = sample::task_on("asic-28nm");
  task.axes = pareto_axes(Objective::fps, Objective::area);
  Mapper mapper(task.platform);
  const std::string page = drawn_html(map_page(sample::data_of(map_network(task, mapper))));
  EXPECT_THAT(page, HasSubstr("Throughput against area"));
  EXPECT_THAT(page, HasSubstr("Energy"));
}

TEST_F(Page, NamesOfTheUserStayText) {
  ReportInput input = sample::run({});
  input.config = "dataset: '<img src=x onerror=alert(1)>'\n";
  const std::string page = drawn(input);
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=alert(1)&gt;</h1>"));
}

}  // namespace
}  // namespace autonba
