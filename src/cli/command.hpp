#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace autonba {

/// Options that every command takes.
struct CommonOptions {
  int threads = 0;  // 0: all processors
  std::optional<std::string> device;
  bool json = false;
  std::string command;  // the command line, as the user typed it
};

/// Set by SIGINT and SIGTERM; long work polls it, writes a checkpoint and throws Interrupted.
extern std::atomic<bool> interrupted;

/// Adds a command with --threads, --device and --json.
CLI::App* add_command(CLI::App& app, CommonOptions& common, const std::string& name, const std::string& description);

/// The threads to use: as asked, or all processors.
int thread_count(const CommonOptions& common);

/// Where tensors live: as asked, or on the CPU.
std::string device_of(const CommonOptions& common);

/// Prints the result of a command on stdout: `document` as one JSON object with --json, else `text`.
void print_result(const CommonOptions& common, const Json& document, const std::string& text);

/// result.json as a person reads it.
std::string result_text(const Json& result);

// One file each.
void add_search(CLI::App& app, CommonOptions& common);
void add_train(CLI::App& app, CommonOptions& common);
void add_map(CLI::App& app, CommonOptions& common);
void add_predict(CLI::App& app, CommonOptions& common);
void add_report(CLI::App& app, CommonOptions& common);
void add_compare_engines(CLI::App& app, CommonOptions& common);
void add_bench(CLI::App& app, CommonOptions& common);
void add_list(CLI::App& app, CommonOptions& common);

}  // namespace autonba
