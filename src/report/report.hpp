#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace autonba {

/// What a run directory holds. Documents are null (and lists and texts empty) where the run has not got that far.
struct ReportInput {
  Json result;                // result.json
  std::vector<Json> metrics;  // the lines of metrics.jsonl, in their order
  Json network;               // network.json
  Json accelerator;           // accelerator.json
  std::string config;         // the text of config.yaml
};

/// Reads a run directory, finished or not. A last line of metrics.jsonl that was torn when the process died is left
/// out. Throws InputError if `run` is no run, or a file of it is damaged.
ReportInput read_run(const std::filesystem::path& run);

/// All that the report shows, worked out: what docs/report.md calls the data of the page. Throws InputError where the
/// documents do not fit together.
Json report_data(const ReportInput& input);

/// report.html: one page that needs no other file and no network.
std::string render_report(const ReportInput& input);

}  // namespace autonba
