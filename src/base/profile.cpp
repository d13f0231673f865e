#include "base/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

namespace autonba {
namespace {

std::mutex mutex;  // of the two
std::vector<TimedEvent> finished;
int threads = 0;  // that have timed something

std::atomic<std::int64_t> start = 0;  // of the profile, on the steady clock
thread_local Timed* innermost = nullptr;
thread_local int own_number = -1;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int thread_number() {
  if (own_number < 0) {
    const std::lock_guard lock(mutex);
    own_number = threads++;
  }
  return own_number;
}

constexpr double giga = 1e9;

std::string rate(double amount, double seconds) {
  return amount > 0 && seconds > 0 ? fmt::format("{:.1f}", amount / giga / seconds) : "";
}

std::string row_text(const ProfileRow& row, const std::string& name, std::int64_t steps, double total) {
  const std::string of_roof = row.roof_seconds > 0 ? fmt::format("{:.0f} %", 100 * row.roof_seconds / row.seconds) : "";
  return fmt::format("  {:<44} {:>8.2f} {:>6.1f} % {:>7.1f} {:>9} {:>7} {:>9}\n", name,
                     1e3 * row.seconds / static_cast<double>(steps), 100 * row.seconds / total,
                     static_cast<double>(row.calls) / static_cast<double>(steps), rate(row.flops, row.seconds),
                     rate(row.bytes, row.seconds), of_roof);
}

bool is_alone(const ProfileRow& row, const std::vector<ProfileRow>& rows) {
  return std::count_if(rows.begin(), rows.end(), [&](const ProfileRow& other) { return other.phase == row.phase; }) ==
         1;
}

ProfileRow sum_of_phase(const std::vector<ProfileRow>& rows, const std::string& phase) {
  ProfileRow sum{.phase = phase};
  for (const ProfileRow& row : rows) {
    if (row.phase == phase) {
      sum.seconds += row.seconds;
      sum.calls += row.name == phase ? row.calls : 0;
    }
  }
  return sum;
}

}  // namespace

std::atomic<bool> Timed::recording = false;

Profile::Profile() {
  const std::lock_guard lock(mutex);
  finished.clear();
  start = now();
  Timed::recording = true;
}

Profile::~Profile() {
  Timed::recording = false;
}

std::vector<TimedEvent> Profile::events() const {
  const std::lock_guard lock(mutex);
  return finished;
}

void Timed::begin(const char* name, Work work) {
  is_recorded_ = true;
  outer_ = std::exchange(innermost, this);
  event_ = {.phase = outer_ == nullptr ? name : outer_->event_.phase,
            .name = name,
            .work = std::move(work),
            .thread = thread_number()};
  event_.begin = now();
}

void Timed::end() {
  event_.duration = now() - event_.begin;
  event_.own = event_.duration - inner_;
  event_.begin -= start;
  innermost = outer_;
  if (outer_ != nullptr) {
    outer_->inner_ += event_.duration;
  }
  const std::lock_guard lock(mutex);
  if (recording && event_.begin >= 0) {  // else it began before this profile
    finished.push_back(std::move(event_));
  }
}

double Roof::seconds(const Work& work) const {
  return std::max(work.flops / flops_per_second, work.bytes / bytes_per_second);
}

std::vector<ProfileRow> profile_rows(const std::vector<TimedEvent>& events, const Roof& roof, bool by_shape) {
  std::map<std::string, std::int64_t> begins;  // of phases
  std::map<std::array<std::string, 3>, ProfileRow> sums;
  for (const TimedEvent& event : events) {
    const auto [phase, is_new] = begins.emplace(event.phase, event.begin);
    phase->second = std::min(phase->second, event.begin);
    const std::string shape = by_shape ? event.work.shape : "";
    ProfileRow& row = sums[{event.phase, event.name, shape}];
    row.phase = event.phase;
    row.name = event.name;
    row.shape = shape;
    ++row.calls;
    row.seconds += static_cast<double>(event.own) / giga;
    row.flops += event.work.flops;
    row.bytes += event.work.bytes;
    row.roof_seconds += roof.seconds(event.work);
  }
  std::vector<ProfileRow> rows;
  for (auto& [key, row] : sums) {
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [&](const ProfileRow& a, const ProfileRow& b) {
    return std::pair(begins[a.phase], -a.seconds) < std::pair(begins[b.phase], -b.seconds);
  });
  return rows;
}

std::string profile_text(const std::vector<ProfileRow>& rows, std::int64_t steps, const Roof& roof) {
  double total = 0;
  for (const ProfileRow& row : rows) {
    total += row.seconds;
  }
  std::string text = fmt::format("  {:<44} {:>8} {:>8} {:>7} {:>9} {:>7} {:>9}\n", "", "ms", "share", "calls",
                                 "GFLOP/s", "GB/s", "of roof");
  std::string phase;
  for (const ProfileRow& row : rows) {
    if (row.phase != phase) {
      phase = row.phase;
      text += row_text(sum_of_phase(rows, phase), phase, steps, total);
    }
    if (row.name == phase && is_alone(row, rows)) {
      continue;  // the line of the phase says it all
    }
    const std::string name = row.name == phase ? "other" : row.name;
    text += row_text(row, "  " + name + (row.shape.empty() ? "" : ", " + row.shape), steps, total);
  }
  return text + fmt::format("  a step takes {:.1f} ms; the roof is {:.0f} GFLOP/s and {:.1f} GB/s\n",
                            1e3 * total / static_cast<double>(steps), roof.flops_per_second / giga,
                            roof.bytes_per_second / giga);
}

Json chrome_trace(const std::vector<TimedEvent>& events) {
  constexpr double micro = 1e3;  // nanoseconds
  Json trace = Json::array();
  for (const TimedEvent& event : events) {
    Json entry = {{"name", event.name},
                  {"cat", event.phase},
                  {"ph", "X"},
                  {"ts", static_cast<double>(event.begin) / micro},
                  {"dur", static_cast<double>(event.duration) / micro},
                  {"pid", 1},
                  {"tid", event.thread}};
    if (!event.work.shape.empty()) {
      entry["args"] = {{"shape", event.work.shape}, {"flops", event.work.flops}, {"bytes", event.work.bytes}};
    }
    trace.push_back(std::move(entry));
  }
  return {{"traceEvents", trace}, {"displayTimeUnit", "ms"}};
}

}  // namespace autonba
