#pragma once

#include <algorithm>
#include <cstdint>

namespace autonba {

/// Cycles of a step that computes for `compute` cycles. While it does, the store of the step before and then the load
/// of the step after it go through the port; one cycle to hand over the buffers.
inline std::int64_t step_cycles(std::int64_t store_before, std::int64_t compute, std::int64_t load_after) {
  return 1 + std::max(store_before + load_after, compute);
}

/// Consecutive tile steps, as far as what comes before and after them can tell: a step's time depends on the store of
/// the step before and the load of the step after it. So a sequence is known by what its outer two steps on each side
/// load, compute and store, and the time of all steps that have both neighbours within; a thousand equal tiles are as
/// quickly repeated as two. Cycles; loads and stores with the latency of the memory, 0 where nothing is loaded or
/// stored.
struct Steps {
  std::int64_t count = 0;
  std::int64_t inner_cycles = 0;  // of all steps but the first and the last
  std::int64_t first_load = 0;
  std::int64_t first_compute = 0;
  std::int64_t second_load = 0;        // from two steps on
  std::int64_t before_last_store = 0;  // from two steps on
  std::int64_t last_compute = 0;
  std::int64_t last_store = 0;
};

inline Steps single_step(std::int64_t load, std::int64_t compute, std::int64_t store) {
  return {1, 0, load, compute, 0, 0, compute, store};
}

/// First the steps of `a`, then those of `b`.
inline Steps append(const Steps& a, const Steps& b) {
  if (a.count == 0 || b.count == 0) {
    return a.count == 0 ? b : a;
  }
  const bool a_several = a.count > 1;
  const bool b_several = b.count > 1;
  std::int64_t inner = a.inner_cycles + b.inner_cycles;
  inner += a_several ? step_cycles(a.before_last_store, a.last_compute, b.first_load) : 0;
  inner += b_several ? step_cycles(a.last_store, b.first_compute, b.second_load) : 0;
  return {a.count + b.count,
          inner,
          a.first_load,
          a.first_compute,
          a_several ? a.second_load : b.first_load,
          b_several ? b.before_last_store : a.last_store,
          b.last_compute,
          b.last_store};
}

/// The steps of `a`, `times` times.
inline Steps repeat(const Steps& a, std::int64_t times) {
  if (times <= 1 || a.count == 0) {
    return times <= 0 ? Steps{} : a;
  }
  Steps all = a;
  all.count = a.count * times;
  if (a.count == 1) {
    all.inner_cycles = (times - 2) * step_cycles(a.last_store, a.first_compute, a.first_load);
    all.second_load = a.first_load;
    all.before_last_store = a.last_store;
  } else {
    const std::int64_t seam = step_cycles(a.before_last_store, a.last_compute, a.first_load) +
                              step_cycles(a.last_store, a.first_compute, a.second_load);
    all.inner_cycles = a.inner_cycles * times + seam * (times - 1);
  }
  return all;
}

/// From the start of the first load to the end of the last store. Requires at least one step.
inline std::int64_t total_cycles(const Steps& a) {
  const std::int64_t outer = a.count == 1 ? step_cycles(0, a.first_compute, 0)
                                          : step_cycles(0, a.first_compute, a.second_load) +
                                                step_cycles(a.before_last_store, a.last_compute, 0);
  return a.first_load + a.inner_cycles + outer + a.last_store;
}

/// Steps 0 .. count - 1, where those from `head` to before `tail` recur with `period`. `steps(i)` is called for those
/// outside and for one period within.
template <typename StepsOf>
Steps sequence(int count, int head, int tail, int period, StepsOf steps) {
  if (count == 1) {
    return steps(0);
  }
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
