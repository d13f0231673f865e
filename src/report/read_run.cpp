#include "accel/accelerator_json.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "model/network_json.hpp"
#include "report/report.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;

Json read_where_present(const fs::path& file, std::string_view schema) {
  return fs::exists(file) ? read_json(file, schema) : Json();
}

std::vector<Json> read_metrics(const fs::path& file) {
  std::vector<Json> lines;
  const std::string text = fs::exists(file) ? read_file(file) : std::string();
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t newline = text.find('\n', begin);
    const bool torn = newline == std::string::npos;
    const std::string line = text.substr(begin, torn ? std::string::npos : newline - begin);
    begin = torn ? text.size() : newline + 1;
    ++number;
    Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (event.is_object() && event.contains("event")) {
      lines.push_back(std::move(event));
    } else if (!torn) {
      throw input_error("{}:{}: is damaged: found {:.40}, expected one JSON object with the key `event` on each line",
                        file.string(), number, line.empty() ? "an empty line" : line);
    }
  }
  return lines;
}

}  // namespace

ReportInput read_run(const fs::path& run) {
  if (!fs::is_directory(run)) {
    throw input_error("{}: is no folder; name the one that `autonba search --out` wrote", run.string());
  }
  if (!fs::exists(run / "config.yaml")) {
    throw input_error("{}: holds no config.yaml, so it is no run; name the folder that `autonba search --out` wrote",
                      run.string());
  }
  return {.result = read_where_present(run / "result.json", result_schema),
          .metrics = read_metrics(run / "metrics.jsonl"),
          .network = read_where_present(run / "network.json", network_schema),
          .accelerator = read_where_present(run / "accelerator.json", accelerator_schema),
          .config = read_file(run / "config.yaml")};
}

}  // namespace autonba
