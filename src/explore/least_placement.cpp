#include "explore/least_placement.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace autonba {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t mode_of(std::uint32_t state, std::uint32_t input, std::uint32_t residual, std::uint32_t output) {
  return ((state & input) != 0 ? input_stored : 0) | ((state & residual) != 0 ? residual_stored : 0) |
         ((state & output) != 0 ? output_stored : 0);
}

}  // namespace

StoreUse store_use(std::size_t mode, const StoreUse& store) {
  return {.turns = store.turns,
          .word_bits = store.word_bits,
          .inputs = (mode & input_stored) != 0 ? all_maps : 0,
          .residual = (mode & residual_stored) != 0,
          .output = (mode & output_stored) != 0};
}

std::size_t mode_of(const StoreUse& use) {
  return (use.inputs != 0 ? input_stored : 0) | (use.residual ? residual_stored : 0) | (use.output ? output_stored : 0);
}

std::size_t mode_in(const LayerGroups& groups, const std::vector<char>& stored) {
  const auto bit = [&](int group, std::size_t mode) {
    return group != always_external && stored[static_cast<std::size_t>(group)] != 0 ? mode : 0;
  };
  return bit(groups.input, input_stored) | bit(groups.residual, residual_stored) | bit(groups.output, output_stored);
}

LeastPlacement::LeastPlacement(const PlacementGroups& groups) {
  constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> last(groups.count, nowhere);  // layer that reads or writes the group
  for (std::size_t layer = 0; layer < groups.layers.size(); ++layer) {
    for (const int group : groups.layers[layer].all()) {
      if (group >= 0) {
        last[static_cast<std::size_t>(group)] = layer;
      }
    }
  }
  std::vector<std::uint32_t> bits(groups.count, 0);  // 0: not let in
  std::uint32_t taken = 0;
  const auto bit_of = [&](int group) { return group < 0 ? 0 : bits[static_cast<std::size_t>(group)]; };
  for (std::size_t layer = 0; layer < groups.layers.size(); ++layer) {
    const LayerGroups& of = groups.layers[layer];
    for (const int group : of.all()) {
      if (group >= 0 && bit_of(group) == 0) {
        const std::uint32_t bit = std::uint32_t{1} << std::countr_one(taken);
        bits[static_cast<std::size_t>(group)] = bit;
        taken |= bit;
        steps_.push_back({.act = Act::let_in, .index = static_cast<std::size_t>(group), .bit = bit});
        states_ = std::max<std::size_t>(states_, std::size_t{2} * bit);
      }
    }
    steps_.push_back({.act = Act::add_layer,
                      .index = layer,
                      .input = bit_of(of.input),
                      .residual = bit_of(of.residual),
                      .output = bit_of(of.output)});
    for (const int group : of.all()) {
      if (group >= 0 && last[static_cast<std::size_t>(group)] == layer && (taken & bit_of(group)) != 0) {
        taken &= ~bit_of(group);
        steps_.push_back({.act = Act::let_go, .index = static_cast<std::size_t>(group), .bit = bit_of(group)});
      }
    }
  }
}

double LeastPlacement::find(std::span<const double> costs, std::span<const double> prices,
                            std::vector<char>* in_store) const {
  std::vector<double> least(states_, infinity);
  std::vector<std::uint8_t> stored;  // at each let_go, whether the group is better in the store, by state
  least[0] = 0;
  for (const Step& step : steps_) {
    for (std::uint32_t state = 0; state < states_; ++state) {
      const std::uint32_t with = state | step.bit;
      if (step.act == Act::add_layer) {
        least[state] += costs[step.index * modes + mode_of(state, step.input, step.residual, step.output)];
      } else if (with != state && step.act == Act::let_in) {
        least[with] = least[state] + prices[step.index];
      } else if (step.act == Act::let_go) {
        const bool is_better = with != state && least[with] < least[state];
        stored.push_back(is_better ? 1 : 0);
        if (with != state) {
          least[state] = std::min(least[state], least[with]);
          least[with] = infinity;
        }
      }
    }
  }
  if (in_store != nullptr) {
    in_store->assign(prices.size(), 0);
    std::uint32_t state = 0;
    std::size_t end = stored.size();
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      if (step->act == Act::let_go) {
        end -= states_;
        state |= stored[end + state] != 0 ? step->bit : 0;
        (*in_store)[step->index] = (state & step->bit) != 0 ? 1 : 0;
      } else if (step->act == Act::let_in) {
        state &= ~step->bit;
      }
    }
  }
  return least[0];
}

}  // namespace autonba
