#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autonba {

/// A mapping of a YAML file, read key by key. Every complaint is an InputError that names its place:
/// `configs/my.yaml:12: space.bits: 40 is not between 2 and 8`. Call close() when all keys have been asked for: it
/// rejects the others and names the nearest allowed key.
class YamlMap {
 public:
  static YamlMap load(const std::filesystem::path& file);
  /// `name` stands for the file in messages.
  static YamlMap parse(std::string_view text, std::string name);

  /// Sets what `assignment` says, as in "search.epochs=3"; the value is YAML. Throws InputError on a path that leads
  /// through something other than a mapping. Unknown keys are found by close().
  void override(std::string_view assignment);

  bool has(const std::string& key) const;
  bool is_list(const std::string& key) const;

  std::string text(const std::string& key) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  /// One of `allowed`, or an error that lists them (and the nearest).
  std::string choice(const std::string& key, std::span<const std::string> allowed) const;
  std::string choice(const std::string& key, std::span<const std::string> allowed, const std::string& otherwise) const;

  bool flag(const std::string& key, bool otherwise) const;

  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high) const;
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high, std::int64_t otherwise) const;

  /// Finite and between the bounds, bounds included.
  double number(const std::string& key, double low, double high) const;
  double number(const std::string& key, double low, double high, double otherwise) const;

  /// Lists are never empty.
  std::vector<std::int64_t> integers(const std::string& key, std::int64_t low, std::int64_t high) const;
  std::vector<std::string> texts(const std::string& key) const;

  YamlMap map(const std::string& key) const;
  /// An empty mapping where the key is missing, so that all defaults apply.
  YamlMap map_or_empty(const std::string& key) const;
  std::vector<YamlMap> maps(const std::string& key) const;

  void close() const;

  /// An error at the place of `key` (or of the mapping itself, where it lacks that key), for checks that only the
  /// caller can make.
  [[noreturn]] void reject(const std::string& key, const std::string& complaint) const;

 private:
  YamlMap(const YAML::Node& node, std::string file, std::string path);
  YAML::Node scalar(const std::string& key) const;
  YAML::Node list(const std::string& key) const;
  YAML::Node required(const std::string& key) const;
  std::string place(const YAML::Node& node, const std::string& key) const;

  YAML::Node node_;
  std::string file_;
  std::string path_;                        // keys that lead here, joined by dots; empty at the top
  mutable std::vector<std::string> asked_;  // what close() allows
};

}  // namespace autonba
