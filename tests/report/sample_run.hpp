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

/// A run of the `quick` space as a search would leave it. Its network, its accelerator (two conv chunks and one
/// depthwise) and their cost are those of the cost model; losses, accuracies and probabilities are made up.
ReportInput run(const Progress& progress);

/// The network that the run ends with, whatever its progress: block 1 is an identity, all others compute.
Network network();

}  // namespace autonba::sample
