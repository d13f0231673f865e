#pragma once

#include <span>
#include <string_view>

namespace autonba {

/// A file that src/report/embed.cmake put into the program.
struct EmbeddedFile {
  std::string_view name;
  std::string_view content;
};

/// What the pages are made of: page.html (a run) and map.html (a mapping), which name the others in double braces, and
/// chart.js, which is Chart.js.
std::span<const EmbeddedFile> embedded_files();

}  // namespace autonba
