#include <map>

#include "report/embedded.hpp"
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

/// Replaces each {{name}} of the template once, so that braces in what is filled in mean nothing.
std::string fill(std::string_view page, const std::map<std::string_view, std::string_view>& parts) {
  std::string filled;
  while (true) {
    const std::size_t open = page.find("{{");
    filled += page.substr(0, open);
    if (open == std::string_view::npos) {
      return filled;
    }
    const std::size_t close = page.find("}}", open);
    filled += parts.at(page.substr(open + 2, close - open - 2));
    page.remove_prefix(close + 2);
  }
}

}  // namespace

std::string render_report(const ReportInput& input) {
  const std::string data = json_for_html(report_data(input));
  return fill(embedded::page_html(), {{"css", embedded::page_css()},
                                      {"chart_js", embedded::chart_js()},
                                      {"chart_js_licence", embedded::chart_js_licence()},
                                      {"curves_js", embedded::curves_js()},
                                      {"page_js", embedded::page_js()},
                                      {"data", data}});
}

}  // namespace autonba
