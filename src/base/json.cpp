#include "base/json.hpp"

#include "base/files.hpp"

namespace autonba {

Json read_json(const std::filesystem::path& file, std::string_view schema) {
  const std::string text = read_file(file);
  Json document;
  try {
    document = Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: is not valid JSON: {}", file.string(), error.what());
  }
  if (const auto found = json_value<std::string>(document, "schema", file.string()); found != schema) {
    throw input_error("{}: schema: found {}, expected {}", file.string(), found, schema);
  }
  return document;
}

void write_json(const std::filesystem::path& file, std::string_view schema, const Json& document) {
  Json whole = {{"schema", schema}};
  whole.update(document);
  write_file_whole(file, whole.dump(1) + "\n");
}

}  // namespace autonba
