#include "report/report.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/write_report.hpp"

namespace autonba {

std::filesystem::path write_report(const std::filesystem::path& run) {
  const std::filesystem::path file = run / "report.html";
  write_file_whole(file, render_report(read_run(run)));
  return file;
}

void add_report(CLI::App& app, CommonOptions& common) {
  CLI::App* command = add_command(app, common, "report", "Writes report.html of a run, finished or not.");
  auto run = std::make_shared<std::string>();
  command->add_option("run", *run, "folder of the run")->required();
  command->callback([&common, run] {
    const std::string file = write_report(*run).string();
    print_result(common, {{"report", file}}, file + "\n");
  });
}

}  // namespace autonba
