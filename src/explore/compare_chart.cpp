#include "explore/compare_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/ceil_div.hpp"

namespace autonba {
namespace {

// Pixels.
constexpr double panel_width = 380;
constexpr double panel_height = 260;
constexpr double plot_left = 62;
constexpr double plot_right = 16;
constexpr double plot_top = 34;
constexpr double plot_bottom = 44;
constexpr double header_height = 66;
constexpr double margin = 12;
constexpr std::size_t columns_most = 3;
constexpr double legend_step = 105;

constexpr int points_per_decade = 24;
constexpr double latency_top = 4;  // times the best final median
constexpr std::size_t colours = 6;

constexpr const char* style = R"(<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #55544e; }
.title { font-size: 15px; font-weight: 600; fill: #14140f; }
.name { font-weight: 600; fill: #14140f; }
.page { fill: #ffffff; }
.grid { stroke: #e4e3dc; }
.axis { stroke: #a9a8a0; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.band { opacity: 0.16; }
.bound { stroke: #14140f; stroke-width: 1.5; stroke-dasharray: 6 4; }
.s0 { stroke: #2a78d6; } .f0 { fill: #2a78d6; }
.s1 { stroke: #eb6834; } .f1 { fill: #eb6834; }
.s2 { stroke: #1baf7a; } .f2 { fill: #1baf7a; }
.s3 { stroke: #c98500; } .f3 { fill: #c98500; }
.s4 { stroke: #d8648b; } .f4 { fill: #d8648b; }
.s5 { stroke: #4a3aa7; } .f5 { fill: #4a3aa7; }
@media (prefers-color-scheme: dark) {
  text { fill: #c3c2b7; }
  .title, .name { fill: #f6f6f2; }
  .page { fill: #1a1a19; }
  .grid { stroke: #2d2d2a; }
  .axis { stroke: #6e6d67; }
  .band { opacity: 0.22; }
  .bound { stroke: #f6f6f2; }
  .s5 { stroke: #9085e9; } .f5 { fill: #9085e9; }
}
</style>
)";

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : std::string(1, c);
  }
  return out;
}

/// `points_per_decade` whole numbers for each decade up to `most`, without repetition.
std::vector<std::int64_t> dense_points(std::int64_t most) {
  std::vector<std::int64_t> points;
  for (int i = 0;; ++i) {
    const auto point = std::llround(std::pow(10, static_cast<double>(i) / points_per_decade));
    if (point >= most) {
      break;
    }
    if (points.empty() || point > points.back()) {
      points.push_back(point);
    }
  }
  points.push_back(most);
  return points;
}

/// 1, 2 or 5 times a power of ten, so that up to five steps reach `most`.
double tick_step(double most) {
  const double rough = most / 5;
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * decade >= rough) {
      return factor * decade;
    }
  }
  return 10 * decade;
}

std::string count_label(double count) {
  return count >= 1e6   ? fmt::format("{:g}M", count / 1e6)
         : count >= 1e3 ? fmt::format("{:g}k", count / 1e3)
                        : fmt::format("{:g}", count);
}

/// What is drawn of one network.
struct Panel {
  std::string network;
  std::vector<EngineCurve> curves;
  std::optional<double> bound;
};

/// Where values lie in a panel, in pixels from its corner.
struct Scale {
  double evaluations = 10;
  double top = 1;  // value
  double x(double count) const {
    return plot_left + (panel_width - plot_left - plot_right) * std::log10(count) / std::log10(evaluations);
  }
  double y(double value) const {
    const double share = std::clamp(value / top, -0.1, 1.5);  // beyond the plot it is clipped
    return panel_height - plot_bottom - (panel_height - plot_top - plot_bottom) * share;
  }
};

class Chart {
 public:
  Chart(const std::vector<EngineRun>& runs, const Comparison& comparison);
  std::string drawn() const;

 private:
  double top_of(const Panel& panel) const;
  std::string header() const;
  std::string drawn(const Panel& panel, double left, double top) const;
  std::string axes(const Scale& scale) const;
  std::string drawn(const EngineCurve& curve, const Scale& scale) const;
  std::size_t colour_of(const std::string& engine) const;

  const Comparison& comparison_;
  bool fps_ = true;
  bool bounded_ = false;
  std::vector<Panel> panels_;
};

Chart::Chart(const std::vector<EngineRun>& runs, const Comparison& comparison)
    : comparison_(comparison), fps_(comparison.objective == Objective::fps) {
  const std::vector<EngineRow> rows = summarise(runs, comparison.objective);
  const std::vector<EngineCurve> all = curves(runs, comparison.objective, dense_points(comparison.evaluations));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (panels_.empty() || panels_.back().network != rows[i].network) {
      panels_.push_back({.network = rows[i].network, .curves = {}, .bound = {}});
    }
    Panel& panel = panels_.back();
    panel.curves.push_back(all[i]);
    if (const std::optional<double>& bound = rows[i].bound) {
      bounded_ = true;
      const double other = panel.bound.value_or(*bound);
      panel.bound = fps_ ? std::min(*bound, other) : std::max(*bound, other);
    }
  }
}

double Chart::top_of(const Panel& panel) const {
  double most = panel.bound.value_or(0);
  double least = std::numeric_limits<double>::infinity();
  for (const EngineCurve& curve : panel.curves) {
    most = std::max(most, curve.points.back().quartile_high);
    least = std::min(least, curve.points.back().median);
  }
  const double top = fps_ ? 1.05 * most : latency_top * least;
  return std::isfinite(top) && top > 0 ? top : 1;
}

std::size_t Chart::colour_of(const std::string& engine) const {
  const std::vector<std::string>& engines = comparison_.engines;
  return static_cast<std::size_t>(std::find(engines.begin(), engines.end(), engine) - engines.begin()) % colours;
}

std::string Chart::header() const {
  std::string text = fmt::format(
      "<text class=\"title\" x=\"{0}\" y=\"24\">Best {1} on {2} against evaluations: median and quartiles of "
      "{3} {4}</text>\n",
      margin + 4, fps_ ? "images a second" : "latency (up to four times the best)", escaped(comparison_.platform.name),
      comparison_.seeds, comparison_.seeds == 1 ? "seed" : "seeds");
  double x = margin + 4;
  const auto entry = [&](const std::string& line_class, const std::string& name) {
    text +=
        fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"46\" x2=\"{}\" y2=\"46\"/><text x=\"{}\" y=\"50\">{}</text>\n",
                    line_class, x, x + 22, x + 28, escaped(name));
    x += legend_step;
  };
  for (const std::string& engine : comparison_.engines) {
    entry(fmt::format("line s{}", colour_of(engine)), engine);
  }
  if (bounded_) {
    entry("bound", "proven bound");
  }
  return text;
}

std::string Chart::axes(const Scale& scale) const {
  std::string text;
  const double bottom = panel_height - plot_bottom;
  const double right = panel_width - plot_right;
  const double step = tick_step(scale.top);
  for (int i = 0; i * step <= scale.top; ++i) {
    const double y = scale.y(i * step);
    text += fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\"/>",
                        i == 0 ? "axis" : "grid", plot_left, y, right, y);
    text +=
        fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}</text>\n", plot_left - 6, y + 4, i * step);
  }
  for (double count = 1; count <= scale.evaluations; count *= 10) {
    const double x = scale.x(count);
    text +=
        fmt::format("<line class=\"axis\" x1=\"{:.1f}\" y1=\"{}\" x2=\"{:.1f}\" y2=\"{}\"/>", x, bottom, x, bottom + 4);
    text += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x, bottom + 17,
                        count_label(count));
  }
  text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">evaluations</text>\n", (plot_left + right) / 2,
                      bottom + 34);
  text += fmt::format("<text x=\"14\" y=\"{0}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {0})\">{1}</text>\n",
                      (plot_top + bottom) / 2, fps_ ? "images/s" : "ms");
  return text;
}

/// Band and line from where the median has found something.
std::string Chart::drawn(const EngineCurve& curve, const Scale& scale) const {
  std::string line;
  std::string upper;
  std::string lower;
  for (const CurvePoint& point : curve.points) {
    if (point.median <= 0 || !std::isfinite(point.median)) {
      continue;
    }
    const double x = scale.x(static_cast<double>(point.evaluations));
    line += fmt::format("{:.1f},{:.1f} ", x, scale.y(point.median));
    upper += fmt::format("{:.1f},{:.1f} ", x, scale.y(point.quartile_high));
    lower.insert(0, fmt::format("{:.1f},{:.1f} ", x, scale.y(point.quartile_low)));
  }
  const std::size_t colour = colour_of(curve.engine);
  return line.empty() ? std::string()
                      : fmt::format(
                            "<polygon class=\"band f{0}\" points=\"{1}{2}\"/><polyline class=\"line s{0}\" "
                            "points=\"{3}\"/>\n",
                            colour, upper, lower, line);
}

std::string Chart::drawn(const Panel& panel, double left, double top) const {
  const Scale scale{std::max(10.0, static_cast<double>(comparison_.evaluations)), top_of(panel)};
  std::string text =
      fmt::format("<g transform=\"translate({} {})\">\n<text class=\"name\" x=\"{}\" y=\"22\">{}</text>\n", left, top,
                  plot_left, escaped(panel.network));
  text += axes(scale) + "<g clip-path=\"url(#plot)\">\n";
  for (const EngineCurve& curve : panel.curves) {
    text += drawn(curve, scale);
  }
  if (panel.bound) {
    const double y = scale.y(*panel.bound);
    text += fmt::format("<line class=\"bound\" x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\"/>\n", plot_left, y,
                        panel_width - plot_right, y);
  }
  return text + "</g>\n</g>\n";
}

std::string Chart::drawn() const {
  const std::size_t columns = std::clamp<std::size_t>(panels_.size(), 1, columns_most);
  const std::size_t rows = ceil_div(panels_.size(), columns);
  const double legend = margin + legend_step * static_cast<double>(comparison_.engines.size() + 1);
  const double width = std::max({2 * margin + panel_width * static_cast<double>(columns), legend, 620.0});
  const double height = header_height + panel_height * static_cast<double>(rows) + margin;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\">\n"
      "<title>Engines compared at equal evaluations</title>\n{2}"
      "<clipPath id=\"plot\"><rect x=\"{3}\" y=\"{4}\" width=\"{5}\" height=\"{6}\"/></clipPath>\n"
      "<rect class=\"page\" width=\"{0}\" height=\"{1}\"/>\n",
      width, height, style, plot_left, plot_top, panel_width - plot_left - plot_right,
      panel_height - plot_top - plot_bottom);
  text += header();
  for (std::size_t i = 0; i < panels_.size(); ++i) {
    const std::size_t row = i / columns;
    const std::size_t column = i % columns;
    text += drawn(panels_[i], margin + panel_width * static_cast<double>(column),
                  header_height + panel_height * static_cast<double>(row));
  }
  return text + "</svg>\n";
}

}  // namespace

std::string comparison_chart(const std::vector<EngineRun>& runs, const Comparison& comparison) {
  return Chart(runs, comparison).drawn();
}

}  // namespace autonba
