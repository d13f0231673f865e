#pragma once

#include <limits>
#include <string>

#include "explore/engine.hpp"
#include "model/space.hpp"

namespace autonba {

/// A network of the space `quick` with the same choice in every block.
Network quick_network(const std::string& op, int bits);

/// zc706 with the space fpga-small, and a mapper for it.
struct SmallProblem {
  Network network;
  Platform platform = load_platform("zc706");
  DesignSpace space = load_design_space("fpga-small");
  Mapper mapper{platform};

  explicit SmallProblem(Network chosen) : network(std::move(chosen)) {}
  Problem problem(Objective objective = Objective::fps) const { return {network, platform, space, objective}; }
};

/// asic-28nm with the space asic, and a mapper for it.
struct AsicProblem {
  Network network;
  Platform platform = load_platform("asic-28nm");
  DesignSpace space = load_design_space("asic");
  Mapper mapper{platform};

  explicit AsicProblem(Network chosen) : network(std::move(chosen)) {}
  Problem problem(Objective objective, double most_seconds = std::numeric_limits<double>::infinity()) const {
    return {network, platform, space, objective, most_seconds};
  }
};

}  // namespace autonba
