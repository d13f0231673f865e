#include "base/json.hpp"

#include "base/files.hpp"

namespace autonba {
namespace {

/// Values are copied and written by functions that call themselves for what is within.
constexpr int deepest = 100;

Json parsed(const std::string& text, const std::string& file) {
  const auto check_depth = [&](int depth, nlohmann::json::parse_event_t, Json&) {
    if (depth > deepest) {
      throw input_error("{}: is nested more than {} deep", file, deepest);
    }
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: is not valid JSON: {}", file, error.what());
  }
}

}  // namespace

Json read_json(const std::filesystem::path& file, std::string_view schema) {
  Json document = parsed(read_file(file), file.string());
  if (const auto found = json_value<std::string>(document, "schema", file.string()); found != schema) {
    throw input_error("{}: schema: found {}, expected {}", file.string(), found, schema);
  }
  return document;
}

void write_json(const std::filesystem::path& file, std::string_view schema, const Json& document) {
  Json whole = {{"schema", schema}};
  whole.update(document);
  write_file_whole(file, json_text(whole, 1) + "\n");
}

std::string json_text(const Json& document, int indent) {
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string short_json_text(const Json& value) {
  constexpr std::size_t longest = 80;
  const std::string text = json_text(value);
  return text.size() <= longest ? text : text.substr(0, longest) + "…";
}

}  // namespace autonba
