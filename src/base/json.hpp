#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace autonba {

/// Keys keep the order in which they were set, so that files read from top to bottom as they were meant.
using Json = nlohmann::ordered_json;

/// Of a run's result.json, which the joint search writes and the report reads.
inline constexpr const char* result_schema = "autonba.result/1";

/// Reads a JSON file whose key `schema` must be `schema`, as in "autonba.network/1". Throws InputError naming the file.
Json read_json(const std::filesystem::path& file, std::string_view schema);

/// Writes `document` whole or not at all, its key `schema` first. Throws WorkError.
void write_json(const std::filesystem::path& file, std::string_view schema, const Json& document);

/// The value of `key`, or an InputError that names `where`, the key and the type wanted.
template <typename T>
T json_value(const Json& object, const char* key, std::string_view where);

}  // namespace autonba

#include "base/error.hpp"

template <typename T>
T autonba::json_value(const Json& object, const char* key, std::string_view where) {
  if (!object.is_object() || !object.contains(key)) {
    throw input_error("{}: the key `{}` is missing", where, key);
  }
  try {
    return object.at(key).template get<T>();
  } catch (const nlohmann::json::exception&) {
    throw input_error("{}: the key `{}` has the wrong type: {}", where, key, object.at(key).dump());
  }
}
