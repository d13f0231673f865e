#pragma once

#include <span>
#include <string_view>

namespace autonba {

/// A file that src/report/embed.cmake put into the program.
struct EmbeddedFile {
  std::string_view name;
  std::string_view content;
};

/// What the page is made of: page.html, which names the others in double braces, and chart.js, which is Chart.js.
std::span<const EmbeddedFile> embedded_files();

}  // namespace autonba
