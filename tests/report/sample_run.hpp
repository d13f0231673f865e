#pragma once

#include "model/network.hpp"
#include "model/space.hpp"
#include "report/report.hpp"

namespace autonba::sample {

/// How far a made-up run has come.
struct Progress {
  int warmup = 1;
  int search = 2;
  int train = 4;
  bool derived = true;  // the search has ended: with network, accelerator and result.json
};

/// A run of the `quick` space as a search would leave it, on a made-up accelerator of two conv chunks and one
/// depthwise. Its numbers are plausible and consistent, and nobody measured them.
ReportInput run(const Progress& progress);

/// The network that the run ends with, whatever its progress: block 1 is an identity, all others compute.
Network network();

}  // namespace autonba::sample
