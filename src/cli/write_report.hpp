#pragma once

#include <filesystem>

namespace autonba {

/// Writes `run`/report.html and returns its path. Throws InputError if `run` is no run.
std::filesystem::path write_report(const std::filesystem::path& run);

}  // namespace autonba
