#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "accel/design_space.hpp"
#include "base/files.hpp"
#include "cli/command.hpp"
#include "explore/engine.hpp"
#include "train/data/dataset.hpp"

namespace autonba {
namespace {

const std::vector<std::string> kinds = {"platforms", "spaces", "accelerators", "networks", "engines", "datasets"};

/// Names of the files in configs/`folder`, without their endings.
std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::filesystem::path path = configs_folder() / folder;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> names_of(const std::string& kind) {
  if (kind == "engines") {
    return engine_names();
  }
  if (kind == "datasets") {
    std::vector<std::string> names;
    for (const DatasetInfo& info : known_datasets()) {
      names.push_back(info.name);
    }
    return names;
  }
  return files_in(kind == "accelerators" ? "accelerator" : kind);
}

void list(const CommonOptions& common, const std::string& kind) {
  const std::vector<std::string> names = names_of(kind);
  print_result(common, {{kind, names}}, names.empty() ? "" : fmt::format("{}\n", fmt::join(names, "\n")));
}

}  // namespace

void add_list(CLI::App& app, CommonOptions& common) {
  CLI::App* command = add_command(app, common, "list", "What a configuration can name.");
  auto kind = std::make_shared<std::string>();
  command->add_option("kind", *kind, "platforms, spaces, accelerators, networks, engines or datasets")
      ->required()
      ->check(CLI::IsMember(kinds));
  command->callback([&common, kind] { list(common, *kind); });
}

}  // namespace autonba
