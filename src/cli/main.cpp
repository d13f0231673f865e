#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <new>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/version.hpp"

namespace autonba {

std::atomic<bool> interrupted = false;

namespace {

enum ExitCode { done = 0, work_failed = 1, input_wrong = 2, was_interrupted = 130 };

void interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);  // a second one ends the program at once
}

int complain(const char* message, ExitCode code) {
  std::fprintf(stderr, "autonba: %s\n", message);
  return code;
}

int run(int argc, char** argv) {
  CLI::App app("autonba finds a network, its bitwidths and the accelerator that runs it, in one search.", "autonba");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("autonba: {}; --help says what is allowed\n", error.what());
  });
  app.footer("Start with: autonba search configs/quick.yaml --out runs/quick");
  CommonOptions common;
  common.command = fmt::format("autonba {}", fmt::join(argv + 1, argv + argc, " "));
  for (const auto add :
       {add_search, add_train, add_predict, add_report, add_map, add_compare_engines, add_bench, add_list}) {
    add(app, common);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return input_wrong;
  }
  return done;
}

}  // namespace
}  // namespace autonba

int main(int argc, char** argv) {
  using namespace autonba;
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  try {
    return run(argc, argv);
  } catch (const InputError& error) {
    return complain(error.what(), input_wrong);
  } catch (const Interrupted& error) {
    return complain(error.what(), was_interrupted);
  } catch (const c10::Error& error) {
    return complain(error.what_without_backtrace(), work_failed);
  } catch (const std::bad_alloc&) {
    return complain("the system has not enough memory for this", work_failed);
  } catch (const std::exception& error) {
    return complain(error.what(), work_failed);
  }
}
