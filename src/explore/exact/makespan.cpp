#include "explore/exact/makespan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "explore/exact/constants.hpp"

namespace autonba {
namespace {

constexpr std::size_t most_machines = 8;
constexpr int price_steps = 14;
constexpr double slack = 2e-3;  // that prices leave of a bound where it is not enough

using Loads = std::array<double, most_machines>;

/// Every item where its priced time is least; the time of each machine, and Σ of the priced times.
double load_by_prices(MachineTimes times, std::size_t items, std::span<const double> prices, Loads& loads) {
  loads.fill(0);
  double priced = 0;
  for (std::size_t item = 0; item < items; ++item) {
    std::size_t best = 0;
    double least = prices[0] * times[0][item];
    for (std::size_t machine = 1; machine < times.size(); ++machine) {
      const double price = prices[machine] * times[machine][item];
      best = price < least ? machine : best;
      least = std::min(least, price);
    }
    loads[best] += times[best][item];
    priced += least;
  }
  return priced;
}

double largest(const Loads& loads, std::size_t machines) {
  return *std::max_element(loads.begin(), loads.begin() + static_cast<std::ptrdiff_t>(machines));
}

/// When a search for prices ends: the bound is `enough`; a makespan below `hopeless` is reached; or no prices give
/// `enough`, and the bound is within `slack` of the best.
struct Stop {
  double enough = infinity;
  double hopeless = 0;
  double slack = 0;

  bool at(double bound, double reached, double most) const {
    return bound >= enough || reached < hopeless || (most < enough && bound >= most * (1 - slack));
  }
};

double load_one(const double* times, std::size_t items) {
  double load = 0;
#pragma omp simd reduction(+ : load)
  for (std::size_t item = 0; item < items; ++item) {
    load += times[item];
  }
  return load;
}

/// load_by_prices for two machines, without branches.
double load_two(MachineTimes times, std::size_t items, double price, std::array<double, 2>& loads) {
  const double* a = times[0];
  const double* b = times[1];
  const double other_price = 1 - price;
  double load_a = 0;
  double load_b = 0;
#pragma omp simd reduction(+ : load_a, load_b)
  for (std::size_t item = 0; item < items; ++item) {
    const bool first = price * a[item] <= other_price * b[item];
    load_a += first ? a[item] : 0;
    load_b += first ? 0 : b[item];
  }
  loads = {load_a, load_b};
  return price * load_a + other_price * load_b;
}

/// As a function of the first machine's price μ the bound is concave, made of lines μ A + (1 − μ) B with the loads A, B
/// at each price; it rises while A > B. The lines of two prices on either side of the best one meet above the bound:
/// there the next price is tried. At first the other line is that of an end.
double bound_of_two(MachineTimes times, std::size_t items, std::span<double> prices, const Stop& stop) {
  constexpr double end = 1e-4;
  double low = end;
  double high = 1 - end;
  std::optional<std::array<double, 2>> at_low;
  std::optional<std::array<double, 2>> at_high;
  double price = std::clamp(prices[0], low, high);
  double best = -1;
  double most = infinity;  // no price gives more
  for (int step = 0; step < price_steps; ++step) {
    std::array<double, 2> loads{};
    const double bound = load_two(times, items, price, loads);
    if (bound > best) {
      best = bound;
      prices[0] = price;
      prices[1] = 1 - price;
    }
    const double reached = std::max(loads[0], loads[1]);
    most = std::min(most, reached);
    const bool rises = loads[0] > loads[1];
    (rises ? low : high) = price;
    (rises ? at_low : at_high) = loads;
    if (at_low && at_high) {
      const double rise = (*at_low)[0] - (*at_low)[1];
      const double fall = (*at_high)[1] - (*at_high)[0];
      price = rise + fall > 0 ? ((*at_high)[1] - (*at_low)[1]) / (rise + fall) : price;
      most = std::min(most, (*at_low)[1] + price * rise);
    } else {
      price = rises ? high : low;
    }
    if (stop.at(best, reached, most) || (at_low && price <= low) || (at_high && price >= high)) {
      break;
    }
  }
  return best;
}

/// Prices of machines that are slower than the others rise, by smaller and smaller steps.
double bound_of_many(MachineTimes times, std::size_t items, std::span<double> prices, const Stop& stop) {
  std::array<double, most_machines> kept{};
  const std::span tried = std::span(kept).first(prices.size());
  std::copy(prices.begin(), prices.end(), tried.begin());
  double best = -1;
  double most = infinity;
  double rate = 0.5;
  Loads loads{};
  for (int step = 0; step < 2 * price_steps; ++step, rate *= 0.85) {
    const double bound = load_by_prices(times, items, tried, loads);
    if (bound > best) {
      best = bound;
      std::copy(tried.begin(), tried.end(), prices.begin());
    }
    const double reached = largest(loads, times.size());
    most = std::min(most, reached);
    const double mean = std::accumulate(loads.begin(), loads.begin() + static_cast<std::ptrdiff_t>(times.size()), 0.0) /
                        static_cast<double>(times.size());
    if (stop.at(best, reached, most) || !(mean < infinity) || mean <= 0) {
      break;
    }
    double sum = 0;
    for (std::size_t machine = 0; machine < times.size(); ++machine) {
      tried[machine] *= std::exp(rate * std::clamp(loads[machine] / mean - 1, -2.0, 2.0));
      sum += tried[machine];
    }
    for (double& price : tried) {
      price /= sum;
    }
  }
  return best;
}

double bound_of_any(MachineTimes times, std::size_t items, std::span<double> prices, const Stop& stop) {
  switch (times.size()) {
    case 1:
      return load_one(times[0], items);
    case 2:
      return bound_of_two(times, items, prices, stop);
    default:
      return bound_of_many(times, items, prices, stop);
  }
}

/// Moves an item from the slowest machine, or exchanges two, while that makes the slowest ones faster.
bool improve(MachineTimes times, std::size_t items, Assignment& assignment, Loads& loads) {
  const auto machines = times.size();
  const auto slowest = static_cast<std::size_t>(
      std::max_element(loads.begin(), loads.begin() + static_cast<std::ptrdiff_t>(machines)) - loads.begin());
  const double limit = loads[slowest];
  for (std::size_t item = 0; item < items; ++item) {
    if (assignment.machine_of[item] != slowest) {
      continue;
    }
    for (std::size_t to = 0; to < machines; ++to) {
      if (to == slowest) {
        continue;
      }
      const double given = loads[slowest] - times[slowest][item];
      const double taken = loads[to] + times[to][item];
      if (taken < limit) {
        assignment.machine_of[item] = static_cast<std::uint8_t>(to);
        loads[slowest] = given;
        loads[to] = taken;
        return true;
      }
      for (std::size_t other = 0; other < items; ++other) {
        if (assignment.machine_of[other] == to && given + times[slowest][other] < limit &&
            taken - times[to][other] < limit) {
          std::swap(assignment.machine_of[item], assignment.machine_of[other]);
          loads[slowest] = given + times[slowest][other];
          loads[to] = taken - times[to][other];
          return true;
        }
      }
    }
  }
  return false;
}

/// Depth first over items, those first whose place matters most.
class AssignmentSearch {
 public:
  AssignmentSearch(MachineTimes times, std::size_t items, std::span<const double> prices, Assignment start,
                   std::int64_t most_nodes)
      : times_(times), prices_(prices), best_(std::move(start)), nodes_left_(most_nodes), order_(items) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::vector<double> regret(items);
    for (std::size_t item = 0; item < items; ++item) {
      regret[item] = regret_of(item);
    }
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return regret[a] > regret[b]; });
    rest_.assign(items + 1, 0);
    for (std::size_t i = items; i-- > 0;) {
      rest_[i] = rest_[i + 1] + least_priced(order_[i]);
    }
    machine_of_.assign(items, 0);
  }

  ProvenAssignment run() {
    unexplored_ = infinity;
    descend(0);
    return {best_, std::min(best_.makespan, unexplored_)};
  }

 private:
  double priced(std::size_t machine, std::size_t item) const { return prices_[machine] * times_[machine][item]; }

  double least_priced(std::size_t item) const {
    double least = infinity;
    for (std::size_t machine = 0; machine < times_.size(); ++machine) {
      least = std::min(least, priced(machine, item));
    }
    return least;
  }

  double regret_of(std::size_t item) const {
    double least = infinity;
    double second = infinity;
    for (std::size_t machine = 0; machine < times_.size(); ++machine) {
      const double price = priced(machine, item);
      second = std::min(second, std::max(price, least));
      least = std::min(least, price);
    }
    return second - least;
  }

  /// Of all assignments that go on from here.
  double bound_from(std::size_t depth) const {
    double priced_loads = rest_[depth];
    double largest = 0;
    for (std::size_t machine = 0; machine < times_.size(); ++machine) {
      priced_loads += prices_[machine] * loads_[machine];
      largest = std::max(largest, loads_[machine]);
    }
    return std::max(priced_loads, largest);
  }

  void descend(std::size_t depth) {
    const double bound = bound_from(depth);
    if (bound >= best_.makespan * (1 - 1e-12)) {
      return;
    }
    if (depth == order_.size()) {
      best_ = {*std::max_element(loads_.begin(), loads_.end()), machine_of_};
      return;
    }
    if (nodes_left_-- <= 0) {
      unexplored_ = std::min(unexplored_, bound);
      return;
    }
    const std::size_t item = order_[depth];
    std::array<std::uint8_t, most_machines> by_price{};
    std::iota(by_price.begin(), by_price.end(), std::uint8_t{0});
    std::stable_sort(by_price.begin(), by_price.begin() + static_cast<std::ptrdiff_t>(times_.size()),
                     [&](std::uint8_t a, std::uint8_t b) { return priced(a, item) < priced(b, item); });
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const std::size_t machine = by_price[i];
      const double time = times_[machine][item];
      if (time < infinity) {
        loads_[machine] += time;
        machine_of_[item] = by_price[i];
        descend(depth + 1);
        loads_[machine] -= time;
      }
    }
  }

  MachineTimes times_;
  std::span<const double> prices_;
  Assignment best_;
  std::int64_t nodes_left_ = 0;
  std::vector<std::size_t> order_;
  std::vector<double> rest_;  // by depth: Σ of the least priced times of the items that are left
  std::vector<std::uint8_t> machine_of_;
  Loads loads_{};
  double unexplored_ = infinity;  // the least bound of what the nodes did not reach
};

}  // namespace

double makespan_bound(MachineTimes times, std::size_t items, std::span<double> prices, double enough) {
  return bound_of_any(times, items, prices, {.enough = enough, .slack = enough < infinity ? slack : 0});
}

bool makespan_reaches(MachineTimes times, std::size_t items, std::span<const double> prices, double limit) {
  std::array<double, most_machines> kept{};
  std::copy(prices.begin(), prices.end(), kept.begin());
  const Stop stop{.enough = limit, .hopeless = limit, .slack = 1};
  return bound_of_any(times, items, std::span(kept).first(prices.size()), stop) >= limit;
}

Assignment assign(MachineTimes times, std::size_t items, std::span<const double> prices) {
  Assignment assignment;
  Loads loads{};
  for (std::size_t item = 0; item < items; ++item) {
    std::size_t best = 0;
    for (std::size_t machine = 1; machine < times.size(); ++machine) {
      if (prices[machine] * times[machine][item] < prices[best] * times[best][item]) {
        best = machine;
      }
    }
    assignment.machine_of.push_back(static_cast<std::uint8_t>(best));
    loads[best] += times[best][item];
  }
  for (int step = 0; step < 200 && improve(times, items, assignment, loads); ++step) {
  }
  assignment.makespan = *std::max_element(loads.begin(), loads.end());
  return assignment;
}

Assignment fastest_each(MachineTimes times, std::size_t items) {
  Assignment assignment;
  for (std::size_t item = 0; item < items; ++item) {
    const auto best = std::min_element(times.begin(), times.end(),
                                       [&](const double* a, const double* b) { return a[item] < b[item]; });
    assignment.machine_of.push_back(static_cast<std::uint8_t>(best - times.begin()));
    assignment.makespan += (*best)[item];
  }
  return assignment;
}

ProvenAssignment best_assignment(MachineTimes times, std::size_t items, std::span<const double> prices,
                                 Assignment start, std::int64_t most_nodes) {
  return AssignmentSearch(times, items, prices, std::move(start), most_nodes).run();
}

}  // namespace autonba
