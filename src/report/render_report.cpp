#include <algorithm>
#include <stdexcept>

#include "report/embedded.hpp"
#include "report/map_report.hpp"
#include "report/report.hpp"

namespace autonba {
namespace {

/// JSON that a <script> element can hold: ASCII, and nothing in it that HTML could read as markup.
std::string json_for_html(const Json& document) {
  const std::string text = document.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  std::string escaped;
  for (const char c : text) {
    // In JSON these occur inside strings only, where they may be written as escapes.
    if (c == '<' || c == '>' || c == '&') {
      escaped += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string_view embedded_file(std::string_view name) {
  const auto files = embedded_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& file) { return file.name == name; });
  if (found == files.end()) {
    throw std::logic_error(fmt::format("the page names {}, which is not embedded", name));
  }
  return found->content;
}

/// The page `name` with the file of each {{name}} in its place, and `data` in that of {{data}}. Braces in what is
/// filled in mean nothing.
std::string filled_page(std::string_view page_name, std::string_view data) {
  std::string_view page = embedded_file(page_name);
  std::string filled;
  while (true) {
    const std::size_t open = page.find("{{");
    filled += page.substr(0, open);
    if (open == std::string_view::npos) {
      return filled;
    }
    const std::size_t close = page.find("}}", open);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    filled += name == "data" ? data : embedded_file(name);
    page.remove_prefix(close + 2);
  }
}

}  // namespace

std::string render_report(const ReportInput& input) {
  return filled_page("page.html", json_for_html(report_data(input)));
}

std::string map_page(const Json& data) {
  return filled_page("map.html", json_for_html(data));
}

}  // namespace autonba
