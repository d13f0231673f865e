#pragma once

#include <string>
#include <vector>

#include "accel/design_space.hpp"
#include "accel/platform.hpp"
#include "explore/engine.hpp"

namespace autonba {

/// How long the engine `exact` took and what it proved.
struct ExactTime {
  std::string name;
  double seconds = 0;  // wall clock
  double fps = 0;
  double gap = 0;  // gap_of
};

/// The space `fpga`, up to three chunks. `everything`: all batches and kinds of multiplier, else batch 1 and two
/// multipliers to a DSP. `store`: whether maps may lie on chip.
DesignSpace space_for_speed(bool everything, bool store);

/// A random network of fbnet-cifar (22 blocks), nothing remembered.
ExactTime exact_on_cifar(const Platform& platform, const DesignSpace& space, const Budget& budget);

/// The same network with two of its blocks changed at random, again and again, each solved from the last one's
/// solution. The first of these calls, from nothing, is left out. `budget.evaluations`: of all but the first; what is
/// proven of their designs is then proven apart, to `budget.gap` or less, and not in their time.
std::vector<ExactTime> exact_again(const Platform& platform, const DesignSpace& space, const Budget& budget, int calls);

/// A network of configs/networks, nothing remembered.
ExactTime exact_on(const std::string& network, const Platform& platform, const DesignSpace& space,
                   const Budget& budget);

}  // namespace autonba
