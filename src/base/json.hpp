#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace autonba {

/// Keys keep the order in which they were set, so that files read from top to bottom as they were meant.
using Json = nlohmann::ordered_json;

/// Of a run's result.json, which the joint search writes and the report reads.
inline constexpr const char* result_schema = "autonba.result/1";

/// Reads a JSON file whose key `schema` must be `schema`, as in "autonba.network/1". Throws InputError naming the file.
Json read_json(const std::filesystem::path& file, std::string_view schema);

/// Writes `document` whole or not at all, its key `schema` first. Throws WorkError.
void write_json(const std::filesystem::path& file, std::string_view schema, const Json& document);

/// The document as text, indented by `indent` spaces, or in one line if that is negative. Bytes that are no UTF-8, as
/// names of files may have, become U+FFFD.
std::string json_text(const Json& document, int indent = -1);

/// The same for a message: its beginning, where it is long.
std::string short_json_text(const Json& value);

/// Whether `value` is a T as it stands: a whole number within the range of T, a list of as many as T has. The library
/// would convert any number into any other.
template <typename T>
struct IsJson {
  static bool test(const Json& value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value.is_boolean();
    } else if constexpr (std::is_integral_v<T>) {
      return value.is_number_unsigned()
                 ? std::in_range<T>(value.template get<std::uint64_t>())
                 : value.is_number_integer() && std::in_range<T>(value.template get<std::int64_t>());
    } else if constexpr (std::is_floating_point_v<T>) {
      return value.is_number();
    } else {
      return true;
    }
  }
};
template <typename T>
bool all_are_json(const Json& list) {
  return list.is_array() &&
         std::all_of(list.begin(), list.end(), [](const Json& value) { return IsJson<T>::test(value); });
}
template <typename T>
struct IsJson<std::vector<T>> {
  static bool test(const Json& value) { return all_are_json<T>(value); }
};
template <typename T, std::size_t N>
struct IsJson<std::array<T, N>> {
  static bool test(const Json& value) { return value.size() == N && all_are_json<T>(value); }
};
template <typename T>
struct IsJson<std::pair<T, T>> {
  static bool test(const Json& value) { return value.size() == 2 && all_are_json<T>(value); }
};

/// The value of `key`, or an InputError that names `where`, the key and the type wanted.
template <typename T>
T json_value(const Json& object, const char* key, std::string_view where) {
  if (!object.is_object() || !object.contains(key)) {
    throw input_error("{}: the key `{}` is missing", where, key);
  }
  const Json& value = object.at(key);
  try {
    if (IsJson<T>::test(value)) {
      return value.template get<T>();
    }
  } catch (const nlohmann::json::exception&) {  // of another type
  }
  throw input_error("{}: the key `{}` has the wrong type or range: {}", where, key, short_json_text(value));
}

}  // namespace autonba
