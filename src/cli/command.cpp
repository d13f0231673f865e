#include "cli/command.hpp"

#include <fmt/format.h>

#include <iostream>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cosearch/config.hpp"

namespace autonba {

CLI::App* add_command(CLI::App& app, CommonOptions& common, const std::string& name, const std::string& description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("--threads", common.threads, "threads to use (default: all processors)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--device", common.device, "where tensors live (default: cpu)")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  command->add_flag("--json", common.json, "print the result as one JSON object on stdout");
  return command;
}

int thread_count(const CommonOptions& common) {
  return common.threads > 0 ? common.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::string device_of(const CommonOptions& common) {
  return common.device.value_or("cpu");
}

void print_result(const CommonOptions& common, const Json& document, const std::string& text) {
  std::cout << (common.json ? json_text(document, 1) + "\n" : text) << std::flush;
  if (!std::cout) {
    throw work_error("the result cannot be written to standard output");
  }
}

std::string result_text(const Json& result) {
  const auto share = [&](const char* key) { return result.value(key, 0L); };
  std::string text = fmt::format("{} on {}\n", result.value("dataset", ""), result.value("platform", ""));
  if (result.contains("top1")) {
    const auto bits = result.value("train_bits", std::int64_t{0});
    const std::string trained_at = bits == float_bits ? ", in float" : fmt::format(", {} bits in every block", bits);
    text += fmt::format("  top-1        {:.2f} % of the test images{}\n", 100 * result["top1"].get<double>(),
                        bits == 0 ? "" : trained_at);
  }
  if (result.contains("fps")) {
    const Json& target = result["target"];
    text += fmt::format("  throughput   {:.0f} images/s, {} images a batch, {} cycles a batch\n",
                        result["fps"].get<double>(), share("batch"), share("ii_cycles"));
    text += fmt::format("  latency      {:.3f} ms\n", result["latency_ms"].get<double>());
    text += fmt::format("  target       {} {:g} {}\n", target.value("metric", ""), target.value("value", 0.0),
                        target.value("unit", ""));
    text += fmt::format("  resources    {} DSP, {} BRAM18, {} LUT, {} FF\n", share("dsp"), share("bram18"),
                        share("lut"), share("ff"));
  }
  if (result.contains("search_seconds")) {
    text += fmt::format("  search       {}\n", spoken_duration(result["search_seconds"].get<double>()));
  }
  if (result.contains("train_seconds")) {
    text += fmt::format("  training     {}\n", spoken_duration(result["train_seconds"].get<double>()));
  }
  return text;
}

}  // namespace autonba
