#pragma once

#include <string>

#include "report/map_report.hpp"

namespace autonba::sample {

/// The network of sample::network() to be mapped onto a platform with the usual small space for it.
MapTask task_on(const std::string& platform);

/// What a short annealing finds for it.
MapResult mapped(const std::string& platform);

Json data_of(const MapResult& result);

}  // namespace autonba::sample
