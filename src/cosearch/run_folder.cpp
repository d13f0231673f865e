#include "cosearch/run_folder.hpp"

#include <algorithm>
#include <sstream>

#include "base/error.hpp"

namespace autonba {
namespace {

namespace fs = std::filesystem;

constexpr const char* config_file = "config.yaml";
constexpr const char* log_file = "metrics.jsonl";
constexpr const char* result_file = "result.json";

const fs::path& made(const fs::path& folder) {
  make_writable_folder(folder);
  return folder;
}

/// The first lines in which two texts differ, as "`a`, now `b`".
std::string first_difference(const std::string& before, const std::string& now) {
  std::istringstream lines_before(before);
  std::istringstream lines_now(now);
  std::string a;
  std::string b;
  while (std::getline(lines_before, a) && std::getline(lines_now, b)) {
    if (a != b) {
      const auto trimmed = [](const std::string& line) {
        return line.substr(std::min(line.find_first_not_of(' '), line.size()));
      };
      return fmt::format("`{}`, now `{}`", trimmed(a), trimmed(b));
    }
  }
  return "its length";
}

bool is_empty_but_for_the_lock(const fs::path& folder) {
  return std::all_of(fs::directory_iterator(folder), fs::directory_iterator(),
                     [](const fs::directory_entry& entry) { return entry.path().filename() == ".lock"; });
}

/// Bytes of the lines of `log` up to the end of the search, the last of which says what was derived; all bytes if none
/// does.
std::size_t size_of_search(const std::string& log) {
  std::istringstream lines(log);
  std::size_t kept = log.size();
  std::size_t size = 0;
  for (std::string line; std::getline(lines, line);) {
    size += line.size() + 1;
    const Json event = Json::parse(line, nullptr, false);
    kept = event.is_object() && event.value("event", "") == "derived" ? size : kept;
  }
  return kept;
}

}  // namespace

RunFolder::RunFolder(fs::path folder, const std::string& config) : folder_(std::move(folder)), lock_(made(folder_)) {
  if (started()) {
    const std::string before = read_file(file(config_file));
    if (before != config) {
      throw input_error("{}: holds a run of another configuration ({}); name another folder with --out",
                        folder_.string(), first_difference(before, config));
    }
    return;
  }
  if (!has(config_file) && !is_empty_but_for_the_lock(folder_)) {
    throw input_error("{}: is not empty and holds no run; name another folder with --out", folder_.string());
  }
  make_writable_folder(file("checkpoints"));
  write_file_whole(file(config_file), config);
}

bool RunFolder::has(const std::string& name) const {
  return fs::exists(file(name));
}

bool RunFolder::started() const {
  return has(log_file);
}

bool RunFolder::finished() const {
  return has(result_file) && result().contains("top1");
}

Json RunFolder::result() const {
  return read_json(file(result_file), result_schema);
}

void RunFolder::write_result(const Json& result) const {
  write_json(file(result_file), result_schema, result);
}

void RunFolder::log(const Json& event) const {
  append_line(file(log_file), json_text(event));
}

std::uintmax_t RunFolder::log_size() const {
  return started() ? fs::file_size(file(log_file)) : 0;
}

void RunFolder::back_to(std::uintmax_t log_size) const {
  if (log_size < this->log_size()) {
    fs::resize_file(file(log_file), log_size);
  }
}

void change_training(const fs::path& folder, const std::string& config) {
  const RunFolder run(folder, read_file(folder / config_file));
  Json result = run.result();
  for (const char* key : {"top1", "top1_mirrored", "train_bits", "train_seconds"}) {
    result.erase(key);
  }
  run.write_result(result);
  fs::remove(run.file("checkpoints/train"));
  fs::remove(run.file("weights.pt"));
  if (run.has(log_file)) {
    run.back_to(size_of_search(read_file(run.file(log_file))));
  }
  write_file_whole(run.file(config_file), config);
}

}  // namespace autonba
