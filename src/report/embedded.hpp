#pragma once

#include <string_view>

/// Files that src/report/embed.cmake put into the program.
namespace autonba::embedded {

std::string_view page_html();
std::string_view page_css();
std::string_view page_js();
std::string_view curves_js();
std::string_view chart_js();          // Chart.js, the minified build for script elements
std::string_view chart_js_licence();  // its licence, which goes where it goes

}  // namespace autonba::embedded
