#include "model/network_yaml.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>

#include "base/error.hpp"
#include "base/yaml.hpp"
#include "model/network_rows.hpp"

namespace autonba {
namespace {

constexpr int most_channels = 16'384;
constexpr int most_side = 2048;  // in a row or column of the input
constexpr int most_window = 64;  // kernel, stride, padding and dilation

int size(const YamlMap& map, const char* key, int low, int high) {
  return static_cast<int>(map.integer(key, low, high));
}
int size(const YamlMap& map, const char* key, int low, int high, int otherwise) {
  return static_cast<int>(map.integer(key, low, high, otherwise));
}

PublishedFigure read_figure(const YamlMap& map, const char* key) {
  PublishedFigure figure;
  figure.text = map.text(key);
  std::string_view number = figure.text;
  double scale = 1;
  const auto strip = [&](std::string_view ending, double factor) {
    const bool found = number.ends_with(ending);
    number.remove_suffix(found ? ending.size() : 0);
    scale *= found ? factor : 1;
    return found;
  };
  strip(" / 2", 0.5);
  strip(" k", 1e3) || strip(" M", 1e6) || strip(" G", 1e9);

  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), figure.value, std::chars_format::fixed);
  const bool whole = error == std::errc() && end == number.data() + number.size() && number.size() <= 25;
  if (!whole || !is_digit(number.front()) || !is_digit(number.back())) {
    map.reject(key, fmt::format("\"{}\" is not of the form 25557032, 4.089 G or 6.97 G / 2 (k, M and G allowed)",
                                figure.text));
  }
  const std::size_t point = std::min(number.find('.'), number.size() - 1);
  figure.value *= scale;
  figure.last_digit = scale / std::pow(10, number.size() - 1 - point);
  return figure;
}

std::optional<Published> read_published(const YamlMap& map) {
  if (!map.has("published")) {
    return std::nullopt;
  }
  const YamlMap published = map.map("published");
  Published figures{read_figure(published, "macs"), read_figure(published, "parameters"), published.text("counts")};
  published.close();
  return figures;
}

/// One number, or one for each side.
std::array<int, 4> read_padding(const YamlMap& map, int otherwise) {
  if (!map.is_list("padding")) {
    return all_sides(size(map, "padding", 0, most_window, otherwise));
  }
  const std::vector<std::int64_t> sides = map.integers("padding", 0, most_window);
  if (sides.size() != 4) {
    map.reject("padding",
               fmt::format("has {} numbers; one, or [top, left, bottom, right], was expected", sides.size()));
  }
  std::array<int, 4> padding{};
  std::transform(sides.begin(), sides.end(), padding.begin(), [](std::int64_t side) { return static_cast<int>(side); });
  return padding;
}

/// Padding where none is given: such that stride 1 keeps the size of the map; 0 for pooling.
void read_window(const YamlMap& map, Row& row) {
  const auto is = [&](std::initializer_list<const char*> ops) {
    return std::find(ops.begin(), ops.end(), row.op) != ops.end();
  };
  if (is({"conv", "depthwise", "maxpool", "inverted_residual"})) {
    row.window.kernel = size(map, "kernel", 1, most_window);
  } else if (is({"avgpool"})) {
    row.window.kernel = size(map, "kernel", 1, most_window, 0);
  }
  if (!is({"linear", "fire", "host"})) {
    row.window.stride = size(map, "stride", 1, most_window, 1);
  }
  if (is({"conv", "depthwise"})) {
    row.window.dilation = size(map, "dilation", 1, most_window, 1);
  }
  const int same = row.window.dilation * (row.window.kernel - 1) / 2;
  if (is({"conv", "depthwise"})) {
    row.window.padding = read_padding(map, same);
  } else if (is({"maxpool", "avgpool"})) {
    row.window.padding = read_padding(map, 0);
  } else if (is({"inverted_residual"})) {
    row.window.padding = all_sides(same);
  }
}

void read_inverted_residual(const YamlMap& map, Row& row) {
  if (row.window.kernel % 2 == 0) {
    map.reject("kernel", fmt::format("{} is not odd", row.window.kernel));
  }
  if (map.has("hidden") == map.has("expansion")) {
    map.reject("op", "inverted_residual has either `expansion` or `hidden`");
  }
  row.hidden = size(map, "hidden", 1, most_channels, 0);
  row.expansion = size(map, "expansion", 1, most_window, 1);
  row.always_expands = map.flag("always_expands", false);
  if (map.has("squeeze") && map.has("squeeze_divisor")) {
    map.reject("squeeze", "stands beside `squeeze_divisor`; one of them is enough");
  }
  row.squeeze = size(map, "squeeze", 1, most_channels, 0);
  row.squeeze_divisor = size(map, "squeeze_divisor", 1, most_window, 0);
}

/// What a file says once for all rows.
struct Defaults {
  std::string activation;
  int classes = 0;
};

Row read_row(const YamlMap& map, std::size_t number, const Defaults& defaults) {
  Row row;
  row.op = map.choice("op", row_ops());
  row.id = map.text("name", fmt::format("{}{}", row.op, number));
  read_window(map, row);
  const bool computes = row.op != "host" && row.op != "maxpool" && row.op != "avgpool";
  if (row.op == "linear") {
    row.channels = size(map, "channels", 1, most_channels, defaults.classes);
  } else if (computes && row.op != "depthwise" && row.op != "fire") {
    row.channels = size(map, "channels", 1, most_channels);
  }
  if (row.op == "conv") {
    row.groups = size(map, "groups", 1, most_channels, 1);
  } else if (row.op == "bottleneck") {
    row.hidden = size(map, "hidden", 1, most_channels);
  } else if (row.op == "inverted_residual") {
    read_inverted_residual(map, row);
  } else if (row.op == "fire") {
    row.squeeze = size(map, "squeeze", 1, most_channels);
    row.expand = size(map, "expand", 1, most_channels);
  } else if (row.op == "host") {
    row.work = map.text("work");
    row.operations_per_value = size(map, "operations_per_value", 1, 1'000'000, 1);
  }
  if (computes) {
    row.activation =
        map.choice("activation", activation_names(), row.op == "linear" ? std::string("none") : defaults.activation);
    row.repeat = size(map, "repeat", 1, most_window, 1);
  }
  map.close();
  return row;
}

}  // namespace

NetworkFile read_network_yaml(const std::filesystem::path& file) {
  const YamlMap map = YamlMap::load(file);
  NetworkFile result;
  result.name = map.text("name");
  if (map.has("sources")) {
    result.sources = map.texts("sources");
  }
  result.published = read_published(map);
  const YamlMap input = map.map("input");
  NetworkInput image{size(input, "channels", 1, most_channels), size(input, "height", 1, most_side),
                     size(input, "width", 1, most_side), 8};
  input.close();
  image.bits = size(map, "bits", 2, 16, 8);
  result.classes = size(map, "classes", 1, most_channels);
  const Defaults defaults{map.choice("activation", activation_names(), "relu"), result.classes};
  const std::vector<YamlMap> rows = map.maps("layers");
  map.close();
  RowBuilder builder(image);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row row = read_row(rows[i], i + 1, defaults);
    try {
      builder.append(row);
    } catch (const InputError& error) {
      rows[i].reject("", error.what());
    }
  }
  result.network = std::move(builder).finish();
  check(result.network, file.string());
  return result;
}

}  // namespace autonba
