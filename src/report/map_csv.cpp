#include <fmt/format.h>

#include <string>
#include <vector>

#include "accel/cycle_terms.hpp"
#include "report/map_report.hpp"

namespace autonba {
namespace {

/// A field as RFC 4180 has it: in quotes where it holds a comma, a quote or a line's end.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string field = "\"";
  for (const char c : text) {
    field += c == '"' ? "\"\"" : std::string(1, c);
  }
  return field + '"';
}

/// Texts as they are, numbers as JSON has them, nothing for null.
std::string field(const Json& value) {
  return value.is_null() ? "" : value.is_string() ? quoted(value.get<std::string>()) : value.dump();
}

/// The columns of a layer: names with their values.
std::vector<std::pair<std::string, Json>> columns(const Json& layer) {
  const Json& tile = layer.at("tile");
  std::vector<std::pair<std::string, Json>> row = {{"layer", layer.at("id")},
                                                   {"op", layer.at("op")},
                                                   {"channels_in", layer["in"][0]},
                                                   {"height_in", layer["in"][1]},
                                                   {"width_in", layer["in"][2]},
                                                   {"channels_out", layer["out"][0]},
                                                   {"height_out", layer["out"][1]},
                                                   {"width_out", layer["out"][2]},
                                                   {"groups", layer.at("groups")},
                                                   {"bits", layer.at("bits")},
                                                   {"bits_out", layer.at("bits_out")},
                                                   {"macs", layer.at("macs")},
                                                   {"chunk", layer.at("chunk")},
                                                   {"tile_m", tile.at("m")},
                                                   {"tile_n", tile.at("n")},
                                                   {"tile_rows", tile.at("rows")},
                                                   {"tile_cols", tile.at("cols")},
                                                   {"order", layer.at("order")},
                                                   {"stage", layer.at("stage")},
                                                   {"start_cycle", layer.at("start_cycle")},
                                                   {"cycles", layer.at("cycles")},
                                                   {"share_of_ii", layer.at("share_of_ii")},
                                                   {"utilisation", layer.at("utilisation")},
                                                   {"bound_by", layer.at("limit")}};
  for (const NamedTerm& term : cycle_terms) {
    const std::string name(term.name);
    row.emplace_back(name + "_cycles", layer.at("terms").at(name));
  }
  row.emplace_back("external_bytes", layer.at("external_bytes"));
  if (layer.contains("energy_pj")) {
    row.emplace_back("energy_pj", layer.at("energy_pj"));
  }
  return row;
}

}  // namespace

std::string map_csv(const Json& data) {
  std::string csv;
  for (const Json& layer : data.at("accelerator").at("layers")) {
    std::vector<std::string> names;
    std::vector<std::string> fields;
    for (const auto& [name, value] : columns(layer)) {
      names.push_back(name);
      fields.push_back(field(value));
    }
    if (csv.empty()) {
      csv = fmt::format("{}\n", fmt::join(names, ","));
    }
    csv += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return csv;
}

}  // namespace autonba
