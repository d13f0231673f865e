// How many designs a second are evaluated from tables: bench_design_tables [SPACE] [THREADS], fpga-tables and two
// threads unless told.
#include <fmt/format.h>

#include <cstdlib>

#include "base/error.hpp"
#include "design_evaluations.hpp"

int main(int count, char** arguments) {
  try {
    const autonba::DesignSpace space = autonba::load_design_space(count > 1 ? arguments[1] : "fpga-tables");
    const int threads = count > 2 ? std::max(1, std::atoi(arguments[2])) : 2;
    const autonba::DesignRate rate =
        autonba::design_evaluations(space, autonba::load_platform("zc706-pl"), threads, 2.0);
    fmt::print(
        "design_evaluations_per_second {:.0f} ({:.1f}% feasible; {} configurations of chunks, tables of {:.0f} MB "
        "in {:.2f} s)\n",
        rate.evaluations_per_second, 100 * rate.feasible_share, rate.configurations, rate.table_mb, rate.table_seconds);
  } catch (const autonba::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const autonba::WorkError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
