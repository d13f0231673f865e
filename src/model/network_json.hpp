#pragma once

#include <filesystem>
#include <span>

#include "base/json.hpp"
#include "model/network.hpp"

namespace autonba {

inline constexpr const char* network_schema = "autonba.network/1";

/// The name of a writer in files: the id of a layer or of an operation of the host, or "input".
std::string writer_id(const Network& network, int writer);

/// Stride, padding or dilation of a layer: one number where all are equal, else the list.
Json sizes_json(std::span<const int> sizes);

/// The document of a network.json (docs/files.md) without its schema.
Json to_json(const Network& network);

/// Inverse of to_json, checked. `name` stands for the file in messages; throws InputError.
Network network_from_json(const Json& document, const std::string& name);

Network read_network(const std::filesystem::path& file);

}  // namespace autonba
