#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/network.hpp"

namespace autonba {

/// A number as it was published, as in "4.089 G", "25557032" or "6.97 G / 2".
struct PublishedFigure {
  std::string text;
  double value = 0;
  double last_digit = 0;  // how much one unit of the last printed digit is
};

struct Published {
  PublishedFigure macs;
  PublishedFigure parameters;
  std::string counts;  // what exactly the figures count
};

/// A network written as a table of layers and blocks: configs/networks, docs/networks.md.
struct NetworkFile {
  std::string name;
  std::vector<std::string> sources;
  std::optional<Published> published;
  int classes = 0;
  Network network;
};

/// Throws InputError naming file, line and key.
NetworkFile read_network_yaml(const std::filesystem::path& file);

}  // namespace autonba
