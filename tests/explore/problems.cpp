#include "problems.hpp"

#include <algorithm>

namespace autonba {

Network quick_network(const std::string& op, int bits) {
  const SearchSpace space = load_space("quick");
  const auto is_op = [&](const Operator& candidate) { return name(candidate) == op; };
  const auto place = std::find_if(space.operators.begin(), space.operators.end(), is_op) - space.operators.begin();
  const auto width = std::find(space.bits.begin(), space.bits.end(), bits) - space.bits.begin();
  const BlockChoice choice{static_cast<int>(place), static_cast<int>(width)};
  return make_network(space, Architecture(space.blocks.size(), choice), 10);
}

}  // namespace autonba
