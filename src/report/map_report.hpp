#pragma once

#include <string>

#include "base/json.hpp"
#include "explore/map_network.hpp"

/// What `autonba map` writes and prints (docs/map.md).
namespace autonba {

/// The document of its accelerator.json.
Json accelerator_document(const MapResult& result);

/// How the program was called, for the page.
struct MapCall {
  std::string command;
  std::string version;
};

/// All numbers that the table, the CSV and the page show, from the result and its accelerator_document:
/// {asked, result, target, proof, host, accelerator, binding, store, roofline, pareto, explanation}.
Json map_data(const MapResult& result, const Json& accelerator, const MapCall& call = {});

/// The same for a terminal.
std::string map_text(const Json& data);

/// mapping.csv: a line for each layer.
std::string map_csv(const Json& data);

/// report.html: one page that needs no other file and no network.
std::string map_page(const Json& data);

/// What `--json` prints: the figures, without layers and drawings.
Json map_summary(const Json& data);

/// pareto.json without its schema: the front with the accelerator.json of every point.
Json pareto_document(const MapResult& result);

}  // namespace autonba
