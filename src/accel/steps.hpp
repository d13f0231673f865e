#pragma once

#include <algorithm>
#include <cstdint>

namespace autonba {

/// One tile step: what it loads before it computes, and stores afterwards. Cycles, latencies of the memory included; 0
/// where nothing is loaded or stored.
struct Step {
  std::int64_t load = 0;
  std::int64_t compute = 0;
  std::int64_t store = 0;
};

/// Consecutive tile steps, as far as what comes before and after them can tell: a step's time depends on the store of
/// the step before and the load of the step after it. So a sequence is known by its two outer steps on each side and
/// the time of all steps that have both neighbours within, and a thousand equal tiles are as quickly repeated as two.
struct Steps {
  std::int64_t count = 0;
  std::int64_t inner_cycles = 0;  // of all steps but the first and the last
  Step first;
  Step second;       // from two steps on
  Step before_last;  // from two steps on
  Step last;
};

/// While a step computes, the store of the one before and then the load of the one after it go through the port; one
/// cycle to hand over the buffers.
inline std::int64_t step_cycles(const Step& before, const Step& step, const Step& after) {
  return 1 + std::max(before.store + after.load, step.compute);
}

inline Steps single(const Step& step) {
  return {1, 0, step, {}, {}, step};
}

/// First the steps of `a`, then those of `b`.
inline Steps append(const Steps& a, const Steps& b) {
  if (a.count == 0 || b.count == 0) {
    return a.count == 0 ? b : a;
  }
  std::int64_t inner = a.inner_cycles + b.inner_cycles;
  if (a.count >= 2) {
    inner += step_cycles(a.before_last, a.last, b.first);
  }
  if (b.count >= 2) {
    inner += step_cycles(a.last, b.first, b.second);
  }
  return {a.count + b.count,
          inner,
          a.first,
          a.count >= 2 ? a.second : b.first,
          b.count >= 2 ? b.before_last : a.last,
          b.last};
}

/// The steps of `a`, `times` times.
inline Steps repeat(const Steps& a, std::int64_t times) {
  if (times <= 1 || a.count == 0) {
    return times <= 0 ? Steps{} : a;
  }
  if (a.count == 1) {
    return {times, (times - 2) * step_cycles(a.first, a.first, a.first), a.first, a.first, a.first, a.first};
  }
  const std::int64_t seam = step_cycles(a.before_last, a.last, a.first) + step_cycles(a.last, a.first, a.second);
  return {a.count * times, a.inner_cycles * times + seam * (times - 1), a.first, a.second, a.before_last, a.last};
}

/// From the start of the first load to the end of the last store. Requires at least one step.
inline std::int64_t total_cycles(const Steps& a) {
  const Step nothing;
  const std::int64_t outer =
      a.count == 1 ? step_cycles(nothing, a.first, nothing)
                   : step_cycles(nothing, a.first, a.second) + step_cycles(a.before_last, a.last, nothing);
  return a.first.load + a.inner_cycles + outer + a.last.store;
}

/// Steps 0 .. count - 1, where those from `head` to before `tail` recur with `period`. `steps(i)` is called for those
/// outside and for one period within.
template <typename StepsOf>
Steps sequence(int count, int head, int tail, int period, StepsOf steps) {
  Steps all;
  for (int i = 0; i < head; ++i) {
    all = append(all, steps(i));
  }
  if (head < tail) {
    period = std::min(period, tail - head);
    const int rest = (tail - head) % period;
    Steps cycle;
    Steps unfinished;
    for (int i = 0; i < period; ++i) {
      cycle = append(cycle, steps(head + i));
      if (i + 1 == rest) {
        unfinished = cycle;
      }
    }
    all = append(append(all, repeat(cycle, (tail - head) / period)), unfinished);
  }
  for (int i = tail; i < count; ++i) {
    all = append(all, steps(i));
  }
  return all;
}

}  // namespace autonba
