#pragma once

#include <algorithm>
#include <cstdint>

#include "accel/cycle_terms.hpp"

namespace autonba {

/// What a step loads, by where it comes from: cycles with the latency of either. Of a load without the store,
/// which is of external memory alone, a `Time`.
template <typename Time>
struct LoadTimes {
  Time external{};
  Time store{};
  Time residual{};  // the part of either that waits for what is written before: residuals, with their latency
  friend bool operator==(const LoadTimes&, const LoadTimes&) = default;
};

/// What a step writes. A layer's map lies in one place, so one of the two is 0.
template <typename Time>
struct WriteTimes {
  Time external{};
  Time store{};
};

/// Cycles of a step that computes for `compute` cycles. While it does, the store of the step before and then the load
/// of the step after it go through the port; one cycle to hand over the buffers.
inline std::int64_t step_cycles(std::int64_t store_before, std::int64_t compute, std::int64_t load_after) {
  return 1 + std::max(store_before + load_after, compute);
}

/// The same, by what they are spent on.
inline CycleTerms step_cycles(const CycleTerms& store_before, std::int64_t compute, const CycleTerms& load_after) {
  CycleTerms step = store_before + load_after;
  if (total(step) <= compute) {
    step = {.compute = compute};
  }
  step.handover += 1;
  return step;
}

/// With maps in the store, whose two sides work beside the port. A residual goes where the map was that is written
/// before, and so comes last.
inline std::int64_t step_cycles(const WriteTimes<std::int64_t>& before, std::int64_t compute,
                                const LoadTimes<std::int64_t>& after) {
  const std::int64_t port = before.external + after.external;
  const std::int64_t written_then_added = before.external + before.store + after.residual;
  return 1 + std::max({compute, port, after.store, written_then_added});
}

inline CycleTerms step_cycles(const WriteTimes<CycleTerms>& before, std::int64_t compute,
                              const LoadTimes<CycleTerms>& after) {
  CycleTerms longest = {.compute = compute};
  for (const CycleTerms& other :
       {before.external + after.external, after.store, before.external + before.store + after.residual}) {
    longest = total(other) > total(longest) ? other : longest;
  }
  longest.handover += 1;
  return longest;
}

/// Cycles of a load before the first step, and of a write after the last.
template <typename Time>
Time lone_cycles(const Time& moved) {
  return moved;
}
inline std::int64_t lone_cycles(const LoadTimes<std::int64_t>& load) {
  return std::max(load.external, load.store);
}
inline CycleTerms lone_cycles(const LoadTimes<CycleTerms>& load) {
  return total(load.store) > total(load.external) ? load.store : load.external;
}
template <typename Time>
Time lone_cycles(const WriteTimes<Time>& write) {
  return write.external + write.store;
}

/// Consecutive tile steps, as far as what comes before and after them can tell: a step's time depends on the store of
/// the step before and the load of the step after it. So a sequence is known by what its outer two steps on each side
/// load, compute and store, and the time of all steps that have both neighbours within; a thousand equal tiles are as
/// quickly repeated as two. Cycles; loads and stores with the latency of the memory, 0 where nothing is loaded or
/// stored. `Time`: std::int64_t, or CycleTerms where it matters what they are spent on. `Load` and `Write`: Time, or
/// LoadTimes and WriteTimes where maps lie in the store.
template <typename Time, typename Load = Time, typename Write = Time>
struct Steps {
  std::int64_t count = 0;
  Time inner_cycles{};  // of all steps but the first and the last
  Load first_load{};
  std::int64_t first_compute = 0;
  Load second_load{};         // from two steps on
  Write before_last_store{};  // from two steps on
  std::int64_t last_compute = 0;
  Write last_store{};
};

/// First the steps of `a`, then those of `b`.
template <typename Time, typename Load, typename Write>
Steps<Time, Load, Write> append(const Steps<Time, Load, Write>& a, const Steps<Time, Load, Write>& b) {
  if (a.count == 0 || b.count == 0) {
    return a.count == 0 ? b : a;
  }
  const bool a_several = a.count > 1;
  const bool b_several = b.count > 1;
  Time inner = a.inner_cycles + b.inner_cycles;
  inner += a_several ? step_cycles(a.before_last_store, a.last_compute, b.first_load) : Time{};
  inner += b_several ? step_cycles(a.last_store, b.first_compute, b.second_load) : Time{};
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
template <typename Time, typename Load, typename Write>
Steps<Time, Load, Write> repeat(const Steps<Time, Load, Write>& a, std::int64_t times) {
  if (times <= 1 || a.count == 0) {
    return times <= 0 ? Steps<Time, Load, Write>{} : a;
  }
  Steps<Time, Load, Write> all = a;
  all.count = a.count * times;
  if (a.count == 1) {
    all.inner_cycles = (times - 2) * step_cycles(a.last_store, a.first_compute, a.first_load);
    all.second_load = a.first_load;
    all.before_last_store = a.last_store;
  } else {
    const Time seam = step_cycles(a.before_last_store, a.last_compute, a.first_load) +
                      step_cycles(a.last_store, a.first_compute, a.second_load);
    all.inner_cycles = times * a.inner_cycles + (times - 1) * seam;
  }
  return all;
}

/// From the start of the first load to the end of the last store. Requires at least one step.
template <typename Time, typename Load, typename Write>
Time total_cycles(const Steps<Time, Load, Write>& a) {
  const Time outer = a.count == 1 ? step_cycles(Write{}, a.first_compute, Load{})
                                  : step_cycles(Write{}, a.first_compute, a.second_load) +
                                        step_cycles(a.before_last_store, a.last_compute, Load{});
  return lone_cycles(a.first_load) + a.inner_cycles + outer + lone_cycles(a.last_store);
}

/// Steps 0 .. count - 1, where those from `head` to before `tail` recur with `period`. `steps(i)` is called for those
/// outside and for one period within.
template <typename StepsOf>
auto sequence(int count, int head, int tail, int period, StepsOf steps) {
  using Sequence = decltype(steps(0));
  if (count == 1) {
    return steps(0);
  }
  Sequence all;
  for (int i = 0; i < head; ++i) {
    all = append(all, steps(i));
  }
  if (head < tail) {
    period = std::min(period, tail - head);
    const int rest = (tail - head) % period;
    Sequence cycle;
    Sequence unfinished;
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
