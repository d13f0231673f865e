#include "base/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace autonba {
namespace {

/// `text` as a whole number; "1e3" and "3.0" are not.
std::optional<std::int64_t> to_integer(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> to_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

YamlMap::YamlMap(const YAML::Node& node, std::string file, std::string path)
    : node_(node), file_(std::move(file)), path_(std::move(path)) {
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>("");
    const auto same = [&](const auto& other) { return other.first.template as<std::string>("") == key; };
    if (std::count_if(node.begin(), node.end(), same) > 1) {
      reject(key, "stands here twice");
    }
  }
}

YamlMap YamlMap::load(const std::filesystem::path& file) {
  return parse(read_file(file), file.string());
}

YamlMap YamlMap::parse(std::string_view text, std::string name) {
  YAML::Node node;
  try {
    node = YAML::Load(std::string(text));
  } catch (const YAML::Exception& error) {
    throw input_error("{}:{}: is not valid YAML: {}", name, error.mark.line + 1, error.msg);
  }
  if (!node.IsMap()) {
    throw input_error("{}: a mapping of keys was expected", name);
  }
  return {node, std::move(name), ""};
}

void YamlMap::override(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw input_error("--set {}: expected key=value, as in search.epochs=3", assignment);
  }
  YAML::Node value;
  try {
    value = YAML::Load(std::string(assignment.substr(equals + 1)));
  } catch (const YAML::Exception& error) {
    throw input_error("--set {}: the value is not valid YAML: {}", assignment, error.msg);
  }
  YAML::Node here = node_;
  std::string_view path = assignment.substr(0, equals);
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const std::string key(path.substr(0, dot));
    if (!here[key]) {
      here[key] = YAML::Node(YAML::NodeType::Map);
    }
    if (!here[key].IsMap()) {
      throw input_error("--set {}: {} is not a mapping", assignment, key);
    }
    here.reset(here[key]);
    path.remove_prefix(dot + 1);
  }
  here[std::string(path)] = value;
}

bool YamlMap::has(const std::string& key) const {
  asked_.push_back(key);
  return static_cast<bool>(node_[key]);
}

bool YamlMap::is_list(const std::string& key) const {
  return has(key) && node_[key].IsSequence();
}

std::string YamlMap::place(const YAML::Node& node, const std::string& key) const {
  const std::string path = path_.empty() || key.empty() ? path_ + key : path_ + "." + key;
  const int line = node.Mark().line;
  const std::string where = line < 0 ? file_ : fmt::format("{}:{}", file_, line + 1);
  return path.empty() ? where : where + ": " + path;
}

void YamlMap::reject(const std::string& key, const std::string& complaint) const {
  const YAML::Node node = node_[key];
  throw input_error("{}: {}", place(node ? node : node_, key), complaint);
}

YAML::Node YamlMap::required(const std::string& key) const {
  if (!has(key)) {
    throw input_error("{}: is missing", place(node_, key));
  }
  return node_[key];
}

YAML::Node YamlMap::scalar(const std::string& key) const {
  const YAML::Node node = required(key);
  if (!node.IsScalar()) {
    reject(key, "one value was expected");
  }
  return node;
}

YAML::Node YamlMap::list(const std::string& key) const {
  const YAML::Node node = required(key);
  if (!node.IsSequence() || node.size() == 0) {
    reject(key, "a list with at least one entry was expected");
  }
  return node;
}

std::string YamlMap::text(const std::string& key) const {
  return scalar(key).Scalar();
}

std::string YamlMap::text(const std::string& key, const std::string& otherwise) const {
  return has(key) ? text(key) : otherwise;
}

std::string YamlMap::choice(const std::string& key, std::span<const std::string> allowed) const {
  std::string found = text(key);
  if (std::find(allowed.begin(), allowed.end(), found) == allowed.end()) {
    const auto meant = nearest(found, allowed);
    reject(key, fmt::format("\"{}\" is not {}{}", found, any_of(allowed),
                            meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
  }
  return found;
}

std::string YamlMap::choice(const std::string& key, std::span<const std::string> allowed,
                            const std::string& otherwise) const {
  return has(key) ? choice(key, allowed) : otherwise;
}

bool YamlMap::flag(const std::string& key, bool otherwise) const {
  if (!has(key)) {
    return otherwise;
  }
  const std::string found = text(key);
  if (found != "true" && found != "false") {
    reject(key, fmt::format("\"{}\" is not true or false", found));
  }
  return found == "true";
}

std::int64_t YamlMap::integer(const std::string& key, std::int64_t low, std::int64_t high) const {
  const std::string found = text(key);
  const auto value = to_integer(found);
  if (!value) {
    reject(key, fmt::format("\"{}\" is not a whole number", found));
  }
  if (*value < low || *value > high) {
    reject(key, fmt::format("{} is not between {} and {}", *value, low, high));
  }
  return *value;
}

std::int64_t YamlMap::integer(const std::string& key, std::int64_t low, std::int64_t high,
                              std::int64_t otherwise) const {
  return has(key) ? integer(key, low, high) : otherwise;
}

double YamlMap::number(const std::string& key, double low, double high) const {
  const std::string found = text(key);
  const auto value = to_number(found);
  if (!value) {
    reject(key, fmt::format("\"{}\" is not a number", found));
  }
  if (*value < low || *value > high) {
    reject(key, fmt::format("{} is not between {} and {}", *value, low, high));
  }
  return *value;
}

double YamlMap::number(const std::string& key, double low, double high, double otherwise) const {
  return has(key) ? number(key, low, high) : otherwise;
}

std::vector<std::int64_t> YamlMap::integers(const std::string& key, std::int64_t low, std::int64_t high) const {
  std::vector<std::int64_t> values;
  for (const YAML::Node& entry : list(key)) {
    const auto value = entry.IsScalar() ? to_integer(entry.Scalar()) : std::nullopt;
    if (!value || *value < low || *value > high) {
      reject(key, fmt::format("{} is not a whole number between {} and {}", YAML::Dump(entry), low, high));
    }
    values.push_back(*value);
  }
  return values;
}

std::vector<std::string> YamlMap::texts(const std::string& key) const {
  std::vector<std::string> values;
  for (const YAML::Node& entry : list(key)) {
    if (!entry.IsScalar()) {
      reject(key, "a list of plain words was expected");
    }
    values.push_back(entry.Scalar());
  }
  return values;
}

YamlMap YamlMap::map(const std::string& key) const {
  const YAML::Node node = required(key);
  if (!node.IsMap()) {
    reject(key, "a mapping of keys was expected");
  }
  return {node, file_, path_.empty() ? key : path_ + "." + key};
}

YamlMap YamlMap::map_or_empty(const std::string& key) const {
  if (has(key)) {
    return map(key);
  }
  return {YAML::Node(YAML::NodeType::Map), file_, path_.empty() ? key : path_ + "." + key};
}

std::vector<YamlMap> YamlMap::maps(const std::string& key) const {
  std::vector<YamlMap> entries;
  for (const YAML::Node& entry : list(key)) {
    if (!entry.IsMap()) {
      reject(key, "a list of mappings was expected");
    }
    const std::string path = fmt::format("{}[{}]", key, entries.size());
    entries.push_back({entry, file_, path_.empty() ? path : path_ + "." + path});
  }
  return entries;
}

void YamlMap::close() const {
  for (const auto& entry : node_) {
    const auto key = entry.first.as<std::string>("");
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
      const auto meant = nearest(key, asked_);
      throw input_error("{}: is not a key that is known here; {}", place(entry.first, key),
                        meant ? fmt::format("did you mean `{}`?", *meant) : "allowed are " + any_of(asked_));
    }
  }
}

}  // namespace autonba
